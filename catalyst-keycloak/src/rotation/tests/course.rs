//! How a rotation goes when nothing fails, and what it refuses.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_core::ErrorKind;

use super::super::{
    NextStep, Outcome, Phase, Policy, Reason, RotationEvent, RotationObserver, WithoutOverlap,
};
use super::realm::{DAY, HOUR, World};

fn observer() -> (RotationObserver, Arc<Mutex<Vec<RotationEvent>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    (Arc::new(move |event: &RotationEvent| seen.lock().unwrap().push(event.clone())), events)
}

fn names(events: &Mutex<Vec<RotationEvent>>) -> Vec<&'static str> {
    events.lock().unwrap().drain(..).map(|event| event.kind.name()).collect()
}

async fn until_due(world: &World) {
    let NextStep::At(due) = world.rotation().advance().await.unwrap() else { panic!("nothing is due yet") };
    world.pass(due.duration_since(world.now()).unwrap());
}

#[tokio::test]
async fn a_secret_is_replaced_at_day_83_and_the_old_one_ends_a_day_later() {
    let world = World::new();
    let (observer, events) = observer();
    let rotation = world.rotation().observer(observer);
    let began = world.now();
    let NextStep::At(due) = rotation.advance().await.unwrap() else { panic!("a new secret is not due") };
    let age = due.duration_since(began).unwrap();
    assert!(age >= 83 * DAY - 12 * HOUR && age <= 83 * DAY + 12 * HOUR, "{age:?}");
    assert_eq!(names(&events), ["recorded"]);
    let first = world.published().unwrap();

    world.pass(age);
    let NextStep::At(grace) = rotation.advance().await.unwrap() else { panic!("there is a grace") };
    assert_eq!(names(&events), ["locked", "regenerated", "stored", "verified", "grace_begun"]);
    let second = world.published().unwrap();
    assert!(first != second && world.works(&first) && world.works(&second));
    let left = grace.duration_since(world.now()).unwrap();
    assert!(left > DAY - Duration::from_secs(2) && left <= DAY, "{left:?}");

    world.pass(left);
    let NextStep::At(_) = rotation.advance().await.unwrap() else { panic!("the next is far away") };
    assert_eq!(names(&events), ["locked", "old_ended", "old_refused", "finished"]);
    assert!(!world.works(&first) && world.works(&second));
    let record = world.record();
    assert_eq!((record.phase, record.number, record.previous), (Phase::Idle, 2, None));
    assert_eq!((record.outcome, record.lock), (Some(Outcome::Rotated), None));
}

#[tokio::test]
async fn the_realms_own_shorter_expiry_comes_first() {
    let world = World::new();
    let policy = Policy::default().every(1000 * DAY);
    let NextStep::At(due) = world.rotation_by(policy).advance().await.unwrap() else { panic!("not due") };
    let age = due.duration_since(world.now()).unwrap();
    assert!(age < 97 * DAY - 6 * DAY, "the realm ends it after 97 days: {age:?}");
}

#[tokio::test]
async fn without_overlap_it_is_refused_and_nothing_is_touched() {
    let world = World::new();
    world.overlaps(false);
    until_due(&world).await;
    let (observer, events) = observer();
    let error = world.rotation().observer(observer).advance().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("rotation_unsupported")));
    assert!(error.to_string().contains("secret-rotation"), "{error}");
    assert_eq!(names(&events), ["unsupported", "failed"]);
    assert_eq!((world.made(), world.record().phase), (0, Phase::Idle));
}

#[tokio::test]
async fn a_declared_cut_over_is_done_at_once_and_recorded() {
    let world = World::new();
    world.overlaps(false);
    until_due(&world).await;
    let old = world.published().unwrap();
    let policy = Policy::default().without_overlap(WithoutOverlap::CutOver);
    world.rotation_by(policy).advance().await.unwrap();
    let record = world.record();
    assert_eq!((record.phase, record.outcome), (Phase::Idle, Some(Outcome::CutOver)));
    assert!(!world.works(&old) && world.works(&record.current));
}

#[tokio::test]
async fn a_leaked_secret_is_refused_when_the_call_returns_even_in_a_grace() {
    let world = World::new();
    let rotation = world.rotation();
    until_due(&world).await;
    let first = world.published().unwrap();
    rotation.advance().await.unwrap();
    let leaked = world.published().unwrap();
    assert_eq!(world.record().phase, Phase::Grace);
    rotation.replace_leaked().await.unwrap();
    let record = world.record();
    assert_eq!((record.phase, record.reason, record.number), (Phase::Idle, Reason::Leaked, 3));
    assert!(!world.works(&first) && !world.works(&leaked) && world.works(&record.current));
}

#[tokio::test]
async fn asked_for_twice_in_a_row_it_is_replaced_once() {
    let world = World::new();
    let rotation = world.rotation();
    rotation.rotate_now().await.unwrap();
    rotation.rotate_now().await.unwrap();
    assert_eq!((world.made(), world.record().phase), (1, Phase::Grace));
    world.pass(DAY);
    rotation.advance().await.unwrap();
    rotation.rotate_now().await.unwrap();
    assert_eq!(world.made(), 2);
}

#[tokio::test]
async fn a_secret_that_was_made_by_hand_is_adopted_and_the_old_one_kept_for_its_grace() {
    let world = World::new();
    let (observer, events) = observer();
    let rotation = world.rotation().observer(observer);
    rotation.advance().await.unwrap();
    let old = world.published().unwrap();
    let new = world.regenerate_by_hand();
    names(&events);

    rotation.advance().await.unwrap();
    assert_eq!(names(&events), ["drift_found", "stored", "verified", "grace_begun"]);
    assert_eq!(world.published().unwrap(), new);
    assert!(world.works(&old));
    world.pass(DAY);
    rotation.advance().await.unwrap();
    let record = world.record();
    assert_eq!((record.outcome, record.phase, record.number), (Some(Outcome::Adopted), Phase::Idle, 2));
    assert_eq!(world.made(), 1, "nothing was made beyond the one by hand");
}

#[tokio::test]
async fn a_client_that_was_regenerated_before_it_had_a_record_keeps_both() {
    let world = World::new();
    let new = world.regenerate_by_hand();
    world.rotation().advance().await.unwrap();
    let record = world.record();
    assert_eq!((record.phase, &record.current), (Phase::Grace, &new));
    assert!(record.previous.is_some());
}

#[tokio::test]
async fn ninety_days_after_ninety_days_nobody_holds_a_secret_that_is_refused() {
    let world = World::new();
    let rotation = world.rotation();
    rotation.advance().await.unwrap();
    let mut held = world.published().unwrap();
    for hour in 0..24 * 400 {
        world.pass(HOUR);
        rotation.advance().await.unwrap();
        assert!(world.works(&held), "hour {hour}");
        held = world.published().unwrap();
    }
    assert_eq!((world.made(), world.record().number), (4, 5));
    let status = rotation.status().await.unwrap().unwrap();
    assert!(status.due_at > world.now() && status.expires_at > status.due_at);
}
