//! An application and what is to be published of it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use catalyst_core::Result;
use url::Url;

use super::{Placement, Publication, Region, refused};
use crate::lua::{
    AddressSets, CheckOptions, HealthCheck, Lua, Selector, WeightedAddresses, WeightedSelector,
};
use crate::{Capabilities, DomainName, RecordData, RecordSet, RecordType, Ttl};

/// The TTL of records that fail over, and of those that do not, in seconds.
const CHECKED_TTL: u32 = 30;
const PLAIN_TTL: u32 = 300;

/// How a warm standby is woken, if the check does not say otherwise.
const WARM_FAILURES: u32 = 5;
const WARM_INTERVAL: Duration = Duration::from_secs(30);

/// The names of the families.
const FAMILIES: [(bool, &str); 2] = [(true, "IPv4"), (false, "IPv6")];

/// An application in its regions, under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    name: DomainName,
    placement: Placement,
    regions: Vec<Region>,
    check: Option<HealthCheck>,
    ttl: Option<Ttl>,
}

impl Application {
    /// The application `name`, with its regions in order of preference.
    ///
    /// It is checked at `https://<name>/healthz`, which must answer with 200, and its records have a TTL of 30 s, or of
    /// 300 s in a single region.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with code `invalid_placement`, naming the application: a number
    /// of regions that the mode does not have ([`Placement::regions`]), a region or an address twice, a family that
    /// some regions have and others do not (its clients would all go to the others).
    pub fn new(
        name: DomainName,
        placement: Placement,
        regions: impl IntoIterator<Item = Region>,
    ) -> Result<Self> {
        let regions: Vec<_> = regions.into_iter().take(placement.regions().end() + 1).collect();
        match fault(placement, &regions) {
            Some(fault) => Err(refused(fault).with_target(name.to_string())),
            None => Ok(Self { name, placement, regions, check: None, ttl: None }),
        }
    }

    /// Holds it to the `minRegions` and `maxRegions` of a blueprint.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with code `invalid_placement` for limits beyond 1 to 5, and for
    /// another number of regions.
    pub fn within(self, limits: RangeInclusive<usize>) -> Result<Self> {
        let (least, most) = (*limits.start(), *limits.end());
        if !(1..=5).contains(&least) || !(least..=5).contains(&most) {
            return Err(refused("minRegions and maxRegions are 1 to 5").with_target(self.name.to_string()));
        }
        if !limits.contains(&self.regions.len()) {
            let help = format!("{} regions, where {least} to {most} are allowed", self.regions.len());
            return Err(refused(help).with_target(self.name.to_string()));
        }
        Ok(self)
    }

    /// Checks it another way. Failures and interval of a warm standby are then those of the check.
    #[must_use]
    pub fn health_check(self, check: HealthCheck) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Checks it at another path of its own name.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with code `invalid_placement` for a path that does not begin with
    /// a slash, and as [`HealthCheck::url`].
    pub fn health_path(self, path: &str) -> Result<Self> {
        let check = HealthCheck::url(self.url(path)?, self.default_options()?)?;
        Ok(self.health_check(check))
    }

    /// The TTL of its records. Clients keep a failed address that long.
    #[must_use]
    pub fn ttl(self, ttl: Ttl) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Its name.
    pub fn name(&self) -> &DomainName {
        &self.name
    }

    /// Its mode.
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// Its regions, in order of preference.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The record sets: A and AAAA of a single region; otherwise one LUA set, with a record for each family.
    ///
    /// # Errors
    /// As [`HealthCheck::url`] if the name cannot be checked, as a wildcard cannot: give it a
    /// [`health_check`](Self::health_check). As [`Lua::failover`] for what cannot be built.
    pub fn record_sets(&self) -> Result<Vec<RecordSet>> {
        let ttl = self.record_ttl()?;
        if !self.placement.is_checked() {
            let families = FAMILIES.map(|(v4, _)| self.addresses(v4).map(plain).collect::<Vec<_>>());
            let sets = families.into_iter().filter(|records| !records.is_empty());
            return sets.map(|records| RecordSet::new(self.name.clone(), ttl, records)).collect();
        }
        let records = self.lua()?.iter().map(Lua::data).collect::<Result<Vec<_>>>()?;
        Ok(vec![RecordSet::new(self.name.clone(), ttl, records)?])
    }

    /// The health-checked records, one for each family; none for a single region.
    ///
    /// # Errors
    /// As [`record_sets`](Self::record_sets).
    pub fn lua(&self) -> Result<Vec<Lua>> {
        if !self.placement.is_checked() {
            return Ok(Vec::new());
        }
        let check = self.check()?;
        let present = FAMILIES.into_iter().filter(|(v4, _)| self.addresses(*v4).next().is_some());
        present.map(|(v4, _)| self.lua_of(&check, v4)).collect()
    }

    /// The record sets with what the server makes of them: warnings, and how long a failover takes.
    ///
    /// # Errors
    /// As [`record_sets`](Self::record_sets) and [`Lua::check`].
    pub fn publication(&self, capabilities: &Capabilities) -> Result<Publication> {
        let mut warnings = Vec::new();
        let lua = self.lua()?;
        for record in &lua {
            for warning in record.check(capabilities, &self.name)? {
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        let options = lua.first().and_then(Lua::check_options);
        let ttl = self.record_ttl()?;
        let failover =
            options.map(|options| super::FailoverEstimate::new(options.effective(capabilities), ttl));
        Ok(Publication {
            placement: self.placement,
            regions: self.regions.iter().map(|region| region.name().to_owned()).collect(),
            record_sets: self.record_sets()?,
            failover,
            warnings,
        })
    }

    /// The types of address that it answers with, to ask for after a write ([`prime`](crate::lua::prime)).
    pub fn answers(&self) -> Vec<RecordType> {
        let kind = |v4| if v4 { RecordType::A } else { RecordType::Aaaa };
        let present = FAMILIES.into_iter().filter(|(v4, _)| self.addresses(*v4).next().is_some());
        present.map(|(v4, _)| kind(v4)).collect()
    }

    fn lua_of(&self, check: &HealthCheck, v4: bool) -> Result<Lua> {
        let check = check.clone();
        let by_region = || AddressSets::by_priority(self.regions.iter().map(|region| region.of_family(v4)));
        match self.placement {
            Placement::ActiveActiveNearest => {
                let one = AddressSets::one(self.addresses(v4))?;
                let nearest = Selector::PickClosest;
                Lua::if_up(check, one).selector(nearest).backup_selector(nearest).build()
            }
            Placement::ActiveHotStandby | Placement::ActivePassiveWarm => {
                Lua::failover(check, by_region()?, Selector::All)
            }
            Placement::WeightedCanary => Lua::weighted(check, self.weights(v4)?, WeightedSelector::Hashed),
            Placement::SingleRegion | Placement::ActiveActive => {
                let one = AddressSets::one(self.addresses(v4))?;
                Lua::if_up(check, one).selector(Selector::All).backup_selector(Selector::All).build()
            }
        }
    }

    /// The weight of a region is shared by its addresses: each weighs as much as makes the shares of regions with a
    /// different number of addresses come out right.
    fn weights(&self, v4: bool) -> Result<WeightedAddresses> {
        let counts = self.regions.iter().map(|region| region.of_family(v4).count());
        let common = counts.clone().fold(1, least_common_multiple);
        let weights = self.regions.iter().zip(counts).flat_map(|(region, count)| {
            let each = u32::try_from(common / count.max(1)).unwrap_or(1).saturating_mul(region.share());
            region.of_family(v4).map(move |address| (each, address))
        });
        let weights: Vec<_> = weights.collect();
        // At most 1,000 × 60 each, where PowerDNS takes any but we do not: the smallest numbers with the same shares.
        let common = weights.iter().map(|(weight, _)| *weight).fold(0, greatest_common_divisor).max(1);
        let highest = weights.iter().map(|(weight, _)| weight / common).max().unwrap_or(1);
        let scale = highest.div_ceil(10_000).max(1);
        WeightedAddresses::new(
            weights.into_iter().map(|(weight, address)| ((weight / common / scale).max(1), address)),
        )
    }

    fn addresses(&self, v4: bool) -> impl Iterator<Item = IpAddr> + '_ {
        self.regions.iter().flat_map(move |region| region.of_family(v4))
    }

    fn check(&self) -> Result<HealthCheck> {
        match &self.check {
            Some(check) => Ok(check.clone()),
            None => HealthCheck::url(self.url("/healthz")?, self.default_options()?),
        }
    }

    fn default_options(&self) -> Result<CheckOptions> {
        match self.placement {
            Placement::ActivePassiveWarm => {
                CheckOptions::new().minimum_failures(WARM_FAILURES)?.interval(WARM_INTERVAL)
            }
            _ => Ok(CheckOptions::new()),
        }
    }

    fn url(&self, path: &str) -> Result<Url> {
        let no_url = |help: &str| refused(help).with_target(self.name.to_string());
        if self.name.is_wildcard() || self.name.is_root() {
            return Err(no_url(
                "a wildcard is no host that can be checked: give it a health check of a host",
            ));
        }
        if !path.starts_with('/') {
            return Err(no_url("the path of a health check begins with a slash"));
        }
        format!("https://{}{path}", self.name.without_dot())
            .parse()
            .map_err(|_invalid| no_url("this name is no host of a URL: give it a health check"))
    }

    fn record_ttl(&self) -> Result<Ttl> {
        let seconds = if self.placement.is_checked() { CHECKED_TTL } else { PLAIN_TTL };
        self.ttl.map_or_else(|| Ttl::from_secs(seconds), Ok)
    }
}

fn plain(address: IpAddr) -> RecordData {
    match address {
        IpAddr::V4(address) => RecordData::A(address),
        IpAddr::V6(address) => RecordData::Aaaa(address),
    }
}

fn fault(placement: Placement, regions: &[Region]) -> Option<String> {
    let allowed = placement.regions();
    if !allowed.contains(&regions.len()) {
        let (least, most) = allowed.into_inner();
        let how_many =
            if least == most { format!("{least} region") } else { format!("{least} to {most} regions") };
        return Some(format!("{placement} takes {how_many}"));
    }
    let names: BTreeSet<_> = regions.iter().map(Region::name).collect();
    if names.len() < regions.len() {
        return Some("a region stands there twice".to_owned());
    }
    let all: Vec<_> = regions.iter().flat_map(Region::addresses).collect();
    if all.iter().collect::<BTreeSet<_>>().len() < all.len() {
        return Some("an address stands there twice".to_owned());
    }
    FAMILIES.into_iter().find_map(|(v4, family)| {
        let without = regions.iter().find(|region| region.of_family(v4).next().is_none())?;
        let with = regions.iter().find(|region| region.of_family(v4).next().is_some())?;
        let (with, without) = (with.name(), without.name());
        Some(format!(
            "{with} has {family} and {without} has none: its clients of {family} would all go elsewhere"
        ))
    })
}

fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

fn least_common_multiple(one: usize, other: usize) -> usize {
    let (mut a, mut b) = (one, other.max(1));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    one / a * other.max(1)
}
