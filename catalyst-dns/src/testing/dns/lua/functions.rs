//! The functions that PowerDNS gives to snippets (lua-records/functions in its documentation), as measured on 4.7.3
//! and as the sources of 5.0 and 5.1 have them.

use std::net::IpAddr;

use super::super::health::{Check, Probe, State};
use super::run::Functions;
use super::value::Value;
use super::{Asked, Fault};
use crate::Version;

pub(super) struct Server<'a>(pub(super) &'a Asked<'a>);

const NAMES: [&str; 10] = [
    "all",
    "ifportup",
    "ifurlextup",
    "ifurlup",
    "pickclosest",
    "pickhashed",
    "pickrandom",
    "pickselfweighted",
    "pickwhashed",
    "pickwrandom",
];

impl Functions for Server<'_> {
    fn has(&self, name: &str) -> bool {
        NAMES.contains(&name) && (name != "pickselfweighted" || self.0.version >= Version(5, 0, 0))
    }

    fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Value, Fault> {
        let argument = |index: usize| arguments.get(index).cloned().unwrap_or(Value::Nil);
        match name {
            "string.char" => {
                let octets = arguments.iter().map(|argument| {
                    let number = argument.to_text().and_then(|text| text.parse::<u8>().ok());
                    number.ok_or("a character is 0 to 255")
                });
                Ok(Value::text(octets.collect::<Result<Vec<u8>, _>>()?))
            }
            "all" => Ok(listed(addresses(&argument(0))?)),
            "pickrandom" => self.pick("random", addresses(&argument(0))?),
            "pickhashed" => self.pick("hashed", addresses(&argument(0))?),
            "pickclosest" => self.pick("pickclosest", addresses(&argument(0))?),
            "pickwrandom" => weighted(&argument(0), |total| fastrand::u64(0..total)),
            "pickwhashed" => weighted(&argument(0), |total| self.hash() % total),
            "ifurlup" => {
                let url = argument(0).to_text().ok_or("a URL is a text")?;
                self.if_up(&argument(1), &argument(2), |address| Some((address, Probe::Url(url.clone()))))
            }
            "ifportup" => {
                let port =
                    argument(0).to_text().and_then(|text| text.parse().ok()).ok_or("a port is a number")?;
                let nested =
                    argument(1).items().is_some_and(|items| items.iter().any(|item| item.items().is_some()));
                if nested && self.0.version < Version(4, 8, 0) {
                    return Err("ifportup takes sets in priority from 4.8 on");
                }
                self.if_up(&argument(1), &argument(2), |address| Some((address, Probe::Port(port))))
            }
            "ifurlextup" => self.if_ext_up(&argument(0), &argument(1)),
            "pickselfweighted" => self.pick_self_weighted(&argument(0), &argument(1), &argument(2)),
            _ => Err("the fake does not have this function"),
        }
    }
}

impl Server<'_> {
    fn if_up(
        &self,
        addresses: &Value,
        options: &Value,
        target: impl Fn(IpAddr) -> Option<(IpAddr, Probe)>,
    ) -> Result<Value, Fault> {
        let sets = sets(addresses)?;
        let targets =
            sets.iter().map(|set| set.iter().filter_map(|address| target(*address)).collect()).collect();
        self.select_up(targets, options)
    }

    /// Each set is a table from addresses to URLs.
    fn if_ext_up(&self, sets: &Value, options: &Value) -> Result<Value, Fault> {
        let pair =
            |(address, url): (Value, Value)| Some((parse(&address)?, Probe::ExternalUrl(url.to_text()?)));
        let set = |set: Value| {
            // The server keeps them in a map, by address as text.
            let mut entries = set.entries();
            entries.sort_by_key(|(address, _)| address.to_text());
            entries.into_iter().map(pair).collect::<Option<Vec<_>>>().ok_or("a set maps addresses to URLs")
        };
        let sets =
            sets.items().ok_or("the sets are a list")?.into_iter().map(set).collect::<Result<Vec<_>, _>>()?;
        self.select_up(sets, options)
    }

    fn select_up(&self, sets: Vec<Vec<(IpAddr, Probe)>>, options: &Value) -> Result<Value, Fault> {
        if sets.iter().all(Vec::is_empty) {
            return Err("there is no address");
        }
        let (options, selector, backup) = split_options(options);
        let mut unknown = true;
        for set in &sets {
            let mut up = Vec::new();
            for (address, probe) in set {
                let state = self.state(*address, probe, &options);
                unknown &= state == State::Unknown;
                if matches!(state, State::Up(_)) {
                    up.push(*address);
                }
            }
            if !up.is_empty() {
                return self.pick(&selector, up);
            }
        }
        let incomplete =
            options.iter().any(|(name, value)| name == "failOnIncompleteCheck" && value == "true");
        if unknown && incomplete && self.0.version >= Version(5, 0, 0) {
            return Err("no check has ended yet");
        }
        // Measured on 4.7.3: before 5.1 the backup selector picks among the addresses of all sets.
        let first_only = self.0.version >= Version(5, 1, 0);
        let mut left = sets.into_iter().filter(|set| !set.is_empty());
        let all: Vec<_> =
            if first_only { left.next().into_iter().flatten().collect() } else { left.flatten().collect() };
        self.pick(&backup, all.into_iter().map(|(address, _)| address).collect())
    }

    fn pick_self_weighted(&self, url: &Value, addresses: &Value, options: &Value) -> Result<Value, Fault> {
        let url = url.to_text().ok_or("a URL is a text")?;
        let (options, ..) = split_options(options);
        let weigh = |address: IpAddr| match self.state(address, &Probe::Url(url.clone()), &options) {
            State::Up(weight) => Some((u64::from(weight.max(1)), address)),
            _ => None,
        };
        let weights: Vec<_> = flat(addresses)?.into_iter().filter_map(weigh).collect();
        by_weight(&weights, |total| self.hash() % total)
    }

    fn state(&self, address: IpAddr, probe: &Probe, options: &[(String, String)]) -> State {
        let check = Check { address, probe: probe.clone(), options: options.to_vec() };
        self.0.health.state(check)
    }

    fn pick(&self, selector: &str, from: Vec<IpAddr>) -> Result<Value, Fault> {
        if from.is_empty() {
            return Err("there is nothing to pick from");
        }
        let hashed = usize::try_from(self.hash()).unwrap_or_default() % from.len();
        Ok(listed(match selector {
            "all" => from,
            "empty" if self.0.version >= Version(5, 1, 0) => Vec::new(),
            "hashed" => vec![from[hashed]],
            // Also for `pickclosest`, for without a database of places all are equally far (measured on 4.7.3), and for a
            // selector that is none: the real server logs that and goes on.
            _ => vec![from[fastrand::usize(0..from.len())]],
        }))
    }

    /// The same for every question of a client.
    fn hash(&self) -> u64 {
        let octets = match self.0.client {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let mix = |hash: u64, octet: &u8| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        octets.iter().fold(0xcbf2_9ce4_8422_2325, mix) >> 16
    }
}

/// The options of a check, in one order, and the two selectors, which are none.
fn split_options(options: &Value) -> (Vec<(String, String)>, String, String) {
    let (mut selector, mut backup) = ("random".to_owned(), "random".to_owned());
    let mut left = Vec::new();
    for (name, value) in options.entries() {
        match (name.to_text(), value.to_text()) {
            (Some(name), Some(value)) if name == "selector" => selector = value,
            (Some(name), Some(value)) if name == "backupSelector" => backup = value,
            (Some(name), Some(value)) => left.push((name, value)),
            _ => {}
        }
    }
    left.sort_unstable();
    (left, selector, backup)
}

fn weighted(pairs: &Value, point: impl FnOnce(u64) -> u64) -> Result<Value, Fault> {
    let pair = |pair: Value| {
        let pair = pair.items()?;
        let weight = pair.first()?.to_text()?.parse::<u32>().ok()?;
        Some((u64::from(weight), parse(pair.get(1)?)?))
    };
    let pairs = pairs.items().ok_or("weights are a list")?.into_iter().map(pair).collect::<Option<Vec<_>>>();
    by_weight(&pairs.ok_or("an item is a weight and an address")?, point)
}

fn by_weight(pairs: &[(u64, IpAddr)], point: impl FnOnce(u64) -> u64) -> Result<Value, Fault> {
    let total = pairs.iter().map(|(weight, _)| weight).sum::<u64>();
    if total == 0 {
        return Err("the sum of the weights is zero");
    }
    let mut left = point(total);
    let picked = pairs.iter().find(|(weight, _)| {
        let here = left < *weight;
        left = left.saturating_sub(*weight);
        here
    });
    Ok(listed(picked.map(|(_, address)| *address)))
}

fn listed(addresses: impl IntoIterator<Item = IpAddr>) -> Value {
    Value::list(addresses.into_iter().map(|address| Value::text(address.to_string())))
}

fn addresses(value: &Value) -> Result<Vec<IpAddr>, Fault> {
    flat(value).and_then(|list| if list.is_empty() { Err("there is no address") } else { Ok(list) })
}

fn flat(value: &Value) -> Result<Vec<IpAddr>, Fault> {
    let items = value.items().ok_or("the addresses are a list")?;
    items.iter().map(parse).collect::<Option<_>>().ok_or("an address cannot be read")
}

/// One set, or sets in priority.
fn sets(value: &Value) -> Result<Vec<Vec<IpAddr>>, Fault> {
    let items = value.items().ok_or("the addresses are a list")?;
    if items.iter().any(|item| item.items().is_some()) {
        return items.iter().map(flat).collect();
    }
    Ok(vec![flat(value)?])
}

fn parse(value: &Value) -> Option<IpAddr> {
    value.to_text()?.parse().ok()
}
