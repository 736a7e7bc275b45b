//! What one DNS-01 challenge reads in a zone of 5,000 record sets, counted on the wire, beside a read of the zone.
//!
//! `cargo bench -p catalyst-dns --bench acme`. With `PDNS_API_URL`, `PDNS_API_KEY` and `PDNS_DNS_ADDRESS` in the
//! environment, the server is that one, and the zone is `catalyst-bench.test`, which is removed afterwards; otherwise it
//! is the fake.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures, and reads the clock and the environment"
)]
#![allow(dead_code, reason = "of the modules that benchmarks share, each uses a part")]

use std::sync::Arc;
use std::time::Duration;

use catalyst_dns::acme::Dns01Solver;
use catalyst_dns::query::{Authorities, NameServer, NameServerClient};
use catalyst_dns::{Change, ChangeSet, DnsZones, RecordData, RecordSet, RecordType, Ttl, ZoneName, ZoneSpec};

#[path = "../../benches/beside.rs"]
mod beside;
mod figure;
mod server;

use beside::{header, line};
use figure::figure;
use server::Server;
use server::relay::{Relay, Traffic};

const SETS: u32 = 5_000;
const DIGEST: &str = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
const TARGET: u64 = 5_000;

fn main() {
    let server = Server::start();
    let zone: ZoneName = "catalyst-bench.test".parse().unwrap();
    let near = server.client();
    server.runtime.block_on(async {
        near.delete_zone(&zone).await.unwrap();
        near.create_zone(&ZoneSpec::new(zone.clone(), [zone.child("ns1").unwrap()])).await.unwrap();
        near.apply(&zone, &sets(&zone)).await.unwrap();
    });
    let (api, dns) = (Relay::tcp(server.api, Duration::ZERO), Relay::udp(server.dns.unwrap()));
    let far = server.client_through(&api);
    let names = Authorities::fixed([NameServer::new(zone.child("ns1").unwrap(), [dns.address])]);
    let solver = Dns01Solver::new(Arc::new(far.clone()), Arc::new(NameServerClient::new()), names);

    header(&format!("A challenge among {SETS} sets, {}", server.name));
    assert!(server.runtime.block_on(far.capabilities()).unwrap().lua_records);
    let probe = api.take();
    let challenge = server.runtime.block_on(solver.present("app.catalyst-bench.test", DIGEST)).unwrap();
    let (by_api, by_dns) = (api.take(), dns.take());
    server.runtime.block_on(solver.clean_up(&challenge)).unwrap();
    let cleaned = api.take();
    drop(server.runtime.block_on(far.record_sets(&zone)).unwrap());
    let whole = api.take();
    let presented = by_api.received + by_dns.received;
    for (what, read) in [("present", presented), ("present and clean up", presented + cleaned.received)] {
        let texts = [read, whole.received].map(kilobytes);
        let texts = texts.each_ref().map(String::as_str);
        let ratio = read as f64 / whole.received as f64;
        println!("{}", line(&format!("{what}: bytes read / the whole zone"), texts, ratio, None));
        figure(&format!("{what}: bytes read"), &kilobytes(read), "below 5 kB", read < TARGET);
    }
    let show = |what: &str, Traffic { exchanges, sent, received }| {
        println!("{what:<52} {exchanges} exchanges, {sent} bytes sent, {received} bytes read");
    };
    show("present, by the API", by_api);
    show("present, by DNS", by_dns);
    show("clean up, by the API", cleaned);
    show("once for each client: what the server can do", probe);
    server.runtime.block_on(near.delete_zone(&zone)).unwrap();
}

fn kilobytes(bytes: u64) -> String {
    format!("{:.1} kB", bytes as f64 / 1000.0)
}

fn sets(zone: &ZoneName) -> ChangeSet {
    let address = RecordData::parse(RecordType::A, "192.0.2.1").unwrap();
    let set = |number: u32| {
        let name = zone.child(&format!("host-{number}")).unwrap();
        Change::Replace(RecordSet::new(name, Ttl::MINUTE, [address.clone()]).unwrap())
    };
    ChangeSet::new((0..SETS).map(set)).unwrap()
}
