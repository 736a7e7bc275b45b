//! Where the record of a challenge belongs.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};

use crate::query::Authorities;
use crate::{DnsZones, DomainName, RecordData, RecordKey, RecordSet, RecordType, Text, ZoneName};

/// What errors say was being done.
pub(super) const OPERATION: &str = "solve a DNS-01 challenge";
/// The most CNAMEs that are followed, as resolvers do.
const MAX_HOPS: usize = 8;

/// A challenge and its place: what [`clean_up`](super::Dns01Solver::clean_up) takes out again.
///
/// Nothing happens when it is dropped. After a crash, [`locate`](super::Dns01Solver::locate) finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the record stays until it is cleaned up"]
pub struct Challenge {
    /// The domain that is proved, without `*.`.
    pub domain: DomainName,
    /// The zone in which the record stands.
    pub zone: ZoneName,
    /// The owner of the record: `_acme-challenge` below the domain, or where a CNAME there points.
    pub name: DomainName,
    /// The text of the record.
    pub value: Text,
}

impl Challenge {
    pub(super) fn key(&self) -> RecordKey {
        RecordKey { name: self.name.clone(), kind: RecordType::Txt }
    }

    pub(super) fn record(&self) -> RecordData {
        RecordData::Txt(self.value.clone())
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.name, self.zone)
    }
}

/// The domain of an identifier, whose wildcard is proved at the same name (RFC 8555 section 8.4).
pub(super) fn domain(identifier: &str) -> Result<DomainName> {
    let name: DomainName = identifier.parse()?;
    let parent = name.parent().filter(|_| name.is_wildcard());
    Ok(parent.unwrap_or(name))
}

/// The digest of a key authorization, in the form that the record has: 43 characters of base64url.
pub(super) fn digest(value: &str) -> Result<Text> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if value.len() != 43 || !value.bytes().all(fits) {
        return Err(Error::new(ErrorKind::InvalidRequest, OPERATION)
            .with_code("invalid_challenge")
            .with_help(
                "the value is the SHA-256 digest of the key authorization: 43 characters of base64url",
            ));
    }
    Text::new(value)
}

/// Finds the owner and the zone of a challenge.
pub(super) struct Finder<'a> {
    pub(super) zones: &'a dyn DnsZones,
    pub(super) authorities: &'a Authorities,
    /// Zones that the caller gave; all that the server has if none.
    pub(super) only: &'a [ZoneName],
}

impl Finder<'_> {
    /// The zone and the name at the end of all CNAMEs from `start`.
    pub(super) async fn find(&self, start: DomainName) -> Result<(ZoneName, DomainName)> {
        let mut name = start.clone();
        for _ in 0..=MAX_HOPS {
            name = match self.zone_of(&name).await? {
                Some((zone, sets)) => match cname(&sets) {
                    Some(target) => target,
                    None => return Ok((zone, name)),
                },
                None => match self.authorities.canonical(&name).await? {
                    target if target == name => {
                        let help = "none of our zones has this name, and no CNAME leads from it into one";
                        return Err(refused(&name, "zone_not_served", help));
                    }
                    target => target,
                },
            };
        }
        Err(refused(&start, "cname_loop", "more than eight CNAMEs lead from one to the next"))
    }

    /// The zone that answers for `name`, and what is there at it: the longest that we serve, if nothing in it is
    /// delegated elsewhere.
    async fn zone_of(&self, name: &DomainName) -> Result<Option<(ZoneName, Vec<RecordSet>)>> {
        let mut between = Vec::new();
        let mut at = Some(name.clone());
        while let Some(here) = at {
            at = here.parent();
            if let Ok(zone) = ZoneName::try_from(here.clone())
                && let Some(sets) = self.sets_at(&zone, name).await?
            {
                self.refuse_delegation(&zone, &between, &sets).await?;
                return Ok(Some((zone, sets)));
            }
            between.push(here);
        }
        Ok(None)
    }

    /// All sets at `name` in `zone`; `None` if that is no zone of ours. One small read answers both.
    async fn sets_at(&self, zone: &ZoneName, name: &DomainName) -> Result<Option<Vec<RecordSet>>> {
        if !self.only.is_empty() && !self.only.contains(zone) {
            return Ok(None);
        }
        match self.zones.find(zone, name, None).await {
            Ok(sets) => Ok(Some(sets)),
            Err(error) if error.kind() == ErrorKind::NotFound && self.only.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What stands below NS records that are not the zone's own is answered by somebody else. The first of the names is
    /// the one that `sets` are at.
    async fn refuse_delegation(
        &self,
        zone: &ZoneName,
        between: &[DomainName],
        sets: &[RecordSet],
    ) -> Result<()> {
        for (index, name) in between.iter().enumerate() {
            let delegated = if index == 0 {
                sets.iter().any(|set| set.kind() == RecordType::Ns)
            } else {
                !self.zones.find(zone, name, Some(RecordType::Ns)).await?.is_empty()
            };
            if delegated {
                let help = format!("{name} is delegated to servers that are not ours; solve it there");
                return Err(refused(name, "delegated_away", help));
            }
        }
        Ok(())
    }
}

fn cname(sets: &[RecordSet]) -> Option<DomainName> {
    sets.iter().flat_map(RecordSet::records).find_map(|record| match record {
        RecordData::Cname(target) => Some(target.clone()),
        _ => None,
    })
}

fn refused(name: &DomainName, code: &'static str, help: impl Into<String>) -> Error {
    Error::new(ErrorKind::NotFound, OPERATION).with_code(code).with_target(name.as_str()).with_help(help)
}
