//! What identity costs: reading it, deciding with it, a handshake with it, and a rotation of it.
//!
//! `cargo bench -p catalyst-spiffe`
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

use arc_swap::ArcSwap;
use catalyst_spiffe::mock::MockIdentity;
use catalyst_spiffe::testing::FakeAgent;
use catalyst_spiffe::{Authorizer, SpiffeId, WorkloadApi, WorkloadIdentity, tls};
use criterion::Criterion;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

#[path = "../../benches/beside.rs"]
mod beside;

use beside::{Beside, header, time};

const API: &str = "spiffe://catalyst.local/ns/shop/sa/api";
const WEB: &str = "spiffe://catalyst.local/ns/shop/sa/web";
const HANDSHAKES: usize = 3000;
const ROTATIONS: usize = 500;
const READS: u32 = 100_000;

fn main() {
    let criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    decisions(criterion);
    header("Identity");
    reads();
    handshakes();
    rotations();
}

/// What has no bare counterpart.
fn decisions(mut criterion: Criterion) {
    let id: SpiffeId = API.parse().unwrap();
    let exact = Authorizer::exact(id.clone());
    criterion.bench_function("authorize exact", |bench| bench.iter(|| exact.authorize(black_box(&id))));
    let namespace = Authorizer::namespace(id.trust_domain().clone(), "shop");
    criterion
        .bench_function("authorize namespace", |bench| bench.iter(|| namespace.authorize(black_box(&id))));
    criterion.bench_function("parse SPIFFE ID", |bench| bench.iter(|| black_box(API).parse::<SpiffeId>()));
    criterion.final_summary();
}

/// The difference to the bare read is the look at the clock, without which an expired SVID would be handed out.
fn reads() {
    let identity = MockIdentity::new(API).unwrap();
    let clock = identity.clock();
    let bare = ArcSwap::from_pointee(0_u64);
    let ours = || identity.x509().unwrap();
    Beside::measure(300, || per_read(ours), || per_read(|| bare.load_full()))
        .print("x509() / ArcSwap::load_full", None);
    Beside::measure(300, || per_read(ours), || per_read(|| (bare.load_full(), clock.now())))
        .print("x509() / ArcSwap::load_full and the clock", None);
}

/// Nanoseconds of one read.
fn per_read<T>(read: impl Fn() -> T) -> f64 {
    let reads = || {
        for _ in 0..READS {
            black_box(read());
        }
    };
    timed(reads) / f64::from(READS)
}

/// mTLS on both sides in memory, ours and plain rustls with static certificates.
fn handshakes() {
    let api = MockIdentity::builder(API).unwrap().dns_name("api.test").build().unwrap();
    let web = api.sibling(WEB).unwrap();
    let plain = plain(&api, &web);
    let ours = (
        tls::mtls_client(Arc::new(web), Authorizer::exact(API.parse().unwrap())).unwrap(),
        tls::mtls_server(Arc::new(api), Authorizer::exact(WEB.parse().unwrap())).unwrap(),
    );
    let both = |sides: &(Arc<ClientConfig>, Arc<ServerConfig>)| timed(|| handshake(&sides.0, &sides.1));
    Beside::measure(HANDSHAKES, || both(&ours), || both(&plain))
        .print("mTLS handshake / rustls, static certificates", Some(1.03));
}

fn plain(api: &MockIdentity, web: &MockIdentity) -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let domain = api.id().unwrap().trust_domain().clone();
    let mut roots = RootCertStore::empty();
    for authority in api.bundles().unwrap().x509_authorities(&domain) {
        roots.add(CertificateDer::from(authority.clone())).unwrap();
    }
    let roots = Arc::new(roots);
    let (provider, own) = (catalyst_core::tls::provider, |identity: &MockIdentity| {
        let svid = identity.x509().unwrap();
        let chain = svid.chain().iter().map(|der| CertificateDer::from(der.clone())).collect::<Vec<_>>();
        (chain, PrivateKeyDer::try_from(svid.private_key().expose().to_vec()).unwrap())
    });
    let (chain, key) = own(web);
    let mut client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(Arc::clone(&roots))
        .with_client_auth_cert(chain, key)
        .unwrap();
    client.resumption = Resumption::disabled();
    let (chain, key) = own(api);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
        .clear_root_hint_subjects()
        .build()
        .unwrap();
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    (Arc::new(client), Arc::new(server))
}

fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) {
    let name = ServerName::try_from("api.test").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    let mut wire = Vec::with_capacity(4096);
    while client.is_handshaking() || server.is_handshaking() || client.wants_write() {
        wire.clear();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
}

/// From the moment the agent has the new SVID until it is what a handshake would present, the wire included; and the
/// part of it from the update's arrival on, as the source itself reports it.
fn rotations() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!(
        "\n{:<52} {:>10} {:>10}           target",
        "A new SVID is what a handshake presents", "median", "p99"
    );
    let sent = runtime.block_on(rotate());
    print_percentiles("from the agent's sending on", sent, "");
    let logs = catalyst_core::testing::LogCapture::default();
    tracing::subscriber::set_global_default(logs.subscriber()).unwrap();
    runtime.block_on(rotate());
    let text = logs.text();
    let reported = text.split("took_us=").skip(1).map(|rest| rest.split_whitespace().next().unwrap());
    let received = reported.map(|micros| micros.parse::<f64>().unwrap() * 1e3).collect();
    print_percentiles("from the update's arrival on", received, "1 ms");
}

/// Nanoseconds that each of many rotations took.
async fn rotate() -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let agent = FakeAgent::start(&folder.path().join("agent.sock")).await.unwrap();
    let source = WorkloadApi::builder(&agent.address()).unwrap().connect().await.unwrap();
    let mut latencies = Vec::new();
    for _ in 0..ROTATIONS {
        let mut updates = source.updates();
        let serial = agent.identity().rotate().unwrap();
        let sent = Instant::now();
        while source.x509().unwrap().serial() != serial {
            updates.changed().await.unwrap();
        }
        latencies.push(sent.elapsed().as_nanos() as f64);
    }
    latencies
}

fn print_percentiles(what: &str, mut latencies: Vec<f64>, target: &str) {
    latencies.sort_unstable_by(f64::total_cmp);
    let [median, p99] = [50, 99].map(|percent| time(latencies[latencies.len() * percent / 100]));
    println!("{:<52} {median:>10} {p99:>10}           {target}", format!("  {what}"));
}

/// Nanoseconds that `work` takes.
fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}
