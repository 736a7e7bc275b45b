//! The contract on the mock, in virtual time, and what only the mock promises.

use std::time::Duration;

use catalyst_openbao::mock::{
    Fault, FaultRule, MockDatabase, MockOpenBao, MockRole, MockStaticRole, Operation, Refusal, TokenGrant,
};
use catalyst_openbao::testing::contract::{self, DynamicSetting};
use catalyst_openbao::{DynamicCredentials, ErrorKind, RoleName, SecretStore, Standing};
use tokio::time::{Instant, advance};

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn role() -> RoleName {
    "app".parse().unwrap()
}

fn database(bao: &MockOpenBao) -> MockDatabase {
    bao.database("database".parse().unwrap()).role(&role(), MockRole::new(secs(4)).max_ttl(secs(8)))
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_of_the_store() {
    contract::store::all(&MockOpenBao::new().kv("secret".parse().unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_of_dynamic_credentials() {
    let bao = MockOpenBao::new();
    let setting = DynamicSetting { role: &role(), ttl: secs(4), max_ttl: secs(8), database: bao.model() };
    contract::dynamic::all(&database(&bao), &setting).await;
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_of_static_credentials() {
    let bao = MockOpenBao::new();
    let fixed: RoleName = "fixed".parse().unwrap();
    let database = database(&bao).static_role(&fixed, &MockStaticRole::new("app_static", secs(6)));
    contract::statics::all(&database, &fixed, bao.model()).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_session_says_so_and_is_replaced() {
    let bao = MockOpenBao::new().tokens(TokenGrant::new(secs(60)));
    let database = database(&bao);
    let first = database.issue(&role()).await.unwrap();
    assert_eq!(first.session.state().expires_at, Some(Instant::now() + secs(60)));
    bao.model().revoke_all_tokens();
    let second = database.issue(&role()).await.unwrap();
    assert_eq!(first.session.state().standing, Standing::Lost);
    assert_ne!(first.session.id(), second.session.id());
    assert_eq!(bao.model().live_users(), [second.value.username]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_before_the_lease_would_is_replaced_before_the_mint() {
    let bao = MockOpenBao::new().tokens(TokenGrant::new(secs(6)));
    let database = database(&bao);
    let first = database.issue(&role()).await.unwrap();
    advance(secs(3)).await;
    let second = database.issue(&role()).await.unwrap();
    assert_ne!(first.session.id(), second.session.id());
    assert_eq!(first.session.state().standing, Standing::Ending);
    assert!(bao.model().password_of(&first.value.username).is_some(), "the old session's lease lives on");
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_timeout_leaves_a_user_that_nobody_knows() {
    let bao = MockOpenBao::new().timeout(secs(5));
    let database = database(&bao);
    bao.model().faults().inject(FaultRule::new(Fault::NoAnswer).on(Operation::Issue));
    let (start, error) = (Instant::now(), database.issue(&role()).await.unwrap_err());
    assert_eq!((error.kind(), error.outcome_unknown(), start.elapsed()), (ErrorKind::Timeout, true, secs(5)));
    assert_eq!(bao.model().counters().mints, 1);
    advance(secs(4)).await;
    assert!(bao.model().live_users().is_empty(), "it ended with its term");
}

#[tokio::test(start_paused = true)]
async fn scripted_refusals_reach_the_caller_as_the_clients_errors() {
    let bao = MockOpenBao::new();
    let store = bao.kv("secret".parse().unwrap());
    let retry_after = Some(secs(3));
    for (refusal, kind, code) in [
        (Refusal::precondition_failed(), ErrorKind::Unavailable, "not_yet_consistent"),
        (Refusal::rate_limited("secret/data/x", retry_after), ErrorKind::RateLimited, "rate_limited"),
        (Refusal::internal("boom"), ErrorKind::Unavailable, "internal_error"),
        (Refusal::sealed(), ErrorKind::Unavailable, "sealed"),
        (Refusal::no_active_node(), ErrorKind::Unavailable, "standby"),
        (Refusal::redirect("https://other:8200/v1/x"), ErrorKind::Unavailable, "standby_redirect"),
    ] {
        bao.model().faults().inject(FaultRule::new(Fault::Refuse(refusal)));
        let error = store.read(&"x".parse().unwrap(), None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
    }
    assert_eq!(bao.model().calls(Operation::KvRead), 6, "the mock tries each call once");
}
