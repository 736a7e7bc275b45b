//! What 5,000 record sets into an empty zone cost through the client, beside one bare PATCH of the same body to the same
//! server: wall time, and requests.
//!
//! `cargo bench -p catalyst-dns --bench apply`, with `PDNS_URL` and `PDNS_API_KEY` in the environment: a real server, in
//! which the zone `catalyst-bench.test` is made and removed. Without them nothing is measured.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures, and reads the clock and the environment"
)]

use std::env;
use std::future::Future;
use std::time::Instant;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, parse_address};
use catalyst_dns::{
    Change, ChangeSet, DnsZones, DryRequest, PowerDns, RecordData, RecordSet, RecordType, Secret, Ttl,
    ZoneName, ZoneSpec,
};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

#[path = "../../benches/beside.rs"]
mod beside;

use beside::{Beside, header};

const SETS: u32 = 5_000;
const ROUNDS: usize = 21;

fn main() {
    let (Ok(address), Ok(key)) = (env::var("PDNS_URL"), env::var("PDNS_API_KEY")) else {
        println!("set PDNS_URL and PDNS_API_KEY to measure against a PowerDNS");
        return;
    };
    let sides = Sides::new(&address, Secret::new(key));
    header(&format!("{SETS} record sets into an empty zone"));
    Beside::measure(ROUNDS, || sides.ours(), || sides.bare())
        .print("apply, beside one PATCH of its body", Some(1.2));
    println!("requests: {} (at most 3), bytes: {}", sides.requests.len(), sides.requests[0].body.len());
}

/// The two that are compared.
struct Sides {
    runtime: Runtime,
    dns: PowerDns,
    zone: ZoneName,
    changes: ChangeSet,
    requests: Vec<DryRequest>,
    http: HttpClient,
    address: String,
    key: Secret,
}

impl Sides {
    fn new(address: &str, key: Secret) -> Self {
        let zone: ZoneName = "catalyst-bench.test".parse().unwrap();
        let dns = PowerDns::builder(address).unwrap().api_key(key.clone()).build().unwrap();
        let changes = ChangeSet::new((0..SETS).map(|number| Change::Replace(set(&zone, number)))).unwrap();
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            requests: dns.requests(&zone, &changes).unwrap(),
            http: HttpClient::new(HttpConfig::new("bare")).unwrap(),
            address: address.trim_end_matches("/v1").trim_end_matches("/api").to_owned(),
            dns,
            zone,
            changes,
            key,
        }
    }

    fn ours(&self) -> f64 {
        self.on_empty_zone(async {
            let applied = self.dns.apply(&self.zone, &self.changes).await.unwrap();
            assert!(applied.requests <= 3);
        })
    }

    fn bare(&self) -> f64 {
        self.on_empty_zone(async {
            for request in &self.requests {
                let url = parse_address(&format!("{}{}", self.address, request.path)).unwrap();
                let body = Zeroizing::new(request.body.clone().into_bytes());
                let request = Request::new(Method::Patch, url, "patch").bytes("application/json", body);
                let request = request.secret_header("x-api-key", &self.key).unwrap();
                assert_eq!(self.http.send(request).await.unwrap().status(), 204);
            }
        })
    }

    /// The nanoseconds of `work`, with a new zone before it and none after.
    fn on_empty_zone(&self, work: impl Future<Output = ()>) -> f64 {
        let (zone, dns) = (&self.zone, &self.dns);
        self.runtime.block_on(async {
            dns.delete_zone(zone).await.unwrap();
            dns.create_zone(&ZoneSpec::new(zone.clone(), [])).await.unwrap();
            let start = Instant::now();
            work.await;
            let nanoseconds = start.elapsed().as_nanos() as f64;
            dns.delete_zone(zone).await.unwrap();
            nanoseconds
        })
    }
}

fn set(zone: &ZoneName, number: u32) -> RecordSet {
    let address = format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
    let record = RecordData::parse(RecordType::A, &address).unwrap();
    RecordSet::new(zone.child(&format!("host-{number}")).unwrap(), Ttl::MINUTE, [record]).unwrap()
}
