//! What an owner wants to be in its zones.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

use super::conflict;
use super::mark::Mark;
use super::{MarkFormat, Owner, Resource};
use crate::{DomainName, RecordSet, RecordType, ZoneName};

/// All record sets that an owner wants, in one zone or several. What it has in these zones and does not want any more
/// is removed; a zone that is not named is not looked at.
///
/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desired {
    zones: Arc<[Arc<DesiredZone>]>,
}

/// What an owner wants in one zone, checked and in order.
#[derive(Debug)]
pub struct DesiredZone {
    zone: ZoneName,
    owner: Owner,
    /// If set, only what its mark says is this resource's is the owner's.
    only: Option<Resource>,
    format: Arc<MarkFormat>,
    wants: Vec<Want>,
}

/// A record set that is wanted.
#[derive(Debug)]
pub(super) struct Want {
    pub(super) set: RecordSet,
    pub(super) resource: Option<Resource>,
}

/// Gathers record sets.
#[derive(Debug)]
#[must_use]
pub struct DesiredBuilder {
    owner: Owner,
    format: MarkFormat,
    allow_empty: bool,
    only: Option<Resource>,
    zones: BTreeMap<ZoneName, Vec<Want>>,
}

impl Desired {
    /// What `owner` wants.
    pub fn builder(owner: Owner) -> DesiredBuilder {
        let (format, zones) = (MarkFormat::default(), BTreeMap::new());
        DesiredBuilder { owner, format, allow_empty: false, only: None, zones }
    }

    /// The zones, in the order of their names.
    pub fn zones(&self) -> &[Arc<DesiredZone>] {
        &self.zones
    }
}

impl DesiredZone {
    /// The zone.
    pub fn name(&self) -> &ZoneName {
        &self.zone
    }

    /// Whose sets these are.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The sets, in canonical order.
    pub fn sets(&self) -> impl ExactSizeIterator<Item = &RecordSet> {
        self.wants.iter().map(|want| &want.set)
    }

    pub(super) fn wants(&self) -> &[Want] {
        &self.wants
    }

    /// Whether a set of this name and type is wanted.
    pub(super) fn wants_set(&self, set: &RecordSet) -> bool {
        self.wants.binary_search_by(|want| conflict::order(&want.set, set)).is_ok()
    }

    /// Whether a mark proves that its set is the owner's, and this desired state's to change.
    pub(super) fn claims(&self, mark: Mark<'_>) -> bool {
        match &self.only {
            Some(resource) => mark.says(&self.owner, Some(resource)),
            None => mark.is_of(&self.owner),
        }
    }

    pub(super) fn format(&self) -> &MarkFormat {
        &self.format
    }

    /// The name of the mark of a wanted set.
    pub(super) fn mark_name(&self, set: &RecordSet) -> Result<DomainName> {
        let mut name = String::new();
        let unlike_others = self.format.write_name(&self.zone, set.name(), set.kind(), &mut name);
        match DomainName::from_server(&name) {
            Ok(name) if unlike_others => Ok(name),
            Ok(_) => Err(refused(set, "unmarkable_name", "the name stands for something else in marks")),
            Err(_too_long) => Err(refused(
                set,
                "unmarkable_name",
                "there is no room for the name of its mark (63 and 255 octets)",
            )),
        }
    }

    fn check(&self) -> Result<()> {
        self.wants.iter().try_for_each(|want| self.check_name(&want.set))?;
        let sets = |from: usize| self.wants[from..].iter().map(|want| &want.set);
        for (index, set) in sets(0).enumerate() {
            for other in sets(index + 1).take_while(|other| other.name() == set.name()) {
                check_pair(set, other)?;
            }
        }
        Ok(())
    }

    fn check_name(&self, set: &RecordSet) -> Result<()> {
        if !self.zone.contains(set.name()) {
            let help = format!("the name does not lie in the zone {}", self.zone);
            return Err(refused(set, "outside_zone", &help));
        }
        if set.kind() == RecordType::Soa && set.name() != self.zone.apex() {
            return Err(refused(set, "not_at_apex", "a SOA stands at the apex of its zone"));
        }
        if self.format.reserves(set.name()) {
            return Err(refused(set, "reserved_name", "the name is kept for marks of ownership"));
        }
        self.mark_name(set).map(drop)
    }
}

fn check_pair(one: &RecordSet, other: &RecordSet) -> Result<()> {
    if one.kind() == other.kind() {
        return Err(refused(
            one,
            "duplicate_set",
            "two sets of one name and type; put their records into one",
        ));
    }
    match conflict::between(one, other) {
        None => Ok(()),
        Some(conflict) => {
            let help = format!("{} beside {}: {}", one.kind(), other.kind(), conflict.reason());
            Err(refused(one, conflict.code().as_str(), &help))
        }
    }
}

impl DesiredBuilder {
    /// One more set in `zone`.
    pub fn set(self, zone: &ZoneName, set: RecordSet) -> Self {
        self.push(zone, set, None)
    }

    /// One more set, with what asks for it.
    pub fn set_for(self, zone: &ZoneName, set: RecordSet, resource: Resource) -> Self {
        self.push(zone, set, Some(resource))
    }

    /// Several sets.
    pub fn sets(self, zone: &ZoneName, sets: impl IntoIterator<Item = RecordSet>) -> Self {
        sets.into_iter().fold(self, |builder, set| builder.set(zone, set))
    }

    /// A zone in which nothing may be wanted any more; also needs [`allow_empty`](Self::allow_empty).
    pub fn zone(mut self, zone: &ZoneName) -> Self {
        self.zones.entry(zone.clone()).or_default();
        self
    }

    /// Nothing may be wanted in a zone: all that the owner has there goes. Without this it is an error, for an empty
    /// list is more often a failure of whoever made it.
    pub fn allow_empty(self) -> Self {
        Self { allow_empty: true, ..self }
    }

    /// All that `resource` wants, and nothing of anybody else: sets without a resource of their own become its, and
    /// what the owner has for other resources is left alone, as if it were another owner's. So one application can be
    /// published without knowing the others.
    pub fn only(self, resource: Resource) -> Self {
        Self { only: Some(resource), ..self }
    }

    /// Where the marks of ownership stand.
    pub fn marks(self, format: MarkFormat) -> Self {
        Self { format, ..self }
    }

    fn push(mut self, zone: &ZoneName, set: RecordSet, resource: Option<Resource>) -> Self {
        let want = Want { set, resource };
        match self.zones.get_mut(zone) {
            Some(wants) => wants.push(want),
            None => drop(self.zones.insert(zone.clone(), vec![want])),
        }
        self
    }

    /// The desired state, checked.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`], naming the set, with code
    /// - `outside_zone`: its name lies elsewhere,
    /// - `duplicate_set`: its name and type stand there twice,
    /// - `cname_conflict`: a CNAME beside anything else,
    /// - `type_conflict`: two sets that answer for one type, such as LUA (of type A) beside A,
    /// - `not_at_apex`, `reserved_name`, `unmarkable_name`: nothing of the kind can stand at that name,
    /// - `empty_desired`: a zone, or everything, is empty.
    pub fn build(self) -> Result<Desired> {
        let empty = |target: &str| {
            Error::new(ErrorKind::InvalidRequest, "read the desired state")
                .with_code("empty_desired")
                .with_target(target)
                .with_help("nothing is wanted, which would remove all that the owner has; allow it by name")
        };
        if self.zones.is_empty() && !self.allow_empty {
            return Err(empty("no zone"));
        }
        let format = Arc::new(self.format);
        let mut zones = Vec::with_capacity(self.zones.len());
        for (zone, mut wants) in self.zones {
            if wants.is_empty() && !self.allow_empty {
                return Err(empty(zone.as_str()));
            }
            wants.sort_by(|one, other| conflict::order(&one.set, &other.set));
            for want in &mut wants {
                want.resource = want.resource.take().or_else(|| self.only.clone());
            }
            let (owner, format) = (self.owner.clone(), Arc::clone(&format));
            let zone = DesiredZone { zone, owner, only: self.only.clone(), format, wants };
            zone.check()?;
            zones.push(Arc::new(zone));
        }
        Ok(Desired { zones: zones.into() })
    }
}

fn refused(set: &RecordSet, code: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, "read the desired state")
        .with_code(code)
        .with_target(set.key().to_string())
        .with_help(help)
}
