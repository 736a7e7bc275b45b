//! The promises of the planner, for every TTL and every draw.
#![allow(clippy::unchecked_time_subtraction, reason = "a test that underflows should fail")]

use super::*;
use proptest::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

fn ttls() -> impl Strategy<Value = Duration> {
    let second_to_month = (1_000u64..30 * 24 * 3_600_000).prop_map(Duration::from_millis);
    prop_oneof![second_to_month, (1_000u64..120_000).prop_map(Duration::from_millis)]
}

fn healthy(age: Duration) -> Situation {
    Situation {
        age,
        failures: 0,
        since_failure: Duration::ZERO,
        draw: 0.5,
        asked_to_wait: None,
        early: false,
        since_early: None,
    }
}

/// The ages at which a source that always fails is asked, until `until`.
fn attempts(
    policy: &Policy,
    ttl: Duration,
    jitter: f64,
    draws: &mut fastrand::Rng,
    until: Duration,
) -> Vec<Duration> {
    let schedule = schedule(policy, ttl, jitter);
    let (mut made, mut last_draw) = (Vec::new(), 0.0);
    let mut age = Duration::ZERO;
    while age < until {
        let failures = u32::try_from(made.len()).unwrap();
        let since_failure = made.last().map_or(Duration::ZERO, |last| age - *last);
        let now = Situation { failures, since_failure, draw: last_draw, ..healthy(age) };
        match next(policy, &schedule, &now) {
            Step::Wait(pause) => age += pause,
            Step::Rotate => {
                made.push(age);
                last_draw = draws.f64();
            }
        }
    }
    made
}

#[test]
fn a_lease_of_an_hour_is_rotated_between_minute_45_and_50() {
    let policy = Policy::default();
    assert_eq!(schedule(&policy, HOUR, 0.0).rotate_at, 50 * MINUTE);
    assert_eq!(schedule(&policy, HOUR, 1.0).rotate_at, 45 * MINUTE);
    assert_eq!(schedule(&policy, HOUR, 0.0).hard_stop, HOUR - Duration::from_secs(30));
}

#[test]
fn zero_and_huge_ttls_are_planned_without_panic() {
    let policy = Policy::default();
    let zero = schedule(&policy, Duration::ZERO, 1.0);
    assert_eq!((zero.rotate_at, zero.end), (Duration::ZERO, Duration::ZERO));
    assert_eq!(schedule(&policy, Duration::MAX, 0.3).end, LONGEST);
}

#[test]
fn an_early_rotation_is_immediate_once_and_then_spaced() {
    let policy = Policy::default();
    let schedule = schedule(&policy, HOUR, 0.0);
    let wanted = Situation { early: true, ..healthy(MINUTE) };
    assert_eq!(next(&policy, &schedule, &wanted), Step::Rotate);
    let again = Situation { since_early: Some(Duration::from_secs(2)), ..wanted };
    assert_eq!(next(&policy, &schedule, &again), Step::Wait(Duration::from_secs(3)));
}

#[test]
fn a_clipped_renewal_is_recognised() {
    let second = Duration::from_secs(1);
    assert!(clipped(12 * second, 12 * second, 30 * second));
    assert!(clipped(12 * second, 4 * second, 30 * second));
    assert!(!clipped(12 * second, 30 * second, 30 * second));
}

#[test]
fn a_thousand_replicas_started_in_one_second_mint_at_most_12_a_second() {
    let (policy, mut draws) = (Policy::default(), fastrand::Rng::with_seed(7));
    let mut per_second = std::collections::HashMap::new();
    for _ in 0..1000 {
        let mut at = Duration::from_secs_f64(draws.f64());
        for _ in 0..24 {
            at += schedule(&policy, HOUR, draws.f64()).rotate_at;
            *per_second.entry(at.as_secs()).or_insert(0u32) += 1;
        }
    }
    let peak = per_second.values().max().copied().unwrap_or(0);
    assert!(peak > 0 && peak <= 12, "{peak} in one second");
}

proptest! {
    #[test]
    fn rotation_comes_before_expiry_less_the_drain_time(ttl in ttls(), jitter in 0.0f64..=1.0) {
        let s = schedule(&Policy::default(), ttl, jitter);
        prop_assert!(s.rotate_at < s.hard_stop && s.hard_stop < s.end, "{s:?}");
    }

    #[test]
    fn any_setting_keeps_the_order(ttl in ttls(), jitter in 0.0f64..=1.0, lead in 0u64..100_000, spread in 0u64..100_000, reserve in 0u64..100_000) {
        let policy = Policy::default()
            .rotate_before(Duration::from_secs(lead))
            .spread(Duration::from_secs(spread))
            .drain_reserve(Duration::from_secs(reserve));
        let s = schedule(&policy, ttl, jitter);
        prop_assert!(s.rotate_at <= s.hard_stop && s.hard_stop <= s.end, "{s:?}");
        prop_assert!(s.rotate_at >= ttl / 4, "a rotation chases the one before: {s:?}");
    }

    #[test]
    fn jitter_only_makes_it_earlier(ttl in ttls(), jitter in 0.0f64..=1.0) {
        let policy = Policy::default();
        prop_assert!(schedule(&policy, ttl, jitter).rotate_at <= schedule(&policy, ttl, 0.0).rotate_at);
    }

    #[test]
    fn under_permanent_failure_there_are_enough_attempts_before_the_end(ttl in 60u64..30 * 24 * 3600, jitter in 0.0f64..=1.0, seed: u64) {
        let ttl = Duration::from_secs(ttl);
        let made = attempts(&Policy::default(), ttl, jitter, &mut fastrand::Rng::with_seed(seed), ttl);
        prop_assert!(made.len() >= 5, "{} attempts", made.len());
    }

    #[test]
    fn under_permanent_failure_it_never_spins(ttl in ttls(), jitter in 0.0f64..=1.0, seed: u64) {
        let policy = Policy::default();
        let start = schedule(&policy, ttl, jitter).rotate_at;
        let made = attempts(&policy, ttl, jitter, &mut fastrand::Rng::with_seed(seed), start + 20 * MINUTE);
        prop_assert!(made.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(250)));
        prop_assert!(made.windows(2).all(|pair| pair[1] - pair[0] <= Duration::from_secs(60)));
    }

    #[test]
    fn a_wait_always_leads_to_a_rotation(ttl in ttls(), age in 0u64..40 * 24 * 3600, failures in 0u32..40, early: bool, since in 0u64..1000, draw in 0.0f64..=1.0) {
        let policy = Policy::default();
        let s = schedule(&policy, ttl, 0.5);
        let (age, since) = (Duration::from_secs(age), Duration::from_secs(since));
        let mut now = Situation { failures, draw, early, since_failure: since, since_early: Some(since), ..healthy(age) };
        if let Step::Wait(pause) = next(&policy, &s, &now) {
            now.age += pause;
            now.since_failure += pause;
            now.since_early = now.since_early.map(|since| since + pause);
            prop_assert_eq!(next(&policy, &s, &now), Step::Rotate);
        }
    }

    #[test]
    fn the_servers_word_is_kept_but_never_past_the_end(ttl in ttls(), wait in 0u64..100_000, age_share in 0.0f64..1.0) {
        let policy = Policy::default();
        let s = schedule(&policy, ttl, 0.5);
        let age = s.hard_stop.mul_f64(age_share);
        let now = Situation { failures: 1, asked_to_wait: Some(Duration::from_secs(wait)), ..healthy(age) };
        if let Step::Wait(pause) = next(&policy, &s, &now) {
            prop_assert!(pause <= (s.hard_stop.saturating_sub(age) / 2).max(Duration::from_secs(1)));
        }
    }

    #[test]
    fn an_old_credential_is_ended_before_the_server_ends_it(ttl in ttls(), age_share in 0.0f64..2.0, renewable: bool, limit in proptest::option::of(0u64..4000), draining in 0u64..4000) {
        let policy = Policy { drain_limit: limit.map(Duration::from_secs), ..Policy::default() };
        let s = schedule(&policy, ttl, 0.5);
        let (age, draining) = (ttl.mul_f64(age_share), Duration::from_secs(draining));
        match drain(&policy, &s, age, draining, renewable) {
            DrainStep::Wait(pause) => {
                prop_assert!(!pause.is_zero() && age + pause <= s.hard_stop);
                prop_assert!(policy.drain_limit.is_none_or(|limit| draining + pause <= limit));
            }
            DrainStep::Renew => prop_assert!(renewable && age < s.end),
            DrainStep::End => prop_assert!(age >= s.hard_stop || policy.drain_limit.is_some_and(|limit| draining >= limit)),
        }
    }
}
