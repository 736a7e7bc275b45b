//! What 1,000 zones cost with 5 ms between the client and the server, several zones at a time beside one after another.
//!
//! `cargo bench -p catalyst-dns --bench zones`. With `PDNS_API_URL` and `PDNS_API_KEY` in the environment, the server is
//! that one, and the zones end in `.catalyst-bench.test` and are removed afterwards; otherwise it is the fake.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures, and reads the clock and the environment"
)]
#![allow(dead_code, reason = "of the modules that benchmarks share, each uses a part")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use catalyst_dns::plan::{Applier, Desired, Owner, PlanPolicy};
use catalyst_dns::{DnsZones, PowerDns, RecordData, RecordSet, RecordType, Ttl, ZoneName, ZoneSpec};

#[path = "../../benches/beside.rs"]
mod beside;
mod figure;
mod server;

use beside::{Beside, header};
use server::Server;
use server::relay::Relay;

const ZONES: usize = 1_000;
const LATENCY: Duration = Duration::from_millis(5);
const ROUNDS: usize = 5;

fn main() {
    let server = Server::start();
    let relay = Relay::tcp(server.api, LATENCY);
    let (near, far) = (server.client(), server.client_through(&relay));
    let zones: Vec<ZoneName> =
        (0..ZONES).map(|zone| format!("zone-{zone}.catalyst-bench.test").parse().unwrap()).collect();
    server.runtime.block_on(async {
        for zone in &zones {
            near.delete_zone(zone).await.unwrap();
            near.create_zone(&ZoneSpec::new(zone.clone(), [])).await.unwrap();
        }
    });
    header(&format!("{ZONES} zones, 5 ms to {}", server.name));
    let bench = Bench { server: &server, dns: &far, desired: [1, 2].map(|turn| desired(&zones, turn)) };
    // As it is without settings, and one zone at a time.
    let together = Applier::new(PlanPolicy::default());
    let alone = together.clone().concurrency(1);
    let turn = Cell::new(0);
    let write = |applier: &Applier| {
        turn.set(1 - turn.get());
        bench.run(applier, turn.get())
    };
    Beside::measure(ROUNDS, || write(&together), || write(&alone))
        .print("a write of each, 16 at a time / one after another", Some(0.125));
    let unchanged = |applier: &Applier| bench.run(applier, turn.get());
    Beside::measure(ROUNDS, || unchanged(&together), || unchanged(&alone))
        .print("nothing to do, 16 at a time / one after another", Some(0.125));
    server.runtime.block_on(async {
        for zone in &zones {
            near.delete_zone(zone).await.unwrap();
        }
    });
}

struct Bench<'a> {
    server: &'a Server,
    dns: &'a PowerDns,
    desired: [Desired; 2],
}

impl Bench<'_> {
    /// Nanoseconds of a run over all zones.
    fn run(&self, applier: &Applier, turn: usize) -> f64 {
        let start = Instant::now();
        let report = self.server.runtime.block_on(applier.apply(self.dns, &self.desired[turn]));
        let took = start.elapsed().as_nanos() as f64;
        report.check().unwrap();
        took
    }
}

/// One set in each zone, with an address of this turn.
fn desired(zones: &[ZoneName], turn: u8) -> Desired {
    let address = RecordData::parse(RecordType::A, &format!("192.0.2.{turn}")).unwrap();
    let desired = Desired::builder(Owner::new("sovereign.example").unwrap());
    let gather = |desired: catalyst_dns::plan::DesiredBuilder, zone: &ZoneName| {
        let www = RecordSet::new(zone.child("www").unwrap(), Ttl::MINUTE, [address.clone()]).unwrap();
        desired.set(zone, www)
    };
    zones.iter().fold(desired, gather).build().unwrap()
}
