//! What a plan of 100,000 record sets costs: time, and memory beyond the sets themselves.
//!
//! `cargo bench -p catalyst-dns --bench plan`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures and reads the machine's clock"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use catalyst_dns::plan::{Desired, Owner, PlanPolicy, ZonePlan};
use catalyst_dns::{Change, RecordData, RecordSet, RecordType, Ttl, ZoneName};

const SETS: usize = 100_000;
const ROUNDS: usize = 5;
/// The targets: a second, and 200 bytes for each set.
const TIME: Duration = Duration::from_secs(1);
const BYTES: f64 = 200.0;

fn main() {
    println!(
        "\n{:<44} {:>10} {:>14}   target",
        format!("A plan of {SETS} record sets"),
        "time",
        "bytes a set"
    );
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

    case("all of them new", &desired, &policy, &[], SETS);
    case("none of them different", &desired, &policy, &full, 0);
    case("100 of them different", &changed, &policy, &full, 100);
    fastrand::Rng::with_seed(1).shuffle(&mut full);
    case("the same, from a server without order", &changed, &policy, &full, 100);
}

/// Plans several times and prints the fastest, and the most that was held at a time beyond what was given.
fn case(what: &str, desired: &Desired, policy: &Arc<PlanPolicy>, current: &[RecordSet], actions: usize) {
    let (mut fastest, mut most) = (Duration::MAX, 0);
    for _ in 0..ROUNDS {
        let current = current.to_vec();
        let mut plan = None;
        let mut took = Duration::ZERO;
        let held = measure(|| {
            let begun = Instant::now();
            plan = Some(ZonePlan::new(&desired.zones()[0], policy, current));
            took = begun.elapsed();
        });
        assert_eq!(black_box(plan).unwrap().actions().count(), actions);
        fastest = fastest.min(took);
        most = most.max(held.bytes_max);
    }
    let bytes = most as f64 / SETS as f64;
    let verdict = if fastest < TIME && bytes < BYTES { "met" } else { "missed" };
    println!("{what:<44} {fastest:>10.1?} {bytes:>14.1}   {verdict}");
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
