//! What 5,000 record sets cost: into an empty zone, with nothing to do, with 100 changes among them; beside the bare
//! requests, whose bodies are written before, on a socket: wall time, requests, and bytes.
//!
//! `cargo bench -p catalyst-dns --bench apply`. With `PDNS_API_URL` and `PDNS_API_KEY` in the environment, the server is
//! that one, and the zone is `catalyst-bench.test`, which is removed afterwards; otherwise it is the fake.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures, and reads the clock and the environment"
)]
#![allow(dead_code, reason = "of the modules that benchmarks share, each uses a part")]

use std::time::{Duration, Instant};

use catalyst_dns::plan::{Applier, Desired, Owner, PlanPolicy, ZoneReport};
use catalyst_dns::{
    Change, ChangeSet, DnsZones, DryRequest, PowerDns, RecordData, RecordSet, RecordType, Ttl, ZoneName,
    ZoneSpec,
};

#[path = "../../benches/beside.rs"]
mod beside;
mod figure;
mod server;

use beside::{Beside, header, line};
use figure::figure;
use server::Server;
use server::relay::Relay;

const SETS: u32 = 5_000;
const CHANGED: u32 = 100;
const ROUNDS: usize = 11;
/// Of what touches no or few sets.
const SMALL_ROUNDS: usize = 51;

fn main() {
    let bench = Bench::new(Server::start());
    header(&format!("{SETS} record sets and {}", bench.server.name));
    bench.client();
    bench.applier();
    bench.unchanged();
    bench.few();
    bench.on_zone(|dns, zone| bench.server.runtime.block_on(dns.delete_zone(zone)).unwrap());
}

struct Bench {
    server: Server,
    dns: PowerDns,
    zone: ZoneName,
    /// The sets, all of which have the first address, or every fiftieth the second.
    desired: [Desired; 2],
}

impl Bench {
    fn new(server: Server) -> Self {
        let zone: ZoneName = "catalyst-bench.test".parse().unwrap();
        let desired = [0, 1].map(|turn| {
            let owner = Owner::new("sovereign.example").unwrap();
            Desired::builder(owner).sets(&zone, sets(&zone, turn)).build().unwrap()
        });
        Self { dns: server.client(), server, zone, desired }
    }

    /// The client alone: sets without marks.
    fn client(&self) {
        let changes = ChangeSet::new(sets(&self.zone, 0).into_iter().map(Change::Replace)).unwrap();
        let requests = self.dns.requests(&self.zone, &changes).unwrap();
        let ours = || {
            self.empty();
            timed(|| {
                let applied = self.server.runtime.block_on(self.dns.apply(&self.zone, &changes)).unwrap();
                assert_eq!(applied.changes, SETS as usize);
            })
        };
        Beside::measure(ROUNDS, ours, || {
            self.empty();
            timed(|| self.bare(&requests))
        })
        .print("client: into an empty zone / one PATCH of the body", Some(1.2));
        let sent = requests.len();
        figure("client: requests", &sent.to_string(), "at most 3", sent <= 3);
    }

    /// The applier: reads, plans, looks at the serial, writes sets and marks.
    fn applier(&self) {
        self.empty();
        let plan = self
            .server
            .runtime
            .block_on(Applier::new(PlanPolicy::default()).plan(&self.dns, &self.desired[0]));
        let changes = plan.change_set(&self.zone).unwrap();
        let requests = self.dns.requests(&self.zone, &changes).unwrap();
        let ours = || {
            self.empty();
            timed(|| drop(self.run(&self.dns, 0)))
        };
        let patches = requests.len();
        Beside::measure(ROUNDS, ours, || {
            self.empty();
            timed(|| self.bare(&requests))
        })
        .print(&format!("applier: with marks, into an empty zone / {patches} PATCH"), Some(1.2));
        self.empty();
        let report = self.run(&self.dns, 0);
        let all = report.reads + report.writes;
        let text = format!("{} + {}", report.reads, report.writes);
        figure("applier: requests that read and write", &text, "at most 3", all <= 3);
    }

    /// Nothing to do.
    fn unchanged(&self) {
        self.full();
        Beside::measure(
            SMALL_ROUNDS,
            || timed(|| drop(self.run(&self.dns, 0))),
            || timed(|| self.server.get(&self.path())),
        )
        .print("applier: nothing to do / one GET of the zone", None);
        let report = self.run(&self.dns, 0);
        let text = format!("{} + {}", report.reads, report.writes);
        let met = (report.reads, report.writes) == (1, 0);
        figure("applier: requests that read and write", &text, "1 + 0", met);
    }

    /// A hundred changes among them, by turns there and back.
    fn few(&self) {
        self.full();
        let requests = [0, 1].map(|turn| {
            let changes = sets(&self.zone, turn).into_iter().step_by((SETS / CHANGED) as usize);
            self.dns.requests(&self.zone, &ChangeSet::new(changes.map(Change::Replace)).unwrap()).unwrap()
        });
        let turn = std::cell::Cell::new(0);
        let next = || {
            turn.set(1 - turn.get());
            turn.get()
        };
        Beside::measure(
            SMALL_ROUNDS,
            || {
                let turn = next();
                timed(|| drop(self.run(&self.dns, turn)))
            },
            || {
                let turn = next();
                timed(|| {
                    self.server.get(&self.path());
                    self.bare(&requests[turn]);
                })
            },
        )
        .print(&format!("applier: {CHANGED} changes / one GET and one PATCH"), None);
        let relay = Relay::tcp(self.server.api, Duration::ZERO);
        let dns = self.server.client_through(&relay);
        let turn = next();
        let report = self.run(&dns, turn);
        let sent = relay.take().sent as f64;
        let text = format!("{} + {}", report.reads, report.writes);
        let changes = report.summary.update;
        let met = report.writes == 1 && changes == CHANGED as usize;
        figure("applier: requests that read and write", &text, "1 write", met);
        let least = requests[turn][0].body.len() as f64;
        let texts = [sent, least].map(|bytes| format!("{:.1} kB", bytes / 1000.0));
        let texts = texts.each_ref().map(String::as_str);
        println!("{}", line("applier: all bytes sent / the changes as JSON", texts, sent / least, None));
    }

    /// One run of the applier, which must succeed.
    fn run(&self, dns: &PowerDns, turn: usize) -> ZoneReport {
        let applier = Applier::new(PlanPolicy::default());
        let report = self.server.runtime.block_on(applier.apply(dns, &self.desired[turn]));
        report.check().unwrap();
        report.zones()[0].clone()
    }

    fn bare(&self, requests: &[DryRequest]) {
        for request in requests {
            self.server.patch(request);
        }
    }

    fn empty(&self) {
        self.on_zone(|dns, zone| {
            self.server.runtime.block_on(async {
                dns.delete_zone(zone).await.unwrap();
                dns.create_zone(&ZoneSpec::new(zone.clone(), [])).await.unwrap();
            });
        });
    }

    fn full(&self) {
        self.empty();
        drop(self.run(&self.dns, 0));
    }

    fn on_zone(&self, act: impl FnOnce(&PowerDns, &ZoneName)) {
        act(&self.dns, &self.zone);
    }

    fn path(&self) -> String {
        format!("/api/v1/servers/localhost/zones/{}", self.zone.as_str())
    }
}

/// Nanoseconds of the work.
fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// The sets of a zone; in the second turn, every fiftieth has another address.
fn sets(zone: &ZoneName, turn: u32) -> Vec<RecordSet> {
    let set = |number: u32| {
        let second = if number.is_multiple_of(SETS / CHANGED) { 10 + turn } else { 10 };
        let address = format!("{second}.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
        let record = RecordData::parse(RecordType::A, &address).unwrap();
        RecordSet::new(zone.child(&format!("host-{number}")).unwrap(), Ttl::MINUTE, [record]).unwrap()
    };
    (0..SETS).map(set).collect()
}
