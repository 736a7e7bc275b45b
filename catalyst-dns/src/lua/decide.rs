//! What a server answers, given what it knows. For tests, fakes, and whoever wants to know beforehand.

use std::net::IpAddr;

use url::Url;

use super::rule::{Checked, IfUp, Rule};
use super::{AddressSets, HealthCheck, Lua, Probe, Selector, WeightedSelector};
use crate::Version;

/// What is checked for an address of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target<'a> {
    /// A GET of the URL, sent to the address.
    UrlAt(IpAddr, &'a Url),
    /// A connection to the port of the address.
    PortAt(IpAddr, u16),
    /// A GET of the URL, wherever it leads, which tells about the address.
    UrlFor(IpAddr, &'a Url),
}

impl Target<'_> {
    /// The address that would be answered.
    pub fn address(&self) -> IpAddr {
        match *self {
            Self::UrlAt(address, _) | Self::PortAt(address, _) | Self::UrlFor(address, _) => address,
        }
    }
}

/// What a server knows of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// No check has ended yet.
    Unknown,
    /// Too many checks have failed.
    Down,
    /// It is up.
    Up,
    /// It is up, and the body of the answer is this weight.
    Weighs(u32),
}

impl Health {
    fn weight(self) -> Option<u32> {
        match self {
            Self::Unknown | Self::Down => None,
            Self::Up => Some(1),
            Self::Weighs(weight) => Some(weight.max(1)),
        }
    }
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// The addresses among which is selected, with their weights; all weigh 1 if the record has no weights.
    pub candidates: Vec<(IpAddr, u32)>,
    /// How: all of them, none, or one.
    pub selector: Selector,
    /// Whether the candidates were found up, rather than being the last resort.
    pub known_up: bool,
}

impl Lua {
    /// What a server of `version` answers when it knows this of the targets; `None` is SERVFAIL.
    pub fn decide(&self, version: Version, mut health: impl FnMut(Target<'_>) -> Health) -> Option<Decision> {
        let incomplete = version >= Version(5, 0, 0)
            && self.check_options().is_some_and(|options| options.fail_on_incomplete);
        match &self.0 {
            Rule::IfUp(rule) => if_up(rule, version, incomplete, &mut health),
            Rule::Failover { check, sets, selector } => {
                // Every set is asked for, and each question may fail.
                let up = found(same(check, sets).concat(), incomplete, &mut health)?;
                let is_up = |address: &IpAddr| up.contains(address);
                let first_up = sets.sets().iter().find(|set| set.iter().any(is_up));
                let candidates: Vec<_> = match first_up {
                    Some(set) => set.iter().copied().filter(is_up).collect(),
                    None => sets.sets().first()?.clone(),
                };
                Some(decision(candidates, *selector, first_up.is_some()))
            }
            Rule::Weighted { check, weights, selector } => {
                let targets = weights.weights().iter().map(|(_, address)| target(check, *address));
                let up = found(targets.collect(), incomplete, &mut health)?;
                let all = weights.weights().iter().map(|(weight, address)| (*address, *weight));
                let left: Vec<_> = all.clone().filter(|(address, _)| up.contains(address)).collect();
                let known_up = !left.is_empty();
                let candidates = if known_up { left } else { all.collect() };
                Some(Decision { candidates, selector: one(*selector), known_up })
            }
            Rule::Pick { selector, addresses } => {
                Some(decision(addresses.addresses().collect(), *selector, false))
            }
            Rule::PickWeighted { selector, weights } => {
                let candidates =
                    weights.weights().iter().map(|(weight, address)| (*address, *weight)).collect();
                Some(Decision { candidates, selector: one(*selector), known_up: false })
            }
            Rule::PickSelfWeighted { check, addresses } => {
                let weighed = |address| Some((address, health(target(check, address)).weight()?));
                let candidates: Vec<_> = addresses.addresses().filter_map(weighed).collect();
                // The sum of the weights is zero, which PowerDNS takes for an error.
                let known_up = !candidates.is_empty();
                known_up.then_some(Decision { candidates, selector: Selector::Hashed, known_up })
            }
        }
    }

    /// Everything that is checked for this record.
    pub fn targets(&self) -> Vec<Target<'_>> {
        match &self.0 {
            Rule::IfUp(IfUp { checked, .. }) => checked.sets().concat(),
            Rule::Failover { check, sets, .. } => same(check, sets).concat(),
            Rule::Weighted { check, weights, .. } => {
                weights.weights().iter().map(|(_, address)| target(check, *address)).collect()
            }
            Rule::PickSelfWeighted { check, addresses } => same(check, addresses).concat(),
            Rule::Pick { .. } | Rule::PickWeighted { .. } => Vec::new(),
        }
    }
}

impl Checked {
    fn sets(&self) -> Vec<Vec<Target<'_>>> {
        match self {
            Self::Same(check, addresses) => same(check, addresses),
            Self::Each(urls, _) => {
                let targets =
                    |set| <[_]>::iter(set).map(|(address, url)| Target::UrlFor(*address, url)).collect();
                urls.sets().iter().map(|set| targets(set)).collect()
            }
        }
    }
}

fn if_up(
    rule: &IfUp,
    version: Version,
    incomplete: bool,
    health: &mut impl FnMut(Target<'_>) -> Health,
) -> Option<Decision> {
    let sets = rule.checked.sets();
    let mut all_unknown = true;
    for set in &sets {
        let mut up = Vec::new();
        for target in set {
            let state = health(*target);
            all_unknown &= state == Health::Unknown;
            up.extend(state.weight().map(|_| target.address()));
        }
        if !up.is_empty() {
            return Some(decision(up, rule.selector, true));
        }
    }
    if incomplete && all_unknown {
        return None;
    }
    let first_only = version >= Version(5, 1, 0);
    let last_resort = if first_only { &sets[..sets.len().min(1)] } else { &sets[..] };
    let candidates = last_resort.iter().flatten().map(Target::address).collect();
    let backup = match rule.backup {
        Selector::Empty if !first_only => Selector::Random,
        backup => backup,
    };
    Some(decision(candidates, backup, false))
}

/// The addresses that are up; `None` if one is not known yet and that is a failure.
fn found(
    targets: Vec<Target<'_>>,
    incomplete: bool,
    health: &mut impl FnMut(Target<'_>) -> Health,
) -> Option<Vec<IpAddr>> {
    let mut up = Vec::new();
    for target in targets {
        match health(target) {
            Health::Unknown if incomplete => return None,
            state => up.extend(state.weight().map(|_| target.address())),
        }
    }
    Some(up)
}

fn same<'a>(check: &'a HealthCheck, addresses: &AddressSets) -> Vec<Vec<Target<'a>>> {
    let targets = |set: &Vec<IpAddr>| set.iter().map(|address| target(check, *address)).collect();
    addresses.sets().iter().map(targets).collect()
}

fn target(check: &HealthCheck, address: IpAddr) -> Target<'_> {
    match check.probe() {
        Probe::Url(url) => Target::UrlAt(address, url),
        Probe::Port(port) => Target::PortAt(address, *port),
    }
}

fn one(selector: WeightedSelector) -> Selector {
    match selector {
        WeightedSelector::Hashed => Selector::Hashed,
        WeightedSelector::Random => Selector::Random,
    }
}

fn decision(candidates: Vec<IpAddr>, selector: Selector, known_up: bool) -> Decision {
    Decision { candidates: candidates.into_iter().map(|address| (address, 1)).collect(), selector, known_up }
}
