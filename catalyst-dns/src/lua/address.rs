//! The addresses that a LUA record answers with, all of one family.

use std::collections::BTreeSet;
use std::net::IpAddr;

use catalyst_core::Result;
use url::Url;

use super::check::checked_url;
use super::refused;
use super::value::{Key, Value};
use crate::RecordType;

/// The most addresses of one record.
pub(super) const MAX_ADDRESSES: usize = 64;

/// Addresses of one family in sets, the preferred set first; each address stands there once.
///
/// ```
/// use catalyst_dns::RecordType;
/// use catalyst_dns::lua::AddressSets;
///
/// let sets = AddressSets::by_priority([["192.0.2.1".parse()?], ["198.51.100.1".parse()?]])?;
/// assert_eq!(sets.kind(), RecordType::A);
/// assert!(AddressSets::one(["192.0.2.1".parse()?, "2001:db8::1".parse()?]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressSets {
    kind: RecordType,
    sets: Vec<Vec<IpAddr>>,
}

impl AddressSets {
    /// One set, none of it preferred.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `invalid_lua`: no address, over 64 of
    /// them, the same one twice, two families, an address that no host has.
    pub fn one(addresses: impl IntoIterator<Item = IpAddr>) -> Result<Self> {
        Self::by_priority([addresses])
    }

    /// Sets in order of preference: the first one with an address that is up answers.
    ///
    /// # Errors
    /// As [`one`](Self::one), and for an empty set.
    pub fn by_priority<Set>(sets: impl IntoIterator<Item = Set>) -> Result<Self>
    where
        Set: IntoIterator<Item = IpAddr>,
    {
        // One more than may be there, so that too many are seen and endless iterators end.
        let sets: Vec<Vec<IpAddr>> = (sets.into_iter().take(MAX_ADDRESSES + 1))
            .map(|set| set.into_iter().take(MAX_ADDRESSES + 1).collect())
            .collect();
        if sets.iter().any(Vec::is_empty) {
            return Err(refused("a set has at least one address; leave an empty one out"));
        }
        Ok(Self { kind: family(sets.iter().flatten())?, sets })
    }

    /// The type of the answer: A or AAAA.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// The sets, the preferred one first.
    pub fn sets(&self) -> &[Vec<IpAddr>] {
        &self.sets
    }

    /// All addresses.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.sets.iter().flatten().copied()
    }

    /// As the functions want it: one set flat, more of them nested.
    pub(super) fn to_value(&self) -> Value {
        match self.sets.as_slice() {
            [one] => list(one),
            _ => self.to_nested(),
        }
    }

    pub(super) fn to_nested(&self) -> Value {
        Value::List(self.sets.iter().map(|set| list(set)).collect())
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        match value.list()? {
            flat @ [Value::Text(_), ..] => Self::one(addresses(flat)?).ok(),
            nested => {
                let sets = nested.iter().map(|set| addresses(set.list()?)).collect::<Option<Vec<_>>>()?;
                Self::by_priority(sets).ok()
            }
        }
    }
}

/// Addresses of one family with their weights.
///
/// ```
/// use catalyst_dns::lua::WeightedAddresses;
///
/// let canary = WeightedAddresses::new([(90, "192.0.2.1".parse()?), (10, "198.51.100.1".parse()?)])?;
/// assert_eq!(canary.total(), 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WeightedAddresses {
    kind: RecordType,
    weights: Vec<(u32, IpAddr)>,
}

impl WeightedAddresses {
    /// These addresses; each is picked as often as its weight says, of the weights of all.
    ///
    /// # Errors
    /// As [`AddressSets::one`], and for a weight that is 0 or above 10,000.
    pub fn new(weights: impl IntoIterator<Item = (u32, IpAddr)>) -> Result<Self> {
        let weights: Vec<_> = weights.into_iter().take(MAX_ADDRESSES + 1).collect();
        if weights.iter().any(|(weight, _)| !(1..=10_000).contains(weight)) {
            return Err(refused("a weight is 1 to 10,000; leave an address without weight out"));
        }
        Ok(Self { kind: family(weights.iter().map(|(_, address)| address))?, weights })
    }

    /// The type of the answer: A or AAAA.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// The weights and addresses.
    pub fn weights(&self) -> &[(u32, IpAddr)] {
        &self.weights
    }

    /// The sum of the weights.
    pub fn total(&self) -> u32 {
        self.weights.iter().map(|(weight, _)| weight).sum()
    }

    pub(super) fn to_value(&self) -> Value {
        let pair = |(weight, address): &(u32, IpAddr)| {
            Value::List(vec![Value::Number(*weight), Value::text(address.to_string())])
        };
        Value::List(self.weights.iter().map(pair).collect())
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let pair = |value: &Value| match value.list()? {
            [Value::Number(weight), address] => Some((*weight, ip(address)?)),
            _ => None,
        };
        Self::new(value.list()?.iter().map(pair).collect::<Option<Vec<_>>>()?).ok()
    }
}

/// Addresses of one family, each with the URL that tells whether it is up, in sets, the preferred set first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressUrls {
    kind: RecordType,
    sets: Vec<Vec<(IpAddr, Url)>>,
}

impl AddressUrls {
    /// Sets in order of preference. The server resolves the names in the URLs itself, so a URL with an address in it
    /// cannot fail for want of DNS. Within a set, addresses are kept in order.
    ///
    /// # Errors
    /// As [`AddressSets::by_priority`], and for a URL that PowerDNS cannot check
    /// ([`HealthCheck::url`](super::HealthCheck::url)).
    pub fn by_priority<Set>(sets: impl IntoIterator<Item = Set>) -> Result<Self>
    where
        Set: IntoIterator<Item = (IpAddr, Url)>,
    {
        let mut checked = Vec::new();
        for set in sets.into_iter().take(MAX_ADDRESSES + 1) {
            let mut pairs = Vec::new();
            for (address, url) in set.into_iter().take(MAX_ADDRESSES + 1) {
                pairs.push((address, checked_url(url)?));
            }
            if pairs.is_empty() {
                return Err(refused("a set has at least one address; leave an empty one out"));
            }
            pairs.sort_unstable_by_key(|(address, _)| *address);
            checked.push(pairs);
        }
        let kind = family(checked.iter().flatten().map(|(address, _)| address))?;
        Ok(Self { kind, sets: checked })
    }

    /// The type of the answer: A or AAAA.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// The sets, the preferred one first.
    pub fn sets(&self) -> &[Vec<(IpAddr, Url)>] {
        &self.sets
    }

    pub(super) fn to_value(&self) -> Value {
        let pair = |(address, url): &(IpAddr, Url)| {
            (Key::Text(address.to_string().into_bytes()), Value::text(url.as_str()))
        };
        Value::List(self.sets.iter().map(|set| Value::Map(set.iter().map(pair).collect())).collect())
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let pair = |(key, url): &(Key, Value)| match key {
            Key::Text(address) => {
                let address = std::str::from_utf8(address).ok()?.parse().ok()?;
                Some((address, url.as_str()?.parse().ok()?))
            }
            Key::Word(_) => None,
        };
        let sets = value.list()?.iter().map(|set| set.map()?.iter().map(pair).collect::<Option<Vec<_>>>());
        Self::by_priority(sets.collect::<Option<Vec<_>>>()?).ok()
    }
}

fn list(addresses: &[IpAddr]) -> Value {
    Value::List(addresses.iter().map(|address| Value::text(address.to_string())).collect())
}

fn addresses(values: &[Value]) -> Option<Vec<IpAddr>> {
    values.iter().map(ip).collect()
}

fn ip(value: &Value) -> Option<IpAddr> {
    value.as_str()?.parse().ok()
}

/// The type that all of them fit, or what is wrong with them.
fn family<'a>(addresses: impl Iterator<Item = &'a IpAddr>) -> Result<RecordType> {
    let mut seen = BTreeSet::new();
    let mut kind = None;
    for address in addresses {
        let own = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        if *kind.get_or_insert(own) != own {
            return Err(refused("a record answers with IPv4 or with IPv6: build one for each family")
                .with_target(address.to_string()));
        }
        if !is_of_a_host(*address) {
            return Err(refused("this is the address of no host").with_target(address.to_string()));
        }
        if !seen.insert(*address) {
            return Err(refused("the same address stands there twice").with_target(address.to_string()));
        }
        if seen.len() > MAX_ADDRESSES {
            return Err(refused("a record has at most 64 addresses"));
        }
    }
    kind.ok_or_else(|| refused("a record has at least one address"))
}

/// A check of 0.0.0.0 would reach the name server itself, and be up.
fn is_of_a_host(address: IpAddr) -> bool {
    let mapped = matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || mapped || broadcast)
}
