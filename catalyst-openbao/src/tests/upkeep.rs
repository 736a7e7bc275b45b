//! The upkeep's loop, in virtual time.

use std::sync::Arc;

use catalyst_core::{Error, ErrorKind};
use tokio::time::{Instant, sleep, timeout};

use super::sessions::{MINUTE, Plan, SECOND, Script};
use crate::{Standing, maintain};

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_at_two_thirds_for_as_long_as_it_lasts() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    let start = Instant::now();
    let session = sessions.token().await.unwrap().keeper.session();
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    sleep(MINUTE * 60 * 10).await;
    let calls = script.calls();
    assert!(calls[1..].iter().all(|call| call == "renew 1"), "{calls:?}");
    let times = script.times(start);
    assert!(times.windows(2).all(|pair| (2200..=2400).contains(&(pair[1] - pair[0]))), "{times:?}");
    assert_eq!(session.state().standing, Standing::Lasting);
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn at_its_maximum_a_session_is_replaced_and_the_old_one_revoked_when_nobody_holds_it() {
    let script = Script::new(Plan { max_ttl: MINUTE * 90, ..Plan::default() });
    let sessions = script.sessions();
    let lease_holder = sessions.token().await.unwrap().keeper.session();
    let mut watch = lease_holder.changed();
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    let state = loop {
        let state = watch.changed().await;
        if state.standing == Standing::Ending {
            break state;
        }
    };
    // Its end is what the server granted, at 90 minutes.
    assert!(state.expires_at.unwrap() <= Instant::now() + MINUTE * 60);
    while !script.calls().contains(&"log in".to_owned())
        || script.calls().iter().filter(|c| *c == "log in").count() < 2
    {
        sleep(SECOND * 10).await;
    }
    assert!(Instant::now() < state.expires_at.unwrap(), "replaced before its end");
    sleep(MINUTE).await;
    assert!(!script.calls().contains(&"revoke 1".to_owned()), "a lease still holds it");
    drop(lease_holder);
    sleep(SECOND).await;
    assert_eq!(script.calls().last().unwrap(), "revoke 1");
    assert_eq!(watch.changed().await.standing, Standing::Lost);
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn a_token_bound_to_its_certificate_is_never_renewed() {
    let script = Script::new(Plan { renewable: false, ..Plan::default() });
    let sessions = script.sessions();
    let first = sessions.token().await.unwrap().keeper.session();
    assert_eq!(first.state().standing, Standing::Ending);
    drop(first);
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    sleep(MINUTE * 60 * 3).await;
    let calls = script.calls();
    assert!(!calls.iter().any(|call| call.starts_with("renew")), "{calls:?}");
    assert!((5..=6).contains(&calls.iter().filter(|call| *call == "log in").count()), "{calls:?}");
    assert!(calls.contains(&"revoke 1".to_owned()));
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn under_permanent_failure_it_is_patient_and_recovers() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    sessions.token().await.unwrap();
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    sleep(MINUTE * 30).await;
    script.plan.lock().unwrap().failure = Some(Error::new(ErrorKind::Unavailable, "renew token"));
    sleep(MINUTE * 60 * 2).await;
    let tries = script.calls().len();
    assert!((60..=600).contains(&tries), "{tries} calls in two hours");
    script.plan.lock().unwrap().failure = None;
    sleep(MINUTE * 2).await;
    assert_eq!(script.calls().last().unwrap(), "log in");
    assert!(sessions.token().await.is_ok());
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn a_session_lost_behind_our_back_is_replaced_at_its_renewal() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    let first = sessions.token().await.unwrap().keeper.session();
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    script.plan.lock().unwrap().unknown.push(1);
    sleep(MINUTE * 41).await;
    assert_eq!(script.calls(), ["log in", "renew 1", "look up 1", "log in"]);
    assert_eq!(first.state().standing, Standing::Lost);
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn before_the_first_login_and_after_the_shutdown_nothing_is_asked() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    sleep(MINUTE * 60).await;
    assert!(script.calls().is_empty());
    sessions.token().await.unwrap();
    maintain::shutdown(&sessions, SECOND).await.unwrap();
    sleep(MINUTE * 60).await;
    assert_eq!(script.calls(), ["log in", "revoke 1"]);
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn a_superseded_session_that_cannot_be_revoked_is_tried_again_at_a_pace() {
    let script = Script::new(Plan::default());
    let sessions = script.sessions();
    sessions.token().await.unwrap();
    sessions.replace().await.unwrap();
    script.plan.lock().unwrap().failure = Some(Error::new(ErrorKind::Unavailable, "revoke token"));
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    assert!(timeout(MINUTE * 10, std::future::pending::<()>()).await.is_err());
    let tries = script.calls().iter().filter(|call| *call == "revoke 1").count();
    assert!((10..=40).contains(&tries), "{tries} tries in ten minutes");
    script.plan.lock().unwrap().failure = None;
    sleep(MINUTE).await;
    let after = script.calls().len();
    sleep(MINUTE * 5).await;
    assert_eq!(script.calls().len(), after, "revoked once");
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn a_static_token_at_its_maximum_is_left_alone() {
    let script = Script::new(Plan { makes_tokens: false, renewable: false, ttl: MINUTE, ..Plan::default() });
    let sessions = script.sessions();
    sessions.token().await.unwrap();
    let upkeep = tokio::spawn(maintain::maintain(Arc::clone(&sessions)));
    sleep(MINUTE * 60).await;
    assert_eq!(script.calls(), ["log in"]);
    upkeep.abort();
}
