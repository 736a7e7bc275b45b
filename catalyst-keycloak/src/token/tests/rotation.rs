//! Keys that change, are not there, or cannot be fetched. All in virtual time.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Clock;
use serde_json::json;
use tokio::time::{Instant, advance, timeout};

use super::support::*;
use crate::jose::{Algorithm, SigningKey};
use crate::token::TokenVerifier;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa).unwrap()
}

/// A token that does not end while the virtual time runs, for the wall time stands still.
fn token(key: &SigningKey) -> String {
    sign(key, &access(json!({})))
}

fn standing(issuer: &Arc<Issuer>) -> TokenVerifier {
    let (clock, _hand) = Clock::manual();
    builder(issuer).clock(clock).build().unwrap()
}

async fn outcome(verifier: &TokenVerifier, key: &SigningKey) -> Result<(), &'static str> {
    let result = verifier.verify_access(&token(key)).await;
    result.map(drop).map_err(|error| error.code().unwrap())
}

/// Runs `verifier.maintain()` beside what the test does.
fn maintained(verifier: &TokenVerifier) -> tokio::task::JoinHandle<()> {
    tokio::spawn(verifier.maintain())
}

#[tokio::test(start_paused = true)]
async fn a_thousand_cold_verifications_fetch_once() {
    let issuer = Issuer::of(&[&EC]);
    issuer.delay(SECOND);
    let verifier = standing(&issuer);
    let token = Arc::new(token(&EC));
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let (verifier, token) = (verifier.clone(), Arc::clone(&token));
            tokio::spawn(async move { verifier.verify_access(&token).await.is_ok() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_at_once_past_all_caches() {
    let (issuer, next, third) = (Issuer::of(&[&EC]), new_key(), new_key());
    let verifier = standing(&issuer);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    issuer.publish(&[&EC, &next]);
    assert_eq!(outcome(&verifier, &next).await, Ok(()));
    issuer.publish(&[&next, &third]);
    assert_eq!(outcome(&verifier, &third).await, Ok(()), "a second one right after, for the first was there");
    assert_eq!((issuer.fetches(), issuer.forced()), (3, 2));
    assert_eq!(outcome(&verifier, &EC).await, Err("unknown_key"), "it was withdrawn");
}

#[tokio::test(start_paused = true)]
async fn invented_keys_cause_one_fetch_in_ten_seconds() {
    let issuer = Issuer::of(&[&EC]);
    let verifier = standing(&issuer);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    let (start, before) = (Instant::now(), issuer.fetches());
    for index in 0..10_000_u32 {
        let header = json!({"alg": "ES256", "kid": index.to_string()});
        let invented = format!("{}.e30.AAAA", base64(&header.to_string()));
        assert_eq!(code(verifier.verify_access(&invented).await), "unknown_key");
        advance(Duration::from_millis(3)).await;
    }
    let windows = (Instant::now() - start).as_secs().div_ceil(10);
    let fetches = issuer.fetches() - before;
    assert!(u64::from(fetches) <= windows, "{fetches} fetches in {windows} windows");
    // A good one is found as soon as the throttle allows.
    let next = new_key();
    issuer.publish(&[&EC, &next]);
    advance(SECOND * 10).await;
    assert_eq!(outcome(&verifier, &next).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_not_there_is_looked_for_again_later() {
    let (issuer, next) = (Issuer::of(&[&EC]), new_key());
    let verifier = standing(&issuer);
    assert_eq!(outcome(&verifier, &next).await, Err("unknown_key"), "it was not in the first set");
    assert_eq!(outcome(&verifier, &next).await, Err("unknown_key"), "and not in one past all caches");
    issuer.publish(&[&EC, &next]);
    assert_eq!(outcome(&verifier, &next).await, Err("unknown_key"), "remembered");
    assert_eq!((issuer.fetches(), issuer.forced()), (2, 1));
    advance(SECOND * 31).await;
    assert_eq!(outcome(&verifier, &next).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn while_the_issuer_is_down_its_keys_serve_for_an_hour_and_then_nothing_does() {
    let issuer = Issuer::of(&[&EC]);
    let verifier = standing(&issuer);
    let _running = maintained(&verifier);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    issuer.down(true);
    for _ in 0..59 {
        advance(MINUTE).await;
        let quick = timeout(Duration::from_millis(1), outcome(&verifier, &EC)).await;
        assert_eq!(quick, Ok(Ok(())), "and nobody waits");
    }
    advance(MINUTE * 2).await;
    assert_eq!(outcome(&verifier, &EC).await, Err("keys_unavailable"));
    issuer.down(false);
    advance(SECOND * 31).await;
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn failures_are_shared_and_paced() {
    let issuer = Issuer::of(&[&EC]);
    issuer.down(true);
    let verifier = standing(&issuer);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let verifier = verifier.clone();
            tokio::spawn(async move { outcome(&verifier, &EC).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Err("keys_unavailable"));
    }
    assert_eq!(outcome(&verifier, &EC).await, Err("keys_unavailable"));
    assert_eq!(issuer.fetches(), 1);
    issuer.down(false);
    advance(SECOND * 2).await;
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn with_maintenance_nobody_ever_waits_and_a_withdrawn_key_goes() {
    let (issuer, next) = (Issuer::of(&[&EC]), new_key());
    let verifier = standing(&issuer);
    let _running = maintained(&verifier);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    issuer.delay(SECOND);
    for _ in 0..240 {
        advance(SECOND * 5).await;
        let quick = timeout(Duration::from_millis(1), outcome(&verifier, &EC)).await;
        assert_eq!(quick, Ok(Ok(())));
    }
    // Twenty minutes: at 72 to 88 percent of five minutes each.
    assert!((4..=6).contains(&issuer.fetches()), "{}", issuer.fetches());
    issuer.publish(&[&next]);
    for _ in 0..70 {
        advance(SECOND * 5).await;
    }
    assert_eq!(outcome(&verifier, &EC).await, Err("unknown_key"));
}

#[tokio::test(start_paused = true)]
async fn without_maintenance_one_caller_refreshes_and_the_others_do_not_wait() {
    let issuer = Issuer::of(&[&EC]);
    issuer.max_age(SECOND * 90);
    let verifier = standing(&issuer);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    advance(SECOND * 89).await;
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    assert_eq!(issuer.fetches(), 1);
    advance(SECOND * 2).await;
    issuer.delay(SECOND);
    let refreshing = tokio::spawn({
        let verifier = verifier.clone();
        async move { outcome(&verifier, &EC).await }
    });
    tokio::task::yield_now().await;
    let quick = timeout(Duration::from_millis(1), outcome(&verifier, &EC)).await;
    assert_eq!(quick, Ok(Ok(())));
    assert_eq!(refreshing.await.unwrap(), Ok(()));
    assert_eq!(issuer.fetches(), 2);
    // And if the server is slow, the one does not wait for long.
    advance(SECOND * 91).await;
    issuer.delay(SECOND * 9);
    let start = Instant::now();
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    assert_eq!((Instant::now() - start).as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_waited_for_two_seconds_and_its_answer_is_not_lost() {
    let issuer = Issuer::of(&[&EC]);
    issuer.delay(SECOND * 3);
    let verifier = standing(&issuer);
    let start = Instant::now();
    assert_eq!(outcome(&verifier, &EC).await, Err("keys_unavailable"));
    assert_eq!((Instant::now() - start).as_secs(), 2);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()), "the same fetch, taken up again");
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_does_not_stop_the_fetch_of_the_others() {
    let issuer = Issuer::of(&[&EC]);
    issuer.delay(SECOND);
    let verifier = standing(&issuer);
    let patient = tokio::spawn({
        let verifier = verifier.clone();
        async move { outcome(&verifier, &EC).await }
    });
    let impatient = timeout(SECOND / 2, outcome(&verifier, &EC)).await;
    assert!(impatient.is_err());
    assert_eq!(patient.await.unwrap(), Ok(()));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_bad_set_never_replaces_a_good_one() {
    let issuer = Issuer::of(&[&EC]);
    let verifier = standing(&issuer);
    let _running = maintained(&verifier);
    assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    let mut encryption = serde_json::to_value(EC.public_jwk()).unwrap();
    encryption["use"] = json!("enc");
    for bad in [json!({"keys": []}), json!({"keys": [encryption]}), json!("<html>"), json!({"keys": [{}]})] {
        issuer.publish_json(bad);
        let before = issuer.fetches();
        for _ in 0..70 {
            advance(SECOND * 5).await;
        }
        assert!(issuer.fetches() > before);
        assert_eq!(outcome(&verifier, &EC).await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn remembered_tokens_end_with_their_time_and_with_the_keys() {
    let (issuer, next) = (Issuer::of(&[&EC]), new_key());
    let (clock, hand) = Clock::manual();
    let verifier = builder(&issuer).clock(clock).remember(100).build().unwrap();
    let token = token(&EC);
    let first = verifier.verify_access(&token).await.unwrap();
    let again = verifier.verify_access(&token).await.unwrap();
    assert!(Arc::ptr_eq(&first.0, &again.0), "the same claims, not read once more");
    let (head, tail) = token.split_at(token.len() - 4);
    let changed = format!("{head}{}", tail.chars().rev().collect::<String>());
    assert!(verifier.verify_access(&changed).await.is_err());
    // A token of a key that is withdrawn is not remembered past it.
    issuer.publish(&[&next]);
    assert_eq!(outcome(&verifier, &next).await, Ok(()));
    assert_eq!(code(verifier.verify_access(&token).await), "unknown_key");
    let kept = sign(&next, &access(json!({})));
    verifier.verify_access(&kept).await.unwrap();
    hand.advance(SECOND * 911);
    assert_eq!(code(verifier.verify_access(&kept).await), "token_expired");
}
