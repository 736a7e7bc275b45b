//! The pool-domain-manager's client against its fake, defects included.
#![allow(clippy::unwrap_used, reason = "a part of tests")]

use std::time::Duration;

use catalyst_core::testing::LogCapture;
use catalyst_core::{RetryAdvice, RetryConfig};
use catalyst_dns::pool::{
    AllocationState, Availability, Committed, PoolClaim, PoolLabel, Released, SovereignTarget,
};
use catalyst_dns::registrar::NameServers;
use catalyst_dns::testing::{FakePool, PoolFault};
use catalyst_dns::{DnsZones, ErrorKind, RecordData, RecordSet, RecordType, Secret, Ttl, ZoneName};

const LABEL: &str = "omantel";

fn pool() -> ZoneName {
    "omani.works".parse().unwrap()
}

fn label() -> PoolLabel {
    LABEL.parse().unwrap()
}

fn target() -> SovereignTarget {
    SovereignTarget::new("omantel.omani.works".parse().unwrap(), [192, 0, 2, 10].into())
}

fn claim(by: &str) -> PoolClaim {
    PoolClaim::new(pool(), label(), by, target())
}

async fn records(fake: &FakePool) -> Vec<RecordSet> {
    fake.zones().record_sets(&claim("us").zone().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_name_goes_from_free_to_reserved_to_active_and_back() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    assert_eq!(pools.check(&pool(), &label()).await.unwrap(), Availability::Free);
    let reservation = pools.reserve(&pool(), &label(), "us").await.unwrap();
    assert_eq!(pools.check(&pool(), &label()).await.unwrap(), Availability::Reserved);
    assert_eq!(pools.commit(&reservation, &target()).await.unwrap(), Committed::Served);
    assert_eq!(pools.check(&pool(), &label()).await.unwrap(), Availability::Active);
    let list = pools.list(&pool()).await.unwrap();
    assert_eq!((list.len(), list[0].state), (1, AllocationState::Active));
    assert_eq!(list[0].sovereign.as_ref().unwrap().to_string(), "omantel.omani.works");
    assert_eq!(records(&fake).await.len(), 6);
    assert_eq!(pools.release(&pool(), &label()).await.unwrap(), Released::Freed);
    assert_eq!(pools.release(&pool(), &label()).await.unwrap(), Released::NotThere);
    assert!(pools.reserved().await.unwrap().contains(&"console".to_owned()));
}

#[tokio::test]
async fn each_refusal_is_typed() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    let reservation = pools.reserve(&pool(), &label(), "us").await.unwrap();
    let error = pools.reserve(&pool(), &label(), "them").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("taken")));
    assert_eq!((error.service(), error.target()), (Some("pool-domain-manager"), Some("omantel.omani.works")));
    let unmanaged: ZoneName = "example.org".parse().unwrap();
    assert_eq!(pools.check(&unmanaged, &label()).await.unwrap(), Availability::UnsupportedPool);
    let error = pools.reserve(&unmanaged, &label(), "us").await.unwrap_err();
    assert_eq!(error.code(), Some("unsupported_pool"));

    fake.advance(Duration::from_secs(601));
    let error = pools.commit(&reservation, &target()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Expired, Some("reservation_expired")));
    let next = pools.reserve(&pool(), &label(), "them").await.unwrap();
    let error = pools.commit(&reservation, &target()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::PermissionDenied, Some("token_mismatch")));
    pools.commit(&next, &target()).await.unwrap();
    let error = pools.commit(&next, &target()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("already_active")));
}

#[tokio::test]
async fn a_commit_whose_dns_failed_is_stored_and_cannot_be_committed_again() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    let reservation = pools.reserve(&pool(), &label(), "us").await.unwrap();
    fake.inject(PoolFault::DnsWrite);
    assert_eq!(pools.commit(&reservation, &target()).await.unwrap(), Committed::DnsPending);
    assert!(records(&fake).await.is_empty());
    assert_eq!(pools.commit(&reservation, &target()).await.unwrap_err().code(), Some("already_active"));
    // From there, the flow writes the records itself.
    let done = pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap();
    assert_eq!((done.reserved, done.committed, done.repaired), (false, false, 6));
    assert_eq!(records(&fake).await.len(), 6);
}

#[tokio::test]
async fn what_a_release_left_behind_is_cleaned_up_and_nothing_else() {
    let fake = FakePool::start().await;
    let (pools, zones) = (fake.pools().unwrap(), fake.zones());
    pools.ensure_allocated(&claim("us"), &zones).await.unwrap();
    let error = pools.clean_up(&pool(), &label(), &zones).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("taken")), "it is in use");
    fake.inject(PoolFault::Teardown);
    assert_eq!(pools.release(&pool(), &label()).await.unwrap(), Released::DnsPending);
    assert_eq!(pools.release(&pool(), &label()).await.unwrap(), Released::NotThere);
    let name = claim("us").zone().unwrap();
    assert_eq!(zones.find(&pool(), name.apex(), None).await.unwrap().len(), 1, "still delegated");
    for _ in 0..2 {
        pools.clean_up(&pool(), &label(), &zones).await.unwrap();
        assert!(zones.find(&pool(), name.apex(), None).await.unwrap().is_empty());
        assert!(!zones.zones().await.unwrap().contains(&name));
    }
}

#[tokio::test]
async fn two_runs_at_once_make_one_name() {
    let fake = FakePool::start().await;
    let (pools, zones, claim) = (fake.pools().unwrap(), fake.zones(), claim("us"));
    let runs = (0..4).map(|_| pools.ensure_allocated(&claim, &zones));
    for done in futures_util::future::join_all(runs).await {
        done.unwrap();
    }
    assert_eq!((pools.list(&pool()).await.unwrap().len(), records(&fake).await.len()), (1, 6));
}

#[tokio::test]
async fn ensuring_twice_does_nothing_the_second_time() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    let first = pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap();
    assert_eq!((first.reserved, first.committed, first.repaired), (true, true, 0));
    let console =
        PoolClaim::new(pool(), "two".parse().unwrap(), "us", target().console([192, 0, 2, 20].into()));
    for unchanged in [false, true] {
        let done = pools.ensure_allocated(&console, &fake.zones()).await.unwrap();
        assert_eq!((done.is_unchanged(), done.repaired, done.kept), (unchanged, 0, vec![]));
    }
    let sets = fake.zones().record_sets(&console.zone().unwrap()).await.unwrap();
    assert_eq!(sets.iter().filter(|set| set.records() == [RecordData::A([192, 0, 2, 20].into())]).count(), 3);
    let second = pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap();
    assert!(second.is_unchanged() && second.kept.is_empty(), "{second:?}");
}

/// Whatever goes wrong at any request, a second run ends where the first was to.
#[tokio::test]
async fn it_goes_on_from_wherever_a_run_was_cut_off() {
    let cuts = [
        PoolFault::Drop,
        PoolFault::DropAfter,
        PoolFault::DnsWrite,
        PoolFault::Dnssec,
        PoolFault::Database,
        PoolFault::HtmlBody,
    ];
    for cut in &cuts {
        for second in &cuts {
            let fake = FakePool::start().await;
            let pools = fake.builder().unwrap().retry(RetryConfig::never()).build().unwrap();
            fake.inject(cut.clone());
            fake.inject(second.clone());
            let mut ended = None;
            for _ in 0..4 {
                ended = Some(pools.ensure_allocated(&claim("us"), &fake.zones()).await);
                if matches!(ended, Some(Ok(_))) {
                    break;
                }
            }
            assert!(matches!(ended, Some(Ok(_))), "{cut:?} {second:?} {ended:?}");
            assert_eq!(records(&fake).await.len(), 6, "{cut:?} {second:?}");
            let list = pools.list(&pool()).await.unwrap();
            assert_eq!((list.len(), list[0].state), (1, AllocationState::Active), "{cut:?} {second:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_second_reservation() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    fake.inject(PoolFault::DropAfter);
    let error = pools.reserve(&pool(), &label(), "us").await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
    // The next run finds its own, with the token that nobody heard.
    let done = pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap();
    assert_eq!((done.reserved, done.committed), (false, true));
}

#[tokio::test]
async fn the_reservation_of_another_is_waited_for_and_not_taken() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    pools.reserve(&pool(), &label(), "them").await.unwrap();
    let error = pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("reserved_by_another")));
    let RetryAdvice::After(wait) = error.retry() else { panic!("{error:?}") };
    assert!((Duration::from_secs(590)..=Duration::from_secs(601)).contains(&wait), "{wait:?}");
    fake.advance(Duration::from_secs(601));
    assert!(pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap().reserved);

    let other = SovereignTarget::new("other.omani.works".parse().unwrap(), [192, 0, 2, 11].into());
    let error = pools
        .ensure_allocated(&PoolClaim::new(pool(), label(), "them", other), &fake.zones())
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.retry()), (Some("taken"), RetryAdvice::Never));
}

#[tokio::test]
async fn records_of_others_in_the_zone_are_kept() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    fake.inject(PoolFault::DnsWrite);
    let reservation = pools.reserve(&pool(), &label(), "us").await.unwrap();
    pools.commit(&reservation, &target()).await.unwrap();
    let zone = claim("us").zone().unwrap();
    let lua = RecordData::parse(RecordType::Lua, r#"A "ifportup(443, {'192.0.2.1'})""#).unwrap();
    let set = RecordSet::new(zone.child("gitea").unwrap(), Ttl::MINUTE, [lua]).unwrap();
    fake.zones().write(&zone, set.clone());
    let done = pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap();
    assert_eq!((done.repaired, done.kept), (5, vec![set.key()]));
    assert!(records(&fake).await.contains(&set));
}

#[tokio::test]
async fn reads_are_repeated_and_writes_in_doubt_are_not() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    fake.inject(PoolFault::Database);
    assert_eq!(pools.check(&pool(), &label()).await.unwrap(), Availability::Free);
    assert_eq!(fake.requests(), 2);
    fake.inject(PoolFault::Database);
    let error = pools.reserve(&pool(), &label(), "us").await.unwrap_err();
    assert!(error.outcome_unknown() && error.code() == Some("unavailable"), "{error}");
    assert_eq!(fake.requests(), 3);
    let quick = fake.builder().unwrap().timeout(Duration::from_millis(200)).build().unwrap();
    fake.inject(PoolFault::SlowAfter(Duration::from_secs(60)));
    let error = quick.reserve(&pool(), &label(), "us").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Timeout, true));
}

#[tokio::test]
async fn name_servers_set_by_the_manager_are_never_called_verified() {
    let fake = FakePool::start().await;
    let pools = fake.pools().unwrap();
    fake.set_domain("example.org", &["ns1.old.example.net", "ns2.old.example.net"]);
    let domain = "example.org".parse().unwrap();
    let servers =
        NameServers::new(["ns1.openova.io", "ns2.openova.io"].map(|name| name.parse().unwrap())).unwrap();
    let token = fake.registrar_token();
    assert!(pools.validate("namecheap", &domain, &token).await.unwrap());
    let set = pools.set_ns("namecheap", &domain, &token, &servers).await.unwrap();
    assert_eq!((set.servers, set.verified), (servers.clone(), false));
    assert_eq!(fake.nameservers("example.org"), ["ns1.openova.io", "ns2.openova.io"]);

    // A failed read-back is a success that is none.
    fake.inject(PoolFault::ReadBack);
    let back =
        NameServers::new(["a.example.net", "b.example.net"].map(|name| name.parse().unwrap())).unwrap();
    let set = pools.set_ns("namecheap", &domain, &token, &back).await.unwrap();
    assert_eq!((set.servers, set.verified), (back, false));
    assert_eq!(fake.nameservers("example.org"), ["ns1.openova.io", "ns2.openova.io"]);

    for (word, code) in [
        ("invalid-token", "bad_credential"),
        ("domain-not-in-account", "not_in_account"),
        ("rate-limited", "rate_limited"),
        ("api-unavailable", "unavailable"),
        ("registrar-error", "registrar_error"),
    ] {
        let once = fake.builder().unwrap().retry(RetryConfig::never()).build().unwrap();
        fake.inject(PoolFault::Registrar(word));
        let error = once.set_ns("namecheap", &domain, &token, &servers).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    let asked = fake.requests();
    let error = pools.validate("../reserved", &domain, &token).await.unwrap_err();
    assert_eq!((error.code(), fake.requests()), (Some("unsupported_registrar"), asked));
    let error = pools.validate("nobody", &domain, &token).await.unwrap_err();
    assert_eq!(error.code(), Some("unsupported_registrar"));
    assert!(error.server_message().unwrap().contains("namecheap"), "{error}");
    let error = pools.validate("ovh", &domain, &Secret::new("wrong")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("bad_credential")));
}

#[tokio::test]
async fn tokens_are_never_printed() {
    let fake = FakePool::start().await;
    let logs = LogCapture::default();
    let listening = logs.listen();
    let password = Secret::new("canary-password");
    let pools = fake.builder().unwrap().basic_auth("operator", &password).build().unwrap();
    let reservation = pools.reserve(&pool(), &label(), "us").await.unwrap();
    let tokens = fake.tokens();
    let listed = pools.list(&pool()).await.unwrap();
    logs.add(&format!("{reservation:?} {listed:?} {pools:?}"));
    fake.inject(PoolFault::HtmlBody);
    let error = pools.commit(&reservation, &target()).await.unwrap_err();
    logs.add(&format!("{error} {error:?}"));
    pools.ensure_allocated(&claim("us"), &fake.zones()).await.unwrap();
    fake.set_domain("example.org", &[]);
    let domain = "example.org".parse().unwrap();
    assert!(pools.validate("ovh", &domain, &fake.registrar_token()).await.unwrap());
    fake.inject(PoolFault::Registrar("api-unavailable"));
    assert!(pools.validate("ovh", &domain, &fake.registrar_token()).await.unwrap());
    fake.inject(PoolFault::Registrar("invalid-token"));
    let error = pools.validate("ovh", &domain, &fake.registrar_token()).await.unwrap_err();
    logs.add(&format!("{error} {error:?}"));
    drop(listening);
    let mut secrets = vec!["canary-registrar-token", "canary-password", "b3BlcmF0b3I6"];
    assert_eq!(tokens.len(), 1);
    secrets.extend(tokens.iter().map(String::as_str));
    assert!(logs.text().contains("omantel.omani.works"));
    logs.assert_absent(&secrets);
}
