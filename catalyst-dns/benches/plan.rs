//! What a plan of 100,000 record sets costs: time, beside a bare comparison of the same sets by a `HashMap` that knows no
//! owners; and memory beyond the sets themselves.
//!
//! `cargo bench -p catalyst-dns --bench plan`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures and reads the machine's clock"
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use allocation_counter::measure;
use catalyst_dns::plan::{Desired, DesiredZone, Owner, PlanPolicy, ZonePlan};
use catalyst_dns::{Change, RecordData, RecordKey, RecordSet, RecordType, Ttl, ZoneName};

#[path = "../../benches/beside.rs"]
mod beside;
mod figure;

use beside::{Beside, header, time};
use figure::figure;

const SETS: usize = 100_000;
const ROUNDS: usize = 11;
/// The targets: a second, and 200 bytes for each set.
const NANOSECONDS: f64 = 1e9;
const BYTES: f64 = 200.0;

fn main() {
    let (zone, policy) = (zone(), Arc::new(PlanPolicy::default()));
    let all = sets(&zone);
    let desired = wanted(&zone, all.clone());
    let empty = ZonePlan::new(&desired.zones()[0], &policy, Vec::new());
    let mut full = applied(&empty);
    // As PowerDNS gives them: by the octets of the names from the right, descending.
    full.sort_by(|one, other| other.name().as_str().bytes().rev().cmp(one.name().as_str().bytes().rev()));
    let mut some = all;
    for set in some.iter_mut().step_by(SETS / 100) {
        *set = set.clone().with_ttl(Ttl::HOUR);
    }
    let changed = wanted(&zone, some);

    header(&format!("A plan of {SETS} record sets / a HashMap"));
    case("all of them new", &desired, &policy, &[], SETS);
    case("none of them different", &desired, &policy, &full, 0);
    case("100 of them different", &changed, &policy, &full, 100);
    fastrand::Rng::with_seed(1).shuffle(&mut full);
    case("100, from a server without order", &changed, &policy, &full, 100);
}

/// Plans several times, and prints the time and the most that was held at a time beyond what was given.
fn case(what: &str, desired: &Desired, policy: &Arc<PlanPolicy>, current: &[RecordSet], actions: usize) {
    let (mut times, mut most, mut most_bare) = (Vec::new(), 0, 0);
    let ours = || {
        let (current, mut plan, mut took) = (current.to_vec(), None, 0.0);
        let held = measure(|| {
            let begun = Instant::now();
            plan = Some(ZonePlan::new(&desired.zones()[0], policy, current));
            took = begun.elapsed().as_nanos() as f64;
        });
        assert_eq!(black_box(plan).unwrap().actions().count(), actions);
        most = most.max(held.bytes_max);
        times.push(took);
        took
    };
    let bare = || {
        let (mut changes, mut took) = (Vec::new(), 0.0);
        let held = measure(|| {
            let begun = Instant::now();
            changes = by_map(&desired.zones()[0], current);
            took = begun.elapsed().as_nanos() as f64;
        });
        assert_eq!(black_box(changes).len(), actions);
        most_bare = most_bare.max(held.bytes_max);
        took
    };
    Beside::measure(ROUNDS, ours, bare).print(what, None);
    times.sort_unstable_by(f64::total_cmp);
    let slowest = times[ROUNDS - 1];
    figure(&format!("{what}: slowest"), &time(slowest), "below 1 s", slowest < NANOSECONDS);
    let [each, bare] = [most, most_bare].map(|bytes| bytes as f64 / SETS as f64);
    let bytes = format!("{each:.1} B");
    figure(&format!("{what}: for each, bare {bare:.1} B"), &bytes, "below 200 B", each < BYTES);
}

/// The sets that are not there as they are wanted.
fn by_map<'a>(desired: &'a DesiredZone, current: &[RecordSet]) -> Vec<&'a RecordSet> {
    let there: HashMap<RecordKey, &RecordSet> = current.iter().map(|set| (set.key(), set)).collect();
    desired.sets().filter(|set| there.get(&set.key()) != Some(set)).collect()
}

fn zone() -> ZoneName {
    "example.org".parse().unwrap()
}

fn sets(zone: &ZoneName) -> Vec<RecordSet> {
    let address = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
    (0..SETS)
        .map(|number| {
            let name = zone.child(&format!("app-{number}.region-{}", number % 7)).unwrap();
            RecordSet::new(name, Ttl::MINUTE, [address.clone()]).unwrap()
        })
        .collect()
}

fn wanted(zone: &ZoneName, sets: Vec<RecordSet>) -> Desired {
    Desired::builder(Owner::new("sovereign.example").unwrap()).sets(zone, sets).build().unwrap()
}

/// What a server holds after the plan, marks among it.
fn applied(plan: &ZonePlan) -> Vec<RecordSet> {
    let changes = plan.change_set().unwrap();
    let sets = changes.changes().iter().filter_map(|change| match change {
        Change::Replace(set) => Some(set.clone()),
        _ => None,
    });
    sets.collect()
}
