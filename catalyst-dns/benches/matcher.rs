//! What it costs to find the zone of a name among 10,000 zones, beside a walk through a `HashMap` of their names and
//! beside a look at every zone.
//!
//! `cargo bench -p catalyst-dns --bench matcher`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures and reads the machine's clock"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use catalyst_dns::{DomainName, ZoneMatcher, ZoneName};

#[path = "../../benches/beside.rs"]
mod beside;
mod figure;

use beside::{Beside, header, time};
use figure::figure;

const ZONES: usize = 10_000;
const NAMES: usize = 100_000;
const ROUNDS: usize = 51;
/// Names for the look at every zone, which would take minutes for all of them.
const SAMPLE: usize = 100;

fn main() {
    let (zones, names) = (zones(), names());
    let matcher = ZoneMatcher::new(zones.clone());
    let table: HashMap<&str, &ZoneName> = zones.iter().map(|zone| (zone.as_str(), zone)).collect();
    let linear = |name: &DomainName| {
        zones.iter().filter(|zone| zone.contains(name)).max_by_key(|zone| zone.as_str().len())
    };
    for name in &names {
        assert_eq!(matcher.find(name), by_suffixes(&table, name));
    }
    assert!(names[..SAMPLE].iter().all(|name| matcher.find(name) == linear(name)));

    header(&format!("The zone of a name, {NAMES} names, {ZONES} zones"));
    let mut samples = Vec::new();
    let mut trie = || {
        let each = per_name(&names, |name| matcher.find(name));
        samples.push(each);
        each
    };
    Beside::measure(ROUNDS, &mut trie, || per_name(&names, |name| by_suffixes(&table, name)))
        .print("trie / HashMap, suffix by suffix", None);
    Beside::measure(11, &mut trie, || per_name(&names[..SAMPLE], linear)).print("trie / all zones", None);
    samples.sort_unstable_by(f64::total_cmp);
    let middle = samples[samples.len() / 2];
    figure("a name", &time(middle), "below 100 ns", middle < 100.0);
}

/// Nanoseconds of one search.
fn per_name<'a>(names: &[DomainName], find: impl Fn(&DomainName) -> Option<&'a ZoneName>) -> f64 {
    let start = Instant::now();
    let found = names.iter().filter(|name| find(black_box(name)).is_some()).count();
    let took = start.elapsed().as_nanos() as f64;
    assert!(black_box(found) * 10 > names.len() * 8);
    took / names.len() as f64
}

/// The longest suffix that is the name of a zone. No label here has a dot in it, which this does not know of.
fn by_suffixes<'a>(table: &HashMap<&str, &'a ZoneName>, name: &DomainName) -> Option<&'a ZoneName> {
    let mut rest = name.as_str();
    loop {
        if let Some(zone) = table.get(rest) {
            return Some(zone);
        }
        rest = rest.split_once('.')?.1;
    }
}

fn zones() -> Vec<ZoneName> {
    (0..ZONES)
        .map(|n| format!("customer-{n}.{}.omani.works", ["prod", "stage"][n % 2]).parse().unwrap())
        .collect()
}

/// Nine of ten belong to a zone; in an order that no cache foresees.
fn names() -> Vec<DomainName> {
    let name = |n: usize| {
        let zone = n.wrapping_mul(7919) % (ZONES + ZONES / 10);
        format!("app-{n}.eu.customer-{zone}.{}.omani.works", ["prod", "stage"][zone % 2]).parse().unwrap()
    };
    (0..NAMES).map(name).collect()
}
