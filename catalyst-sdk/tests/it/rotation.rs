//! The engine's promises, one test each.

use std::time::Duration;

use catalyst_core::{Clock, Jitter};
use catalyst_sdk::rotation::{Backing, Event, EventKind, Events, Policy, Rotating, State, start};
use catalyst_sdk::{Error, ErrorKind, RetryAdvice};
use tokio::time::{Instant, sleep, timeout};

use super::scripted::{Script, unavailable};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// As in production, but acting at the latest moment.
fn policy() -> Policy {
    Policy::default().jitter(Jitter::Fixed(0.0))
}

async fn event(events: &mut Events, wanted: impl Fn(&EventKind) -> bool) -> Event {
    let search = async {
        loop {
            let event = events.next().await.expect("the rotation goes on");
            if wanted(&event.kind) {
                return event;
            }
        }
    };
    timeout(10 * HOUR, search).await.expect("the event comes")
}

async fn generation(value: &Rotating<u64>, wanted: u64) {
    let mut updates = value.updates();
    while value.generation() < wanted {
        timeout(10 * HOUR, updates.changed()).await.expect("a rotation comes").expect("the rotation goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_of_an_hour_is_replaced_at_minute_50_and_its_predecessor_given_back() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let (mut events, began) = (value.events(), Instant::now());
    assert_eq!(*value.current(), 1);

    let rotated = event(&mut events, |kind| matches!(kind, EventKind::Rotated)).await;
    assert_eq!((rotated.generation, rotated.label.as_str(), *value.current()), (2, "user-2", 2));
    let at = rotated.at - began;
    assert!(at > 49 * MINUTE && at < 50 * MINUTE + SECOND, "{at:?}");

    let drained = event(&mut events, |kind| matches!(kind, EventKind::Drained)).await;
    let revoked = event(&mut events, |kind| matches!(kind, EventKind::Revoked)).await;
    assert_eq!((drained.generation, revoked.generation), (1, 1));
    assert!(rotated.at <= drained.at && drained.at <= revoked.at);
    assert_eq!(script.alive(), [2]);
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_an_older_generation_and_the_old_one_is_kept_for_those_who_have_it() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let held = value.checkout();
    generation(&value, 2).await;
    timeout(SECOND, held.superseded()).await.expect("told at once");
    assert_eq!((*held, *value.checkout(), *value.current()), (1, 2, 2));

    sleep(5 * MINUTE).await;
    assert_eq!(script.alive(), [1, 2], "given back while it was in use");
    let copy = held.clone();
    drop(held);
    sleep(SECOND).await;
    assert_eq!(script.alive(), [1, 2], "given back while a copy was in use");
    drop(copy);
    sleep(SECOND).await;
    assert_eq!(script.alive(), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_user_that_never_lets_go_is_carried_by_renewals_and_then_told_why_it_ends() {
    let script = Script::new(10 * MINUTE);
    script.with(|s| (s.renewable, s.max_ttl) = (true, 25 * MINUTE));
    let value = start(script.clone(), policy()).await.unwrap();
    let began = Instant::now();
    let held = value.checkout();
    let why = timeout(HOUR, held.ended()).await.expect("it ends");
    let lasted = began.elapsed();
    assert_eq!(why.kind(), ErrorKind::Expired);
    assert!(why.to_string().contains("maximum TTL"), "{why}");
    assert!(lasted > 23 * MINUTE && lasted < 25 * MINUTE, "carried for {lasted:?}");
    assert!(script.with(|s| s.ended.iter().any(|(user, _)| *user == 1)));
    drop(held);
    sleep(SECOND).await;
    let revoked = script.revoked_at(1).expect("given back");
    assert!(revoked < script.with(|s| s.leases[&1].max), "the server ended it first");
}

#[tokio::test(start_paused = true)]
async fn a_user_that_ignores_the_end_does_not_keep_the_credential() {
    let script = Script::new(10 * MINUTE);
    let value = start(script.clone(), policy()).await.unwrap();
    let _held = value.checkout();
    sleep(10 * MINUTE).await;
    assert!(script.revoked_at(1).is_some());
}

#[tokio::test(start_paused = true)]
async fn while_the_server_is_down_the_old_credential_serves_and_afterwards_it_recovers() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let mut events = value.events();
    script.with(|s| s.always_fail_issue = Some(unavailable()));
    sleep(55 * MINUTE).await;
    let health = value.health();
    assert_eq!((health.state, *value.current()), (State::Stale, 1));
    assert!(health.failures > 3);
    assert_eq!(health.last_error.unwrap().code(), Some("sealed"));

    sleep(10 * MINUTE).await;
    assert_eq!(value.health().state, State::Expired);
    assert!(!value.health().is_usable());

    script.with(|s| s.always_fail_issue = None);
    event(&mut events, |kind| matches!(kind, EventKind::Recovered)).await;
    generation(&value, 2).await;
    sleep(SECOND).await;
    assert_eq!((value.health().state, value.health().failures), (State::Fresh, 0));
}

#[tokio::test(start_paused = true)]
async fn under_permanent_failure_calls_are_bounded() {
    let script = Script::new(6 * SECOND);
    let value = start(script.clone(), Policy::default()).await.unwrap();
    script.with(|s| {
        s.always_fail_issue = Some(unavailable());
        s.issues.clear();
    });
    sleep(HOUR).await;
    let calls = script.with(|s| s.issues.clone());
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(250)));
    assert!((60..600).contains(&calls.len()), "{} calls in an hour", calls.len());
    assert_eq!(value.generation(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewable_credential_is_extended_while_no_successor_can_be_had() {
    let script = Script::new(HOUR);
    script.with(|s| (s.renewable, s.max_ttl) = (true, 3 * HOUR));
    let value = start(script.clone(), policy()).await.unwrap();
    script.with(|s| s.always_fail_issue = Some(unavailable()));
    sleep(2 * HOUR).await;
    assert_eq!((value.health().state, script.alive()), (State::Stale, vec![1]));
    assert!(script.with(|s| s.renewals) < 10, "renewed {} times", script.with(|s| s.renewals));
    sleep(2 * HOUR).await;
    assert_eq!(value.health().state, State::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_refusals_causes_one_early_rotation() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let refused = value.generation();
    let reporters: Vec<_> = (0..1000)
        .map(|_| {
            let value = value.clone();
            tokio::spawn(async move {
                value.report_refused(refused);
                sleep(SECOND).await;
                // A late report about the old generation.
                value.report_refused(refused);
            })
        })
        .collect();
    for reporter in reporters {
        reporter.await.unwrap();
    }
    sleep(MINUTE).await;
    assert_eq!((script.mints(), *value.current()), (2, 2));
    assert_eq!(script.with(|s| s.most_in_flight), 1);
}

#[tokio::test(start_paused = true)]
async fn early_rotations_are_spaced() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    for _ in 0..600 {
        value.rotate_now();
        sleep(Duration::from_millis(100)).await;
    }
    assert!((10..=13).contains(&script.mints()), "{} mints in a minute", script.mints());
}

#[tokio::test(start_paused = true)]
async fn a_mint_whose_outcome_is_unknown_is_not_replayed_at_once_and_is_counted() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let ambiguous = Error::new(ErrorKind::Timeout, "issue").with_outcome_unknown();
    script.with(|s| {
        s.fail_issue.push_back(ambiguous);
        s.issues.clear();
    });
    generation(&value, 2).await;
    let calls = script.with(|s| s.issues.clone());
    assert_eq!(calls.len(), 2);
    assert!(calls[1] - calls[0] >= Duration::from_millis(250));
    assert_eq!(value.health().possibly_orphaned, 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_credential_that_cannot_be_used_yet_is_kept_and_not_minted_again() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let refused = Error::new(ErrorKind::Unauthenticated, "warm").with_retry(RetryAdvice::Backoff);
    script.with(|s| s.fail_prepare.extend([refused.clone(), refused.clone(), refused]));
    generation(&value, 2).await;
    assert_eq!((script.mints(), script.with(|s| s.prepares)), (2, 5));
}

#[tokio::test(start_paused = true)]
async fn when_the_session_is_lost_its_credential_is_replaced_at_once() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    sleep(MINUTE).await;
    let lost = Instant::now();
    script.set_backing(Backing::Lost);
    // The session that the next login made is alive.
    tokio::spawn({
        let script = script.clone();
        async move {
            sleep(Duration::from_millis(10)).await;
            script.set_backing(Backing::Independent);
        }
    });
    generation(&value, 2).await;
    assert!(lost.elapsed() < SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_not_trusted_past_the_session_that_carries_it() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let ends = Instant::now() + 20 * MINUTE;
    script.set_backing(Backing::Ends(ends));
    generation(&value, 2).await;
    assert!(Instant::now() + 9 * MINUTE < ends, "{:?} before the end", ends - Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_rotates_when_it_wakes() {
    let (clock, hand) = Clock::manual();
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy().clock(clock)).await.unwrap();
    sleep(MINUTE).await;
    hand.advance(MINUTE + 2 * HOUR);
    let woke = Instant::now();
    generation(&value, 2).await;
    assert!(woke.elapsed() <= 31 * SECOND, "noticed after {:?}", woke.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_credential_of_no_use_is_refused_with_advice_and_given_back() {
    let endless = Script::new(2 * HOUR);
    let error = start(endless.clone(), policy().max_ttl(HOUR)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("lower the role's TTL"), "{error}");
    assert!(endless.alive().is_empty());

    let instant = Script::new(Duration::ZERO);
    let error = start(instant, policy()).await.unwrap_err();
    assert!(error.to_string().contains("ends at once"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_cannot_succeed_fails_at_once_and_one_that_may_waits_for_its_limit() {
    let script = Script::new(HOUR);
    script.with(|s| s.always_fail_issue = Some(Error::new(ErrorKind::PermissionDenied, "issue")));
    let began = Instant::now();
    assert_eq!(start(script.clone(), policy()).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert!(began.elapsed() < SECOND);

    script.with(|s| s.always_fail_issue = Some(unavailable()));
    let error = start(script, policy()).await.unwrap_err();
    assert!(error.attempts() > 3);
    assert!(began.elapsed() < 31 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_cancelled_at_any_moment_leaks_no_lease() {
    for moment in 0..60 {
        let script = Script::new(HOUR);
        script.with(|s| s.fail_prepare.push_back(unavailable()));
        let limit = Duration::from_millis(moment * 10);
        let started = timeout(limit, start(script.clone(), policy())).await;
        drop(started);
        sleep(MINUTE).await;
        assert!(script.alive().is_empty(), "a lease is left when cancelled after {limit:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rotation_dropped_at_any_moment_leaks_no_lease() {
    for moment in 0..40 {
        let script = Script::new(6 * SECOND);
        script.with(|s| s.delay = Duration::from_millis(150));
        let value = start(script.clone(), policy()).await.unwrap();
        sleep(Duration::from_millis(2800 + moment * 25)).await;
        drop(value);
        sleep(3 * SECOND).await;
        assert!(script.alive().is_empty(), "a lease is left when dropped at {moment}");
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_the_users_gives_back_and_can_be_repeated() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let held = value.checkout();
    let other = value.clone();
    let stopping = tokio::spawn(async move { other.shutdown(10 * SECOND).await });
    sleep(SECOND).await;
    assert_eq!(script.alive(), [1]);
    assert!(value.checkout().is_closed());
    drop(held);
    stopping.await.unwrap().unwrap();
    value.shutdown(SECOND).await.unwrap();
    assert!(script.alive().is_empty());
    assert_eq!((value.health().state, script.with(|s| s.revoke_calls)), (State::Stopped, 1));
    assert!(value.events().next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn shutdown_is_bounded_also_when_users_and_server_hang() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    let held = value.checkout();
    script.with(|s| s.hang_revoke = true);
    let began = Instant::now();
    let error = value.shutdown(4 * SECOND).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(began.elapsed() <= 4 * SECOND + Duration::from_millis(10));
    assert_eq!(held.end().unwrap().kind(), ErrorKind::Closed);
}

#[tokio::test(start_paused = true)]
async fn giving_back_is_tried_again_after_a_fault() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy()).await.unwrap();
    script.with(|s| s.fail_revoke.extend([unavailable(), unavailable()]));
    value.rotate_now();
    generation(&value, 2).await;
    sleep(MINUTE).await;
    assert_eq!(script.alive(), [2]);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_old_generations_are_kept() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), policy().max_draining(2)).await.unwrap();
    let mut held = Vec::new();
    for wanted in 2..=5 {
        held.push(value.checkout());
        value.rotate_now();
        generation(&value, wanted).await;
        sleep(6 * SECOND).await;
    }
    assert_eq!(script.alive(), [3, 4, 5]);
    assert!(held[0].end().unwrap().to_string().contains("too many old generations"));
    assert!(held[3].end().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_day_of_rotations_keeps_one_lease_and_never_two_mints_in_flight() {
    let script = Script::new(HOUR);
    let value = start(script.clone(), Policy::default()).await.unwrap();
    sleep(24 * HOUR).await;
    assert!((28..=33).contains(&script.mints()), "{} mints", script.mints());
    assert_eq!(script.alive().len(), 1);
    assert_eq!(script.with(|s| s.most_in_flight), 1);
    assert_eq!(value.health().state, State::Fresh);
}

#[tokio::test(start_paused = true)]
async fn preparing_that_takes_too_long_lets_the_credential_in_use_neither_end_nor_lose_its_time_to_drain() {
    let script = Script::new(6 * SECOND);
    script.with(|s| (s.renewable, s.max_ttl) = (true, MINUTE));
    let value = start(script.clone(), policy()).await.unwrap();
    let held = value.checkout();
    script.with(|s| s.prepare_delay = 8 * SECOND);
    generation(&value, 2).await;
    script.with(|s| s.prepare_delay = Duration::ZERO);
    sleep(3 * SECOND).await;
    assert!(held.end().is_none(), "{:?}", held.end());
    assert!(script.alive().contains(&1));
}

#[tokio::test(start_paused = true)]
async fn a_swap_in_the_last_moment_still_extends_the_old_credential_for_its_users() {
    let script = Script::new(6 * SECOND);
    script.with(|s| (s.renewable, s.max_ttl) = (true, MINUTE));
    let value = start(script.clone(), policy()).await.unwrap();
    let held = value.checkout();
    // The renewal meanwhile is refused for a passing reason, so the swap comes after the hard stop.
    script.with(|s| (s.prepare_delay, s.fail_renew) = (5 * SECOND / 2, 4));
    generation(&value, 2).await;
    sleep(3 * SECOND).await;
    assert!(held.end().is_none(), "{:?}", held.end());
}

#[tokio::test(start_paused = true)]
async fn extensions_that_fail_are_spaced() {
    let script = Script::new(MINUTE);
    script.with(|s| (s.renewable, s.max_ttl) = (true, HOUR));
    let value = start(script.clone(), policy()).await.unwrap();
    let _held = value.checkout();
    script.with(|s| {
        (s.prepare_delay, s.fail_renew, s.delay) = (25 * SECOND, u32::MAX, Duration::ZERO);
    });
    sleep(2 * MINUTE).await;
    let renewals = script.with(|s| s.renewals);
    assert!((10..400).contains(&renewals), "{renewals} renewals in two minutes");
}
