//! What time and operators do to the server; what clients see of it is in the contract suite.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::Secret;
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use super::*;

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn model() -> Model {
    let model = Model::new();
    model.set_role("database", "app", MockRole::new(secs(10)).max_ttl(secs(14)));
    model
}

fn by(token: &Secret) -> Call {
    Call { token: Some(token.expose().to_owned()), ..Call::default() }
}

#[tokio::test(start_paused = true)]
async fn a_user_ends_with_its_lease_at_the_very_moment_of_the_expiry() {
    let (model, start) = (model(), Instant::now());
    let issued = model.issue(&by(&model.root_token()), "database", "app").unwrap();
    assert_eq!(model.password_of(&issued.username).as_ref(), Some(&issued.password));
    advance(secs(60)).await;
    assert_eq!(model.password_of(&issued.username), None);
    let events = model.user_events();
    let changes: Vec<_> = events.iter().map(|event| (event.change, event.at - start)).collect();
    assert_eq!(changes, [(UserChange::Created, secs(0)), (UserChange::Dropped, secs(10))]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_dies_with_its_token_and_a_child_with_its_parent() {
    let model = model();
    let token = model.new_token(&TokenGrant::new(secs(4)));
    let issued = model.issue(&by(&token), "database", "app").unwrap();
    assert_eq!(issued.ttl, secs(10), "a service token does not shorten what the lease says");
    advance(secs(4)).await;
    assert!(model.live_users().is_empty() && model.live_leases().is_empty());
    assert_eq!(model.issue(&by(&token), "database", "app").err(), Some(Refusal::bad_token()));
}

#[tokio::test(start_paused = true)]
async fn a_batch_token_bounds_its_leases_from_the_start_and_cannot_be_renewed() {
    let model = model();
    let token = model.new_token(&TokenGrant::new(secs(5)).batch());
    assert_eq!(model.issue(&by(&token), "database", "app").unwrap().ttl, secs(5));
    let refused = model.renew_token(&by(&token), None).err().unwrap();
    assert_eq!(refused, Refusal::bad_request("batch tokens cannot be renewed"));
}

#[tokio::test(start_paused = true)]
async fn renewals_are_clipped_at_the_maximum_of_the_role() {
    let model = model();
    let call = by(&model.root_token());
    let issued = model.issue(&call, "database", "app").unwrap();
    advance(secs(6)).await;
    let renewed = model.renew(&call, &issued.lease_id, Some(secs(3600))).unwrap();
    assert_eq!(renewed.ttl, secs(8));
    assert!(renewed.warning.unwrap().starts_with("TTL of \"1h\" exceeded the effective max_ttl of \"8s\""));
    advance(secs(8)).await;
    let gone = model.renew(&call, &issued.lease_id, None).err();
    assert_eq!(gone, Some(Refusal::bad_request("lease not found")));
}

#[tokio::test(start_paused = true)]
async fn a_user_that_cannot_be_dropped_is_locked_out_all_the_same_and_dropped_later() {
    let model = model();
    model.set_database_keeps_users("database", Some("ERROR: permission denied (SQLSTATE 42501)"));
    let issued = model.issue(&by(&model.root_token()), "database", "app").unwrap();
    advance(secs(12)).await;
    assert!(model.password_of(&issued.username).is_some(), "VALID UNTIL is five seconds after the lease");
    advance(secs(3)).await;
    assert!(model.password_of(&issued.username).is_none());
    assert_eq!(model.live_users(), [issued.username.as_str()]);
    model.set_database_keeps_users("database", None);
    advance(secs(5)).await;
    assert!(model.live_users().is_empty(), "tried again ten seconds after the first failure");
}

#[tokio::test(start_paused = true)]
async fn a_restore_forgets_what_came_after_and_leaves_its_users_behind() {
    let model = model();
    let call = by(&model.root_token());
    let before = model.issue(&call, "database", "app").unwrap();
    let snapshot = model.snapshot();
    let after = model.issue(&call, "database", "app").unwrap();
    model.restore(&snapshot);
    assert_eq!(model.live_leases(), [before.lease_id]);
    assert!(model.renew(&call, &after.lease_id, None).is_err());
    advance(secs(20)).await;
    assert_eq!(model.live_users(), [after.username], "nobody knows it any more");
}

#[tokio::test(start_paused = true)]
async fn a_static_password_changes_at_the_first_tick_after_its_period() {
    let model = model();
    let call = by(&model.root_token());
    advance(secs(2)).await;
    model.set_static_role("database", "fixed", &MockStaticRole::new("app_static", secs(6)));
    let first = model.read_static(&call, "database", "fixed").unwrap();
    assert_eq!(first.ttl, secs(6));
    // Ticks come at 5, 10, 15; the rotation is due at 8.
    advance(secs(7)).await;
    let due = model.read_static(&call, "database", "fixed").unwrap();
    assert_eq!((due.ttl, due.password == first.password), (secs(0), true));
    advance(secs(1)).await;
    let second = model.read_static(&call, "database", "fixed").unwrap();
    assert_eq!((second.ttl, second.password == first.password), (secs(6), false));
    assert_eq!(model.password_of("app_static"), Some(second.password));
}

#[tokio::test(start_paused = true)]
async fn the_hand_ends_leases_early_and_expiries_are_seen_without_a_call() {
    let model = model();
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&dropped);
    model.on_user_event(move |event| {
        if event.change == UserChange::Dropped {
            seen.lock().unwrap().push(event.username.clone());
        }
    });
    let first = model.issue(&by(&model.root_token()), "database", "app").unwrap();
    let ticking = tokio::time::timeout(secs(11), model.expire_in_time());
    assert!(ticking.await.is_err());
    assert_eq!(*dropped.lock().unwrap(), [first.username.as_str()]);
    let second = model.issue(&by(&model.root_token()), "database", "app").unwrap();
    model.advance(secs(10));
    assert_eq!(*dropped.lock().unwrap(), [first.username, second.username]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_login_is_renewed_only_with_the_certificate_it_was_made_with() {
    let model = model();
    model.allow_login("cert", "app", LoginRule::certificate("orders"), TokenGrant::new(secs(60)));
    let login = || model.log_in(&Call::default(), "cert", &Shown::default());
    assert_eq!(login().err(), Some(Refusal::bad_request("no client certificate found")));
    model.present_certificate(Some("orders"));
    let token = Secret::from(login().unwrap().client_token);
    assert!(model.renew_token(&by(&token), None).is_ok());
    model.present_certificate(Some("orders"));
    assert_eq!(model.renew_token(&by(&token), None).err().map(|refused| refused.status()), Some(500));
    assert!(login().is_ok(), "a new login works");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_good_for_its_uses_and_its_policies() {
    let model = model();
    model.set_policy("reader", Policy::new().allow("secret/data/app/*", &[Capability::Read]));
    model.put_secret("secret", "app/db", [("user", "a")]);
    let token = model.new_token(&TokenGrant::new(secs(60)).policies(&["reader"]).uses(3));
    assert!(model.kv_read(&by(&token), "secret", "app/db", None).is_ok());
    let elsewhere = model.kv_read(&by(&token), "secret", "other", None).err();
    assert_eq!(elsewhere, Some(Refusal::permission_denied()));
    assert!(model.kv_read(&by(&token), "secret", "app/db", None).is_ok(), "the refusal cost a use, too");
    assert_eq!(model.kv_read(&by(&token), "secret", "app/db", None).err(), Some(Refusal::bad_token()));
}

#[derive(Clone, Debug)]
enum Step {
    Login(u64),
    Issue(usize),
    Renew(usize, u64),
    Revoke(usize),
    RevokeToken(usize),
    Wait(u64),
    Ahead(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u64..60).prop_map(Step::Login),
        (0_usize..8).prop_map(Step::Issue),
        (0_usize..32, 0_u64..40).prop_map(|(lease, secs)| Step::Renew(lease, secs)),
        (0_usize..32).prop_map(Step::Revoke),
        (0_usize..8).prop_map(Step::RevokeToken),
        (0_u64..15_000).prop_map(Step::Wait),
        (0_u64..15_000).prop_map(Step::Ahead),
    ]
}

/// A user exists exactly as long as its lease, and a lease never longer than its token or than its role allows.
async fn play(steps: Vec<Step>) {
    let model = model();
    let (mut tokens, mut leases) = (vec![model.new_token(&TokenGrant::new(secs(30)))], Vec::new());
    for step in steps {
        let pick = |index: usize, count: usize| index % count.max(1);
        match step {
            Step::Login(ttl) => tokens.push(model.new_token(&TokenGrant::new(secs(ttl)))),
            Step::Issue(token) => {
                let call = by(&tokens[pick(token, tokens.len())]);
                leases.extend(model.issue(&call, "database", "app").map(|issued| issued.lease_id));
            }
            Step::Renew(lease, increment) if !leases.is_empty() => {
                let lease: &String = &leases[pick(lease, leases.len())];
                let renewed = model.renew(&by(&model.root_token()), lease, Some(secs(increment)));
                assert!(renewed.is_err() || renewed.is_ok_and(|renewed| renewed.ttl <= secs(14)));
            }
            Step::Revoke(lease) if !leases.is_empty() => {
                drop(model.revoke(&by(&model.root_token()), &leases[pick(lease, leases.len())]));
            }
            Step::RevokeToken(token) => drop(model.revoke_token(&tokens[pick(token, tokens.len())])),
            Step::Wait(millis) => advance(Duration::from_millis(millis)).await,
            Step::Ahead(millis) => model.advance(Duration::from_millis(millis)),
            _ => {}
        }
        model.with(|state| {
            let now = state.clock.now();
            let mut owners: Vec<_> =
                state.stored.leases.values().map(|lease| lease.username.clone()).collect();
            owners.sort_unstable();
            assert_eq!(state.users.live(), owners);
            for lease in state.stored.leases.values() {
                assert!(lease.expires > now && lease.expires <= lease.issued + secs(15));
                assert!(state.stored.tokens.contains_key(&lease.token), "a lease without its token");
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn users_leases_and_tokens_stay_together_whatever_happens(steps in proptest::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(play(steps));
    }
}
