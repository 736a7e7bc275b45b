//! The checks.

use std::time::Duration;

use catalyst_core::ErrorKind;
use tokio::time::{sleep, timeout};

use super::{Held, Life, Stage, Subject};
use crate::rotation::{Event, EventKind};
use crate::testing::{Diary, Load, events};

/// How long the server and the rotation may take for what they do by themselves.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two calls of one caller.
const PAUSE: Duration = Duration::from_millis(5);
const SHUTDOWN: Duration = Duration::from_secs(10);
/// An hour: time alone changes nothing during a check.
const LONG: Life = Life { ttl: Duration::from_secs(3600), max_ttl: Duration::from_secs(3600) };

/// All checks that fit the stage, one after the other. They take a minute.
pub async fn all<S: Stage>(stage: &S) {
    a_refused_credential_starts_nothing(stage).await;
    no_call_fails_while_the_credential_is_swapped_under_load(stage).await;
    if S::POOLS {
        whoever_waits_at_a_full_pool_moves_over(stage).await;
    }
    what_is_held_keeps_its_credential_until_it_is_home(stage).await;
    if S::LEASES {
        what_is_held_beyond_the_maximum_is_told_why(stage).await;
    }
    a_credential_ended_behind_our_back_is_replaced(stage).await;
    a_restart_of_the_server_is_survived(stage).await;
    a_shutdown_gives_everything_back(stage).await;
}

/// Sixteen callers and room for twenty, three swaps with all that belongs to them.
pub async fn no_call_fails_while_the_credential_is_swapped_under_load<S: Stage>(stage: &S) {
    swaps_under_load(stage, 20).await;
}

/// Sixteen callers and room for four.
pub async fn whoever_waits_at_a_full_pool_moves_over<S: Stage>(stage: &S) {
    swaps_under_load(stage, 4).await;
}

async fn swaps_under_load<S: Stage>(stage: &S, connections: usize) {
    let subject = stage.open(connections, Life::seconds(6, 6)).await.unwrap();
    let (mut seen, diary) = (subject.events(), Diary::of(subject.events()));
    let caller = subject.clone();
    let load = Load::start(16, move |round| {
        let caller = caller.clone();
        async move {
            // One in twenty is long.
            if round.is_multiple_of(20) {
                caller.long_call().await?;
            } else {
                caller.call().await?;
            }
            // The machine has more to do than to call: a login that gets no time from it shows nothing of the pool.
            sleep(PAUSE).await;
            Ok::<_, catalyst_core::Error>(())
        }
    });
    for swaps in 1..=3 {
        load.reached(100 * swaps).await;
        stage.turn_over().await;
        events(&mut seen, 1, revoked).await;
    }
    let (_, failures) = load.stop().await;
    diary.assert_none_failed(&failures);
    finish(stage, &subject).await;
}

/// What was taken out before two swaps goes on, and is what its credential is kept for; when it is home, the credential
/// is taken back.
pub async fn what_is_held_keeps_its_credential_until_it_is_home<S: Stage>(stage: &S) {
    let before = stage.credentials().await;
    let subject = stage.open(4, Life::seconds(2, 60)).await.unwrap();
    let mut held = subject.hold().await.unwrap();
    let of_held: Vec<String> =
        stage.credentials().await.into_iter().filter(|name| !before.contains(name)).collect();
    let mut seen = subject.events();
    for _ in 0..2 {
        stage.turn_over().await;
        events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    }
    assert!(subject.generation() >= 3 && held.generation() == 1);
    held.call().await.unwrap();
    subject.call().await.unwrap();
    let now = stage.credentials().await;
    assert!(of_held.iter().all(|name| now.contains(name)), "{of_held:?} was taken back while it was in use");
    drop(held);
    events(&mut seen, 1, |event| event.generation == 1 && revoked(event)).await;
    let now = stage.credentials().await;
    assert!(!of_held.iter().any(|name| now.contains(name)), "{of_held:?} was left behind");
    finish(stage, &subject).await;
}

/// It is carried as far as renewals go; then its next call fails with the reason, of kind `Expired`.
pub async fn what_is_held_beyond_the_maximum_is_told_why<S: Stage>(stage: &S) {
    let subject = stage.open(4, Life::seconds(2, 4)).await.unwrap();
    let mut seen = subject.events();
    let mut held = subject.hold().await.unwrap();
    let work = async {
        loop {
            if let Err(why) = held.call().await {
                break why;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let why = timeout(PATIENCE, work).await.expect("a credential ends with its lease");
    assert_eq!(why.kind(), ErrorKind::Expired, "{why:?}");
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Renewed { .. })).await;
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Ended { .. })).await;
    subject.call().await.unwrap();
    drop(held);
    finish(stage, &subject).await;
}

/// The error is typed and says that it was the login, and what was made for the start is taken back.
pub async fn a_refused_credential_starts_nothing<S: Stage>(stage: &S) {
    let before = stage.credentials().await;
    let error = timeout(PATIENCE, stage.open_refused()).await.expect("a refusal comes in time").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert_eq!(stage.credentials().await, before, "something was left behind");
}

/// Calls succeed again soon, on the same credential, and the next swap comes.
pub async fn a_restart_of_the_server_is_survived<S: Stage>(stage: &S) {
    let subject = stage.open(4, Life::seconds(10, 10)).await.unwrap();
    subject.call().await.unwrap();
    let mut seen = subject.events();
    stage.restart().await;
    works_again(&subject).await;
    stage.turn_over().await;
    events(&mut seen, 1, revoked).await;
    subject.call().await.unwrap();
    finish(stage, &subject).await;
}

/// The sessions are gone and the login is refused; no caller sees that refusal, and there is one replacement.
pub async fn a_credential_ended_behind_our_back_is_replaced<S: Stage>(stage: &S) {
    let subject = stage.open(4, LONG).await.unwrap();
    subject.call().await.unwrap();
    let mut seen = subject.events();
    stage.end_credentials().await;
    works_again(&subject).await;
    events(&mut seen, 1, |event| matches!(event.kind, EventKind::Rotated)).await;
    for _ in 0..20 {
        subject.call().await.unwrap();
    }
    assert_eq!(subject.generation(), 2, "one replacement is enough");
    finish(stage, &subject).await;
}

/// No credential is left, calls are refused as closed, and a second shutdown is harmless.
pub async fn a_shutdown_gives_everything_back<S: Stage>(stage: &S) {
    let before = stage.credentials().await;
    let subject = stage.open(4, LONG).await.unwrap();
    subject.call().await.unwrap();
    subject.shutdown(SHUTDOWN).await.unwrap();
    assert_eq!(stage.credentials().await, before, "something was left behind");
    assert_eq!(subject.call().await.unwrap_err().kind(), ErrorKind::Closed);
    subject.shutdown(SHUTDOWN).await.unwrap();
}

/// Waits until a call succeeds. An idle connection that the server has closed may fail once, as it may with the bare
/// driver; a refused login may not be seen.
async fn works_again<C: Subject>(subject: &C) {
    let wait = async {
        while let Err(error) = subject.call().await {
            assert_ne!(error.kind(), ErrorKind::Unauthenticated, "a caller saw the refusal: {error:?}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("it works again");
}

async fn finish<S: Stage>(stage: &S, subject: &S::Subject) {
    subject.shutdown(SHUTDOWN).await.unwrap();
    let left = stage.credentials().await;
    assert!(left.is_empty() || !S::LEASES, "{left:?} was left behind");
}

fn revoked(event: &Event) -> bool {
    matches!(event.kind, EventKind::Revoked)
}
