//! What the client makes of a server that fails, with the faults real on the wire.

use std::time::Duration;

use catalyst_core::{ErrorKind, RetryConfig};
use catalyst_openbao::mock::{Fault, FaultRule, MockRole, Operation, Refusal, TokenGrant};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{DynamicCredentials, OpenBao, RoleName, SecretStore, Standing};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn role() -> RoleName {
    "app".parse().unwrap()
}

/// A server with a role and a secret, and a client that waits a second at most and tries `attempts` times.
async fn setup(attempts: u32) -> (FakeOpenBao, OpenBao) {
    let fake = FakeOpenBao::start().await;
    fake.model().set_role("database", "app", MockRole::new(secs(60)));
    fake.model().put_secret("secret", "x", [("user", "a")]);
    let builder = fake.client_with(TokenGrant::new(secs(3600))).unwrap();
    let bao =
        builder.timeout(secs(1)).max_body(4096).retry(RetryConfig::new(attempts, secs(20))).build().unwrap();
    bao.session().await.unwrap();
    (fake, bao)
}

fn inject(fake: &FakeOpenBao, fault: Fault, operation: Operation) {
    fake.faults().inject(FaultRule::new(fault).on(operation));
}

#[tokio::test]
async fn a_read_is_repeated_after_every_passing_fault() {
    let (fake, bao) = setup(2).await;
    let (store, path) = (bao.kv("secret".parse().unwrap()), "x".parse().unwrap());
    for fault in [
        Fault::Drop,
        Fault::DropAnswer,
        Fault::NoAnswer,
        Fault::Delay(secs(3)),
        Fault::Refuse(Refusal::precondition_failed()),
        Fault::Refuse(Refusal::rate_limited("secret/data/x", Some(secs(1)))),
        Fault::Refuse(Refusal::internal("boom")),
        Fault::Refuse(Refusal::sealed()),
        Fault::Refuse(Refusal::no_active_node()),
    ] {
        inject(&fake, fault.clone(), Operation::KvRead);
        let read = store.read(&path, None).await;
        assert!(read.is_ok(), "{fault:?}: {read:?}");
        assert_eq!(fake.faults().pending(), 0, "{fault:?} struck");
    }
}

#[tokio::test]
async fn a_mint_whose_outcome_is_unknown_is_not_repeated() {
    let (fake, bao) = setup(3).await;
    let database = bao.database("database".parse().unwrap());
    for (fault, kind, users) in [
        (Fault::Drop, ErrorKind::Unavailable, 0),
        (Fault::DropAnswer, ErrorKind::Unavailable, 1),
        (Fault::NoAnswer, ErrorKind::Timeout, 1),
        (Fault::NotJson, ErrorKind::Decode, 1),
        (Fault::OversizedBody(100_000), ErrorKind::Decode, 1),
    ] {
        let (before, calls) = (fake.model().live_users().len(), fake.model().calls(Operation::Issue));
        inject(&fake, fault.clone(), Operation::Issue);
        let error = database.issue(&role()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome_unknown()), (kind, true), "{fault:?}: {error:?}");
        assert_eq!(fake.model().calls(Operation::Issue), calls + 1, "{fault:?} was not repeated");
        assert_eq!(fake.model().live_users().len(), before + users, "{fault:?}");
    }
}

#[tokio::test]
async fn a_mint_that_was_refused_in_passing_is_repeated() {
    let (fake, bao) = setup(2).await;
    let database = bao.database("database".parse().unwrap());
    for refusal in
        [Refusal::sealed(), Refusal::no_active_node(), Refusal::rate_limited("database/creds/app", None)]
    {
        inject(&fake, Fault::Refuse(refusal.clone()), Operation::Issue);
        let minted = database.issue(&role()).await;
        assert!(minted.is_ok(), "{refusal:?}: {minted:?}");
    }
    assert_eq!(fake.model().counters().mints, 3);
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_a_typed_error() {
    let (fake, bao) = setup(1).await;
    let (store, path) = (bao.kv("secret".parse().unwrap()), "x".parse().unwrap());
    for fault in [Fault::OversizedBody(100_000), Fault::NotJson] {
        inject(&fake, fault.clone(), Operation::KvRead);
        assert_eq!(store.read(&path, None).await.unwrap_err().kind(), ErrorKind::Decode, "{fault:?}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_not_followed_and_one_to_the_same_is() {
    let (fake, bao) = setup(1).await;
    let (store, path) = (bao.kv("secret".parse().unwrap()), "x".parse().unwrap());
    let elsewhere = Refusal::redirect("http://127.0.0.1:9/v1/secret/data/x");
    inject(&fake, Fault::Refuse(elsewhere), Operation::KvRead);
    let error = store.read(&path, None).await.unwrap_err();
    assert_eq!(error.code(), Some("standby_redirect"), "{error}");
    let same = Refusal::redirect(format!("{}/v1/secret/data/x", fake.address()));
    inject(&fake, Fault::Refuse(same), Operation::KvRead);
    assert!(store.read(&path, None).await.is_ok());
}

#[tokio::test]
async fn a_refused_token_is_looked_up_and_a_lost_one_replaced_once() {
    let (fake, bao) = setup(1).await;
    let database = bao.database("database".parse().unwrap());
    let before = database.issue(&role()).await.unwrap();
    fake.model().revoke_all_tokens();
    let after = database.issue(&role()).await.unwrap();
    assert_eq!(before.session.state().standing, Standing::Lost);
    assert_eq!(after.session.state().standing, Standing::Lasting);
    assert_eq!(fake.model().calls(Operation::Login), 2);
    // A 403 for ever is an error, and not a loop.
    let refuse = Fault::Refuse(Refusal::permission_denied());
    fake.faults().inject(FaultRule::new(refuse).on(Operation::Issue).until_cleared());
    let calls = fake.model().calls(Operation::Issue);
    assert_eq!(database.issue(&role()).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert!(fake.model().calls(Operation::Issue) - calls <= 2);
}

#[tokio::test]
async fn a_sealed_server_is_an_answer_to_health_and_a_typed_error_to_everything_else() {
    let (fake, bao) = setup(1).await;
    fake.model().seal();
    assert!(bao.health().await.is_ok());
    let error = bao.database("database".parse().unwrap()).issue(&role()).await.unwrap_err();
    assert_eq!((error.code(), error.outcome_unknown()), (Some("sealed"), false));
    fake.model().unseal();
    assert!(bao.database("database".parse().unwrap()).issue(&role()).await.is_ok());
}

#[tokio::test]
async fn a_restored_server_knows_neither_our_token_nor_our_lease() {
    let (fake, bao) = setup(1).await;
    let database = bao.database("database".parse().unwrap());
    let snapshot = fake.model().snapshot();
    let lease = database.issue(&role()).await.unwrap();
    fake.model().roll_back_leases(&snapshot);
    assert_eq!(database.renew(&lease.id, None).await.unwrap_err().code(), Some("lease_not_found"));
    assert!(
        fake.model().password_of(&lease.value.username).is_some(),
        "its user lives on, and nobody knows it"
    );
}

#[tokio::test]
async fn a_database_that_is_away_is_told_from_one_that_refuses() {
    let (fake, bao) = setup(1).await;
    let database = bao.database("database".parse().unwrap());
    let lease = database.issue(&role()).await.unwrap();
    fake.model().set_database_down("database", true);
    assert_eq!(database.issue(&role()).await.unwrap_err().code(), Some("backend_down"));
    assert_eq!(database.renew(&lease.id, None).await.unwrap_err().code(), Some("backend_down"));
    assert_eq!(database.revoke(&lease.id).await.unwrap_err().code(), Some("backend_down"));
    fake.model().set_database_down("database", false);
    fake.model().set_database_keeps_users("database", Some("ERROR: permission denied (SQLSTATE 42501)"));
    assert_eq!(database.revoke(&lease.id).await.unwrap_err().code(), Some("backend_refused"));
    fake.model().set_database_keeps_users("database", None);
    assert!(database.revoke(&lease.id).await.is_ok());
}

#[tokio::test]
async fn a_clipped_term_is_what_the_lease_says() {
    let (fake, bao) = setup(1).await;
    let database = bao.database("database".parse().unwrap());
    inject(&fake, Fault::ClipTtl(secs(7)), Operation::Issue);
    let lease = database.issue(&role()).await.unwrap();
    assert_eq!(lease.term.ttl, secs(7));
    inject(&fake, Fault::ClipTtl(secs(3)), Operation::LeaseRenew);
    assert_eq!(database.renew(&lease.id, Some(secs(60))).await.unwrap().ttl, secs(3));
}
