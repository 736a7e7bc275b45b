use std::time::Duration;

use catalyst_core::Secret;
use proptest::option;
use proptest::prelude::*;

use super::super::dates::whole;
use super::*;

const HOLDER: &str = "us";

/// A record and a realm that know of three secrets between them, at some moment of a rotation.
#[derive(Clone, Debug)]
struct Moment {
    record: Record,
    seen: SecretPair,
    now: SystemTime,
    demand: Demand,
    quiet_until: Option<SystemTime>,
}

fn secret(number: u8) -> Secret {
    Secret::from(format!("secret-{number}"))
}

prop_compose! {
    fn moments()(
        current in 0u8..3, previous in option::of(0u8..3), phase in 0usize..5, reason in 0usize..4,
        real in 0u8..3, rotated in option::of((0u8..3, 0u64..200_000)), age in 0u64..10_000_000,
        lock in option::of((any::<bool>(), 0u64..400)), grace in option::of(0u64..200_000), demand in 0usize..3,
        quiet in option::of(0u64..400)
    ) -> Moment {
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let now = made + Duration::from_secs(age);
        // Some of these moments lie before now, and some after.
        let around = |seconds: u64, half: u64| whole(now + Duration::from_secs(seconds) - Duration::from_secs(half));
        let mut record = Record::first(secret(current), made, &Policy::default());
        record.previous = previous.map(secret);
        record.phase = [Phase::Idle, Phase::Regenerating, Phase::Verifying, Phase::Grace, Phase::Ending][phase];
        record.reason = [Reason::Due, Reason::Asked, Reason::Leaked, Reason::Drift][reason];
        record.grace_ends_at = grace.map(|at| around(at, 100_000));
        record.lock = lock.map(|(ours, at)| {
            let holder = if ours { HOLDER } else { "another" };
            Lock { holder: holder.to_owned(), ends_at: around(at, 200) }
        });
        let mut seen = SecretPair::new(secret(real));
        seen.rotated = rotated.map(|(number, _)| secret(number));
        seen.rotated_expires_at = rotated.map(|(_, at)| around(at, 100_000));
        let demand = [Demand::WhenDue, Demand::Now, Demand::Leaked][demand];
        Moment { record, seen, now, demand, quiet_until: quiet.map(|at| around(at, 200)) }
    }
}

fn step(moment: &Moment) -> Step {
    let (client, policy) = ("app".parse().unwrap(), Policy::default());
    let situation = Situation {
        client: &client,
        policy: &policy,
        now: moment.now,
        holder: HOLDER,
        demand: moment.demand,
        quiet_until: moment.quiet_until,
    };
    next(&moment.record, &moment.seen, &situation)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_is_made_only_by_the_holder_who_said_so_and_only_if_none_was_made_yet(moment in moments()) {
        if step(&moment) == Step::Regenerate {
            let Moment { record, seen, now, quiet_until, .. } = &moment;
            prop_assert_eq!(record.phase, Phase::Regenerating);
            prop_assert_eq!(&seen.current, &record.current, "one that was made would be another");
            let lock = record.lock.as_ref().unwrap();
            prop_assert!(lock.holder == HOLDER && lock.ends_at > *now);
            prop_assert!(quiet_until.is_none_or(|until| until <= *now), "one may be on its way");
        }
    }

    #[test]
    fn an_old_secret_is_ended_only_after_its_grace_or_when_it_has_ended_by_itself(moment in moments()) {
        let Moment { record, seen, now, .. } = &moment;
        if step(&moment) == Step::End {
            prop_assert_eq!((record.phase, &seen.current), (Phase::Ending, &record.current));
            prop_assert_eq!(record.lock.as_ref().unwrap().holder.as_str(), HOLDER);
        }
        if matches!(step(&moment), Step::Lock(Phase::Ending, _)) && record.phase == Phase::Grace {
            let over = record.grace_ends_at.is_none_or(|end| end <= *now);
            prop_assert!(over || working_rotated(seen, *now).is_none());
        }
    }

    #[test]
    fn nothing_is_done_while_somebody_else_is_at_work(moment in moments()) {
        let theirs = moment.record.lock.as_ref().filter(|lock| lock.holder != HOLDER && lock.ends_at > moment.now);
        let stands_back = matches!(step(&moment), Step::StandBack(until) if until > moment.now);
        prop_assert_eq!(stands_back, theirs.is_some());
    }

    #[test]
    fn every_wait_ends_later_and_what_differs_from_the_realm_is_written_first(moment in moments()) {
        match step(&moment) {
            Step::Wait(until) => prop_assert!(until > moment.now),
            Step::StandBack(_) | Step::Adopt => {}
            _ => prop_assert_eq!(&moment.record.current, &moment.seen.current),
        }
    }
}
