//! The source and the fake agent together, over a real socket.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::testing::LogCapture;
use catalyst_core::{Clock, ErrorKind};
use catalyst_spiffe::mock::{LeafDefect, MockIdentity};
use catalyst_spiffe::testing::{AgentFault, FakeAgent, MalformedUpdate, contract};
use catalyst_spiffe::{Authorizer, IdentityState, WorkloadApi, WorkloadIdentity, tls};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

const LIMIT: Duration = Duration::from_secs(20);
const SECOND: Duration = Duration::from_secs(1);
const DEFAULT: &str = "spiffe://catalyst.local/ns/default/sa/default";

struct Setup {
    agent: FakeAgent,
    source: WorkloadApi,
    _folder: TempDir,
}

async fn agent() -> (FakeAgent, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let agent = FakeAgent::start(&folder.path().join("agent.sock")).await.unwrap();
    (agent, folder)
}

async fn setup() -> Setup {
    let (agent, folder) = agent().await;
    let source = WorkloadApi::builder(&agent.address()).unwrap().connect().await.unwrap();
    Setup { agent, source, _folder: folder }
}

/// Waits until `probe` finds something, looking every few milliseconds: not all that matters is an update.
async fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let found = timeout(LIMIT, async {
        loop {
            if let Some(found) = probe() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

fn serial(identity: &dyn WorkloadIdentity) -> Option<String> {
    identity.x509().ok().map(|svid| svid.serial().to_owned())
}

#[tokio::test]
async fn the_mock_keeps_the_contract() {
    let mock = MockIdentity::new(DEFAULT).unwrap();
    contract::all(&mock, &mock, &DEFAULT.parse().unwrap()).await;
}

#[tokio::test]
async fn the_source_keeps_the_contract_with_the_fake_agent() {
    let setup = setup().await;
    contract::all(&setup.source, &setup.agent.identity(), &DEFAULT.parse().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_cause_one_call_to_the_agent() {
    let setup = setup().await;
    setup.agent.inject(AgentFault::Delay(Duration::from_millis(50)));
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let source = setup.source.clone();
            tokio::spawn(async move { source.jwt(&["openbao"]).await.unwrap().token().expose().to_owned() })
        })
        .collect();
    let first = setup.source.jwt(&["openbao"]).await.unwrap();
    for task in tasks {
        assert_eq!(task.await.unwrap(), first.token().expose());
    }
    assert_eq!(setup.agent.counts().jwt_svid, 1);
}

#[tokio::test]
async fn a_token_is_refreshed_at_half_life_and_never_handed_out_after_its_end() {
    let (clock, hand) = Clock::manual();
    let folder = tempfile::tempdir().unwrap();
    let mock =
        MockIdentity::builder(DEFAULT).unwrap().clock(clock.clone()).jwt_ttl(4 * SECOND).build().unwrap();
    let agent = FakeAgent::serving(&folder.path().join("s"), mock).await.unwrap();
    let source = WorkloadApi::builder(&agent.address()).unwrap().clock(clock).connect().await.unwrap();
    let first = source.jwt(&["a"]).await.unwrap();
    // Half of its life by tokio's clock, which the cache counts on.
    eventually("a refresh", || (first.issued_at().elapsed().ok()? > 2 * SECOND).then_some(())).await;
    assert_ne!(source.jwt(&["a"]).await.unwrap().token(), first.token());
    hand.advance(10 * SECOND);
    let third = source.jwt(&["a"]).await.unwrap();
    assert!(third.remaining(&source.clock()) > SECOND);
}

#[tokio::test]
async fn a_missing_socket_is_told_with_address_and_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("unix:{}/none.sock", folder.path().display());
    let (started, limit) = (Instant::now(), Duration::from_millis(700));
    let builder = WorkloadApi::builder(&address).unwrap().initial_timeout(limit);
    let error = builder.connect().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Connect, Some("no_socket")));
    assert_eq!(error.target(), Some(&*address));
    assert!(error.attempts() >= 2 && started.elapsed() < limit + SECOND, "{error}");
    assert!(error.to_string().contains("is the agent running"), "{error}");
}

#[tokio::test]
async fn no_identity_is_retried_until_there_is_one() {
    let (agent, _folder) = agent().await;
    agent.identity().withdraw();
    let impatient =
        WorkloadApi::builder(&agent.address()).unwrap().initial_timeout(Duration::from_millis(300));
    let error = impatient.connect().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.status()),
        (ErrorKind::Identity, Some("no_identity_issued"), Some(7))
    );
    let patient = tokio::spawn(WorkloadApi::builder(&agent.address()).unwrap().connect());
    let before = agent.counts().x509_svid;
    eventually("a denied attempt", || (agent.counts().x509_svid > before).then_some(())).await;
    agent.identity().restore().unwrap();
    let source = timeout(LIMIT, patient).await.unwrap().unwrap().unwrap();
    assert_eq!(source.id().unwrap().to_string(), DEFAULT);
}

#[tokio::test]
async fn an_endpoint_that_is_no_workload_api_fails_at_once() {
    for (status, kind) in [(12, ErrorKind::Config), (3, ErrorKind::InvalidRequest)] {
        let (agent, _folder) = agent().await;
        agent.inject(AgentFault::Status(status));
        let started = Instant::now();
        let error = WorkloadApi::builder(&agent.address()).unwrap().connect().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(status)));
        assert!(started.elapsed() < 5 * SECOND);
    }
}

#[tokio::test]
async fn a_silent_agent_at_the_start_is_a_timeout() {
    let (agent, _folder) = agent().await;
    agent.inject(AgentFault::Silence);
    let builder = WorkloadApi::builder(&agent.address()).unwrap().initial_timeout(Duration::from_millis(300));
    let error = builder.connect().await.unwrap_err();
    assert_eq!((error.kind(), error.target()), (ErrorKind::Timeout, Some(&*agent.address())));
}

#[tokio::test]
async fn malformed_updates_at_the_start_are_told_and_survived() {
    let (agent, _folder) = agent().await;
    agent.inject(AgentFault::Malformed(MalformedUpdate::Garbage, 1_000));
    let builder = WorkloadApi::builder(&agent.address()).unwrap();
    let error = builder.clone().initial_timeout(Duration::from_millis(300)).connect().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("malformed_update")));
    assert!(error.attempts() >= 2);
    agent.inject(AgentFault::Malformed(MalformedUpdate::Empty, 2));
    builder.connect().await.unwrap();
}

#[tokio::test]
async fn every_malformed_update_keeps_the_last_good_identity() {
    let setup = setup().await;
    let kinds = [
        MalformedUpdate::Empty,
        MalformedUpdate::Garbage,
        MalformedUpdate::WrongKey,
        MalformedUpdate::Leaf(LeafDefect::TwoUriSans),
        MalformedUpdate::Leaf(LeafDefect::Authority),
        MalformedUpdate::Oversized,
    ];
    for what in kinds {
        let good = serial(&setup.source).unwrap();
        setup.agent.inject(AgentFault::Malformed(what, 3));
        let health = eventually("the failure to show", || {
            Some(setup.source.health()).filter(|health| health.last_error.is_some())
        });
        let health = health.await;
        assert_eq!(health.state, IdentityState::Degraded, "{what:?}");
        assert_eq!(serial(&setup.source).unwrap(), good, "{what:?}");
        setup.agent.clear();
        let next = setup.agent.identity().rotate().unwrap();
        eventually("the next good update", || serial(&setup.source).filter(|serial| *serial == next)).await;
        eventually("health", || (setup.source.health().state == IdentityState::Healthy).then_some(())).await;
    }
}

#[tokio::test]
async fn the_last_good_identity_is_kept_to_its_end_and_no_longer() {
    let (clock, hand) = Clock::manual();
    let folder = tempfile::tempdir().unwrap();
    let mock = MockIdentity::builder(DEFAULT).unwrap().clock(clock.clone()).build().unwrap();
    let agent = FakeAgent::serving(&folder.path().join("s"), mock).await.unwrap();
    let source = WorkloadApi::builder(&agent.address()).unwrap().clock(clock).connect().await.unwrap();
    agent.stop();
    hand.advance(299 * SECOND);
    assert!(source.x509().is_ok());
    hand.advance(SECOND);
    let error = source.x509().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Identity, Some("expired")));
    assert_eq!(source.health().state, IdentityState::Expired);
}

#[tokio::test]
async fn an_agent_that_was_killed_is_found_again() {
    let setup = setup().await;
    let old = serial(&setup.source).unwrap();
    setup.agent.stop();
    eventually("the outage to show", || (setup.source.health().failures > 0).then_some(())).await;
    assert_eq!(setup.source.health().state, IdentityState::Degraded);
    assert_eq!(serial(&setup.source).unwrap(), old);
    let new = setup.agent.identity().rotate().unwrap();
    setup.agent.resume().unwrap();
    eventually("the new SVID", || serial(&setup.source).filter(|serial| *serial == new)).await;
    setup.source.jwt(&["after the restart"]).await.unwrap();
}

#[tokio::test]
async fn a_token_can_be_fetched_after_a_restart_over_a_connection_that_died() {
    let setup = setup().await;
    setup.source.jwt(&["before"]).await.unwrap();
    setup.agent.restart(Duration::from_millis(50)).await.unwrap();
    setup.source.jwt(&["after"]).await.unwrap();
}

#[tokio::test]
async fn an_ended_stream_is_opened_again_without_a_storm() {
    let setup = setup().await;
    let before = setup.agent.counts().x509_svid;
    for _ in 0..5 {
        let opened = setup.agent.counts().x509_svid;
        setup.agent.end_streams();
        eventually("a new stream", || (setup.agent.counts().x509_svid > opened).then_some(())).await;
    }
    assert!(setup.agent.counts().x509_svid - before <= 6);
    let new = setup.agent.identity().rotate().unwrap();
    eventually("the new SVID", || serial(&setup.source).filter(|serial| *serial == new)).await;
}

#[tokio::test]
async fn a_denial_mid_stream_withdraws_at_once_and_asks_no_more_than_once_a_second() {
    let setup = setup().await;
    setup.source.jwt(&["a"]).await.unwrap();
    let before = setup.agent.counts().x509_svid;
    setup.agent.inject(AgentFault::Deny);
    eventually("the withdrawal", || setup.source.x509().err()).await;
    let health = setup.source.health();
    assert_eq!(health.state, IdentityState::Withdrawn);
    assert_eq!(health.last_error.unwrap().status(), Some(7));
    assert!(setup.source.jwt(&["a"]).await.is_err(), "a cached token survived");
    tokio::time::sleep(1500 * Duration::from_millis(1)).await;
    assert!(setup.agent.counts().x509_svid - before <= 2);
    setup.agent.clear();
    eventually("the identity to come back", || setup.source.x509().ok()).await;
    setup.source.jwt(&["a"]).await.unwrap();
}

#[tokio::test]
async fn a_half_open_stream_is_noticed_before_the_svid_ends() {
    // Its whole life, with the 10 s that notBefore is set back, is 18 s: the first look is a quarter of 8 s from now.
    let folder = tempfile::tempdir().unwrap();
    let mock = MockIdentity::builder(DEFAULT).unwrap().ttl(8 * SECOND).build().unwrap();
    let agent = FakeAgent::serving(&folder.path().join("s"), mock).await.unwrap();
    let source = WorkloadApi::builder(&agent.address()).unwrap().connect().await.unwrap();
    let opened = agent.counts().x509_svid;
    agent.inject(AgentFault::Silence);
    eventually("a new stream", || (agent.counts().x509_svid > opened).then_some(())).await;
    assert!(source.x509().is_ok(), "noticed too late");
    assert_eq!(source.health().last_error.unwrap().code(), Some("silent"));
}

#[tokio::test]
async fn a_storm_of_updates_ends_with_the_newest() {
    let setup = setup().await;
    let updates = setup.source.updates();
    let before = updates.revision();
    setup.agent.storm(500);
    let newest = || {
        let sent = serial(&setup.agent.identity());
        (updates.revision() >= before + 500 && serial(&setup.source) == sent).then_some(())
    };
    eventually("the newest SVID", newest).await;
    assert_eq!(setup.source.health().state, IdentityState::Healthy);
}

#[tokio::test]
async fn an_update_without_news_is_no_revision() {
    let setup = setup().await;
    eventually("JWT authorities", || {
        let (bundles, id) = (setup.source.bundles().ok()?, setup.source.id().ok()?);
        bundles.jwt_authorities(id.trust_domain()).map(drop)
    })
    .await;
    let before = setup.source.updates().revision();
    // Tells the streams again; then a real change, to know that the repetition has passed.
    setup.agent.inject(AgentFault::Delay(Duration::ZERO));
    let new = setup.agent.identity().rotate().unwrap();
    eventually("the new SVID", || serial(&setup.source).filter(|serial| *serial == new)).await;
    assert_eq!(setup.source.updates().revision(), before + 1);
}

#[tokio::test]
async fn federated_bundles_come_with_the_identity_and_go_again() {
    let setup = setup().await;
    let partner = MockIdentity::new("spiffe://partner.test/x").unwrap();
    let domain = partner.id().unwrap().trust_domain().clone();
    setup.agent.identity().federate(&partner);
    let theirs = partner.bundles().unwrap();
    eventually("the partner's bundles", || {
        let ours = setup.source.bundles().ok()?;
        (ours.x509_authorities(&domain) == theirs.x509_authorities(&domain)
            && ours.jwt_authorities(&domain).is_some())
        .then_some(())
    })
    .await;
    setup.agent.identity().remove_bundle(&domain);
    eventually("their end", || {
        let ours = setup.source.bundles().ok()?;
        (ours.x509_authorities(&domain).is_empty() && ours.jwt_authorities(&domain).is_none()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_identity_can_be_chosen_by_hint() {
    let (agent, _folder) = agent().await;
    let main = agent.identity();
    let extra =
        MockIdentity::builder("spiffe://catalyst.local/ns/default/sa/extern").unwrap().hint("external");
    agent.add_identity(extra.build().unwrap());
    let builder = WorkloadApi::builder(&agent.address()).unwrap();
    let chosen = builder.clone().hint("external").connect().await.unwrap();
    assert_eq!(chosen.id().unwrap().path(), "/ns/default/sa/extern");
    assert_eq!(chosen.jwt(&["a"]).await.unwrap().id(), &chosen.id().unwrap());
    assert_eq!(builder.clone().connect().await.unwrap().id().unwrap(), main.id().unwrap());
    let missing =
        builder.hint("none").initial_timeout(Duration::from_millis(200)).connect().await.unwrap_err();
    assert!(missing.to_string().contains("hint \"none\""), "{missing}");
}

#[tokio::test]
async fn an_agent_without_jwt_gives_x509_all_the_same() {
    let setup = setup().await;
    setup.agent.inject(AgentFault::Status(12));
    let error = setup.source.jwt(&["a"]).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Config, Some(12)));
    assert!(setup.source.x509().is_ok());
}

#[tokio::test]
async fn after_shutdown_nothing_is_readable_and_nothing_runs() {
    let setup = setup().await;
    let mut updates = setup.source.updates();
    setup.source.shutdown(SECOND).await.unwrap();
    setup.source.shutdown(SECOND).await.unwrap();
    for error in [setup.source.x509().unwrap_err(), setup.source.jwt(&["a"]).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
    assert_eq!(setup.source.health().state, IdentityState::Stopped);
    updates.changed().await.unwrap();
    let calls = setup.agent.counts();
    setup.agent.end_streams();
    setup.agent.identity().rotate().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(setup.agent.counts(), calls);
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_task() {
    let setup = setup().await;
    let (mut updates, copy) = (setup.source.updates(), setup.source.clone());
    drop(setup.source);
    assert!(copy.x509().is_ok());
    drop(copy);
    let ended = timeout(LIMIT, async { while updates.changed().await.is_ok() {} });
    ended.await.unwrap();
}

#[tokio::test]
async fn what_the_agent_sends_is_presented_on_the_next_handshake_with_both_sides_live() {
    let setup = setup().await;
    let identity: Arc<dyn WorkloadIdentity> = Arc::new(setup.source.clone());
    let rule = || Authorizer::exact(DEFAULT.parse().unwrap());
    let client = tls::mtls_client(Arc::clone(&identity), rule()).unwrap();
    let server = tls::mtls_server(identity, rule()).unwrap();
    for _ in 0..5 {
        let mut updates = setup.source.updates();
        let (agent, rotated) = (setup.agent.identity(), setup.agent.identity().rotate().unwrap());
        while serial(&setup.source).unwrap() != rotated {
            updates.changed().await.unwrap();
        }
        let svid = agent.x509().unwrap();
        assert_eq!(handshake(&client, &server), [svid.chain()[0].clone(), svid.chain()[0].clone()]);
    }
}

/// A handshake in memory; the leaves that server and client presented.
fn handshake(client: &Arc<rustls::ClientConfig>, server: &Arc<rustls::ServerConfig>) -> [Vec<u8>; 2] {
    let name = "nowhere.test".try_into().unwrap();
    let mut client = rustls::ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = rustls::ServerConnection::new(Arc::clone(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() || client.wants_write() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
    [client.peer_certificates(), server.peer_certificates()].map(|chain| chain.unwrap()[0].to_vec())
}

#[tokio::test]
async fn the_agent_refuses_calls_without_the_standards_header() {
    let (agent, _folder) = agent().await;
    let path = agent.address().strip_prefix("unix:").unwrap().to_owned();
    let mut socket = tokio::net::UnixStream::connect(path).await.unwrap();
    // The preface and an empty SETTINGS frame, then HEADERS of a POST to FetchX509SVID in literal HPACK.
    let mut headers = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/SpiffeWorkloadAPI/FetchX509SVID"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
    ] {
        headers.extend([0, u8::try_from(name.len()).unwrap()]);
        headers.extend(name.as_bytes());
        headers.push(u8::try_from(value.len()).unwrap());
        headers.extend(value.as_bytes());
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend([0, 0, u8::try_from(headers.len()).unwrap(), 1, 5, 0, 0, 0, 1]);
    bytes.extend(headers);
    socket.write_all(&bytes).await.unwrap();
    let mut answer = vec![0; 64];
    assert!(socket.read(&mut answer).await.unwrap() > 0);
    eventually("the refusal", || (agent.counts().without_header == 1).then_some(())).await;
    assert_eq!(agent.counts().x509_svid, 0);
}

#[tokio::test]
async fn no_secret_is_printed() {
    let logs = LogCapture::default();
    let listening = logs.listen();
    let setup = setup().await;
    let (svid, jwt) = (setup.source.x509().unwrap(), setup.source.jwt(&["a"]).await.unwrap());
    setup.agent.inject(AgentFault::Malformed(MalformedUpdate::WrongKey, 1));
    eventually("the failure", || setup.source.health().last_error).await;
    setup.agent.identity().withdraw();
    let denied = eventually("the withdrawal", || setup.source.x509().err()).await;
    let identity: Arc<dyn WorkloadIdentity> = Arc::new(setup.source.clone());
    logs.add(&format!("{svid:?} {jwt:?} {denied:?} {denied} {identity:?} {:?}", identity.health()));
    drop(listening);
    let key = svid.private_key().expose();
    let list = format!("{:?}", &key[key.len() - 16..]);
    let hex = format!("{:02x?}", &key[key.len() - 16..]).replace(['[', ']', ',', ' '], "");
    let signature = jwt.token().expose().rsplit('.').next().unwrap();
    logs.assert_absent(&[jwt.token().expose(), signature, &hex, list.trim_matches(['[', ']'])]);
    assert!(logs.text().contains("identity updated"));
}
