//! `Catalyst` from the socket to the query.

use std::time::Duration;

use catalyst_openbao::mock::{Fault, FaultRule, Operation, TokenGrant};
use catalyst_sdk::rotation::{EventKind, State};
use catalyst_sdk::{Catalyst, ErrorKind};
use catalyst_spiffe::testing::AgentFault;
use catalyst_tests::postgres::FakePostgres;

use super::stage::{ID, Stage};
use catalyst_sdk::testing::{Load, events};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn fifteen_lines_prove_who_we_are_rotate_and_leave_nothing_behind() {
    let stage = Stage::open(3 * SECOND).await;
    let catalyst = stage.connect().await;
    assert_eq!(catalyst.identity().unwrap().id().unwrap().to_string(), ID);
    let orders = catalyst.postgres("orders-rw").await.unwrap();
    let clients = catalyst.postgres_deadpool("orders-rw").await.unwrap();
    let mut seen = orders.events();
    let load = Load::start(4, {
        let (orders, clients) = (orders.clone(), clients.clone());
        move |_| {
            let (orders, clients) = (orders.clone(), clients.clone());
            async move {
                let n: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await?;
                assert_eq!(n, FakePostgres::ORDERS);
                let client = clients.get().await?;
                client.query_one("select count(*) from orders", &[]).await?;
                Ok::<_, Box<dyn std::error::Error>>(())
            }
        }
    });
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Revoked)).await;
    let (_, failures) = load.stop().await;
    assert_eq!(failures.first(), None);
    assert_eq!(stage.bao.model().calls(Operation::Login), 1, "logged in more than once");

    catalyst.shutdown().await.unwrap();
    catalyst.shutdown().await.unwrap();
    assert_eq!(stage.bao.model().live_users(), Vec::<String>::new());
    assert_eq!(stage.bao.model().live_leases(), Vec::<String>::new());
    // The operator's root token is the one that is left.
    assert!(stage.bao.model().live_tokens() <= 1, "{} tokens left", stage.bao.model().live_tokens());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_cold_callers_cause_one_login_one_user_and_one_svid() {
    let stage = Stage::open(3600 * SECOND).await;
    let catalyst = stage.connect().await;
    let callers = (0..1000).map(|_| {
        let catalyst = catalyst.clone();
        tokio::spawn(async move { catalyst.postgres("orders-rw").await.map(|pool| pool.generation()) })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap().unwrap(), 1);
    }
    let model = stage.bao.model();
    assert_eq!((model.calls(Operation::Login), model.calls(Operation::Issue)), (1, 1));
    assert_eq!(stage.agent.counts().jwt_svid, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_openbao_is_sealed_queries_go_on_and_afterwards_the_user_rotates() {
    let stage = Stage::open(4 * SECOND).await;
    let catalyst = stage.connect().await;
    let orders = catalyst.postgres("orders-rw").await.unwrap();
    let mut seen = orders.events();
    stage.bao.model().seal();
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Failed { .. })).await;
    let health = orders.health();
    assert_eq!((health.state, health.last_error.unwrap().code()), (State::Stale, Some("sealed")));
    let _: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await.unwrap();
    stage.bao.model().unseal();
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Recovered)).await;
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    let _: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_token_is_revoked_behind_our_back_a_new_login_makes_a_new_user() {
    let stage = Stage::open(4 * SECOND).await;
    let catalyst = stage.connect().await;
    let orders = catalyst.postgres("orders-rw").await.unwrap();
    stage.bao.model().revoke_all_tokens();
    let n: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&orders).await.unwrap();
    assert_eq!(n, FakePostgres::ORDERS);
    assert_eq!((orders.generation(), stage.bao.model().calls(Operation::Login)), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_longer_than_its_token_is_replaced_before_the_token_ends() {
    // Tokens of four seconds that cannot be renewed, leases of an hour: the user ends with the token.
    let tokens = TokenGrant::new(4 * SECOND).renewable(false);
    let stage = Stage::with_tokens(3600 * SECOND, tokens).await;
    let catalyst = stage.connect().await;
    let orders = catalyst.postgres("orders-rw").await.unwrap();
    let mut seen = orders.events();
    let load = Load::start(2, {
        let orders = orders.clone();
        move |_| {
            let orders = orders.clone();
            async move {
                sqlx::query("select count(*) from orders").execute(&orders).await?;
                Ok::<_, sqlx::Error>(())
            }
        }
    });
    events(&mut seen, 2, |event| matches!(event.kind, EventKind::Rotated)).await;
    let (_, failures) = load.stop().await;
    assert_eq!(failures.first(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mint_without_an_answer_is_made_once_more_and_the_orphan_is_reported() {
    let stage = Stage::open(4 * SECOND).await;
    let mut config = stage.config();
    config.openbao.timeout = Some(SECOND / 2);
    let catalyst = Catalyst::builder(config).connect().await.unwrap();
    let orders = catalyst.postgres("orders-rw").await.unwrap();
    let mut seen = orders.events();
    stage.bao.faults().inject(FaultRule::new(Fault::NoAnswer).on(Operation::Issue).times(1));
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Recovered)).await;
    // One at the start, one whose answer was lost, one that took its place.
    assert_eq!(stage.bao.model().calls(Operation::Issue), 3);
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Revoked)).await;
    assert_eq!(orders.health().possibly_orphaned, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_settings_say_what_to_do() {
    let stage = Stage::open(3 * SECOND).await;
    let refused = async |change: fn(&mut catalyst_sdk::config::Config)| {
        let mut config = stage.config();
        config.identity.initial_timeout = Some(SECOND);
        change(&mut config);
        Catalyst::builder(config).connect().await.unwrap_err()
    };
    let error = refused(|config| config.openbao.address = None).await;
    assert!(error.to_string().contains("set BAO_ADDR"), "{error}");
    let error = refused(|config| config.openbao.address = Some("bao:8200".into())).await;
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let error = refused(|config| config.identity.endpoint = None).await;
    assert!(error.to_string().contains("set SPIFFE_ENDPOINT_SOCKET"), "{error}");
    let error =
        refused(|config| config.identity.endpoint = Some("unix:/nonexistent/agent.sock".into())).await;
    assert!(format!("{error:?}").contains("/nonexistent/agent.sock"), "{error:?}");
    let error = refused(|config| config.openbao.login.role = Some("nobody".into())).await;
    assert_eq!(error.service(), Some("openbao"), "{error}");

    let catalyst = stage.connect().await;
    for bad in ["", "../root", "no such role"] {
        let error = catalyst.postgres(bad).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Config | ErrorKind::NotFound),
            "{error:?}"
        );
    }
    stage.agent.inject(AgentFault::Deny);
    let error = refused(|_| {}).await;
    assert_eq!(error.kind(), ErrorKind::Identity, "{error:?}");
    assert!(error.attempts() >= 1 && error.to_string().contains("no identity issued"), "{error}");
}
