//! What it costs to find the zone of a name among 10,000 zones, beside a look at every zone.
//!
//! `cargo bench -p catalyst-dns --bench matcher`
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark: it stops on failure")]

use std::hint::black_box;
use std::time::Duration;

use catalyst_dns::{DomainName, ZoneMatcher, ZoneName};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ZONES: usize = 10_000;
const NAMES: usize = 100_000;
/// Names for the look at every zone, which would take minutes for all of them.
const SAMPLE: usize = 100;

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

fn matching(criterion: &mut Criterion) {
    let (zones, names) = (zones(), names());
    let matcher = ZoneMatcher::new(zones.clone());
    let mut group = criterion.benchmark_group("zone of a name, 10,000 zones");
    group.measurement_time(Duration::from_secs(3)).sample_size(20);
    group.throughput(Throughput::Elements(NAMES as u64));
    group.bench_function("trie, 100,000 names", |bench| {
        bench.iter(|| names.iter().filter(|name| matcher.find(black_box(name)).is_some()).count());
    });
    group.throughput(Throughput::Elements(SAMPLE as u64));
    group.bench_function("linear, 100 names", |bench| {
        bench.iter(|| {
            names.iter().take(SAMPLE).filter(|name| linear(&zones, black_box(name)).is_some()).count()
        });
    });
    group.finish();
}

fn linear<'a>(zones: &'a [ZoneName], name: &DomainName) -> Option<&'a ZoneName> {
    zones.iter().filter(|zone| zone.contains(name)).max_by_key(|zone| zone.as_str().len())
}

criterion_group!(benches, matching);
criterion_main!(benches);
