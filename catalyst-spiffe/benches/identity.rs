//! What identity costs: reading it, deciding with it, a handshake with it, and a rotation of it.
//!
//! `cargo bench -p catalyst-spiffe`. The handshakes of ours and of plain rustls with static certificates alternate
//! in one run, so that their ratio does not depend on what else the machine does.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark: it stops on failure, prints its figures and reads the machine's clock"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalyst_spiffe::mock::MockIdentity;
use catalyst_spiffe::testing::FakeAgent;
use catalyst_spiffe::{Authorizer, SpiffeId, WorkloadApi, WorkloadIdentity, tls};
use criterion::Criterion;
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

const API: &str = "spiffe://catalyst.local/ns/shop/sa/api";
const WEB: &str = "spiffe://catalyst.local/ns/shop/sa/web";

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    reads(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only wants to know that it runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 3_000 } else { 3 };
    handshakes(rounds);
    rotations(rounds.min(500));
}

fn reads(criterion: &mut Criterion) {
    let identity = MockIdentity::new(API).unwrap();
    let bare = arc_swap::ArcSwap::from_pointee(0_u64);
    criterion.bench_function("bare ArcSwap::load_full", |bench| bench.iter(|| black_box(bare.load_full())));
    criterion.bench_function("x509()", |bench| bench.iter(|| black_box(identity.x509().unwrap())));
    let id: SpiffeId = API.parse().unwrap();
    let exact = Authorizer::exact(id.clone());
    criterion.bench_function("authorize exact", |bench| bench.iter(|| exact.authorize(black_box(&id))));
    let namespace = Authorizer::namespace(id.trust_domain().clone(), "shop");
    criterion
        .bench_function("authorize namespace", |bench| bench.iter(|| namespace.authorize(black_box(&id))));
    criterion.bench_function("parse SPIFFE ID", |bench| bench.iter(|| black_box(API).parse::<SpiffeId>()));
}

/// mTLS on both sides in memory, ours and plain rustls in turn.
fn handshakes(rounds: usize) {
    let api = MockIdentity::builder(API).unwrap().dns_name("api.test").build().unwrap();
    let web = api.sibling(WEB).unwrap();
    let plain = plain(&api, &web);
    let ours = (
        tls::mtls_client(Arc::new(web), Authorizer::exact(API.parse().unwrap())).unwrap(),
        tls::mtls_server(Arc::new(api), Authorizer::exact(WEB.parse().unwrap())).unwrap(),
    );
    let (mut with_ours, mut with_plain) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        with_ours.push(timed(|| handshake(&ours.0, &ours.1)));
        with_plain.push(timed(|| handshake(&plain.0, &plain.1)));
    }
    let (ours, plain) = (median(&mut with_ours), median(&mut with_plain));
    let ratio = ours.as_secs_f64() / plain.as_secs_f64();
    println!(
        "mTLS handshake, median of {rounds}: ours {ours:.1?}, plain rustls {plain:.1?}, ratio {ratio:.3}"
    );
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
fn rotations(rounds: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut whole = runtime.block_on(rotate(rounds));
    let (typical, p99) = (median(&mut whole), whole[whole.len() * 99 / 100]);
    println!("rotation, agent to presented, {rounds} times: median {typical:.1?}, p99 {p99:.1?}");

    let logs = catalyst_core::testing::LogCapture::default();
    tracing::subscriber::set_global_default(logs.subscriber()).unwrap();
    runtime.block_on(rotate(rounds.min(200)));
    let text = logs.text();
    let reported =
        text.split("took_us=").skip(1).filter_map(|rest| rest.split_whitespace().next()?.parse().ok());
    let mut applied: Vec<Duration> = reported.map(Duration::from_micros).collect();
    let (typical, p99) = (median(&mut applied), applied[applied.len() * 99 / 100]);
    println!("rotation, received to presented, {} times: median {typical:.1?}, p99 {p99:.1?}", applied.len());
}

async fn rotate(rounds: usize) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let agent = FakeAgent::start(&folder.path().join("agent.sock")).await.unwrap();
    let source = WorkloadApi::builder(&agent.address()).unwrap().connect().await.unwrap();
    let mut latencies = Vec::new();
    for _ in 0..rounds {
        let mut updates = source.updates();
        let serial = agent.identity().rotate().unwrap();
        let sent = Instant::now();
        while source.x509().unwrap().serial() != serial {
            updates.changed().await.unwrap();
        }
        latencies.push(sent.elapsed());
    }
    latencies
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(samples: &mut [Duration]) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}
