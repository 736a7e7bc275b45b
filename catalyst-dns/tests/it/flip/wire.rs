//! Flips through each registrar's client, over its wire and in real time: the same faults, the same promise.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Backoff;
use catalyst_dns::registrar::flip::{FlipOutcome, FlipPolicy, Rollback};
use catalyst_dns::registrar::{NsWrite, Registrar};
use catalyst_dns::testing::registrar::{Fault, FaultRule, RegistrarModel};
use futures_util::future::join_all;

use super::{Scene, domain, new, old, request};
use crate::registrar::{for_each_registrar, once};

/// What a flip comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Flipped,
    /// The registrar's task failed, so that nothing is to be taken back.
    TaskFailed,
    /// The parent came to serve something else, and the old set is back.
    RolledBack,
}

/// Everything that is waited for is there within milliseconds; what never comes is given up soon.
fn hasty() -> FlipPolicy {
    FlipPolicy::default()
        .parent(Duration::from_millis(150))
        .settle(Duration::from_millis(50))
        .poll(Backoff::new(Duration::from_millis(5), Duration::from_millis(20)))
}

#[tokio::test]
async fn each_fault_over_each_wire_ends_with_the_old_or_the_new_set_and_a_true_report() {
    let read_back = || FaultRule::new(Fault::PartialReadBack).after(1).times(3);
    let table = [
        (None, End::Flipped),
        (Some(FaultRule::new(Fault::TimeoutAfterWrite)), End::Flipped),
        (Some(FaultRule::new(Fault::DropAfterWrite)), End::Flipped),
        (Some(read_back()), End::Flipped),
        (Some(FaultRule::new(Fault::TaskError)), End::TaskFailed),
        (Some(FaultRule::new(Fault::WrongParent)), End::RolledBack),
    ];
    let rows = table.into_iter().map(|(rule, end)| async move {
        let patience = Duration::from_millis(400);
        for_each_registrar(RegistrarModel::new, once(), patience, async |registrar, model| {
            let what = format!("{} {rule:?}", registrar.name());
            let scene = Scene::of(model);
            if let Some(rule) = &rule {
                scene.model.faults().inject(rule.clone());
            }
            match registrar.capabilities().nameservers {
                NsWrite::ManualOnly => by_hand(registrar, &scene, &what).await,
                // Only what is done later can fail later.
                NsWrite::Direct if end == End::TaskFailed => {
                    flip(registrar, &scene, End::Flipped, &what).await;
                }
                _ => flip(registrar, &scene, end, &what).await,
            }
        })
        .await;
    });
    join_all(rows).await;
}

async fn flip(registrar: Arc<dyn Registrar>, scene: &Scene, end: End, what: &str) {
    let report = scene.flipper_by(registrar, hasty()).run(&request()).await.unwrap();
    scene.assert_truthful(&report, what);
    let came = match (&report.outcome, &report.rollback) {
        (FlipOutcome::Flipped, _) => End::Flipped,
        (FlipOutcome::NotFlipped(error), Rollback::NotNeeded) if error.code() == Some("task_failed") => {
            End::TaskFailed
        }
        (_, Rollback::RolledBack { verified: true }) => End::RolledBack,
        _ => panic!("{what}: {report}"),
    };
    assert_eq!(came, end, "{what}: {report}");
    let left = if end == End::Flipped { new() } else { old() };
    assert_eq!(
        (scene.model.has(&domain()), scene.model.parent_serves(&domain())),
        (Some(left.clone()), Some(left))
    );
    let writes = if end == End::RolledBack { 2 } else { 1 };
    assert_eq!(scene.model.writes(), writes, "{what}: a write in doubt is read and not repeated");
    assert_eq!((scene.model.faults().pending(), scene.record().await), (0, None), "{what}");
}

/// Nothing is written; once a person has done it, it is verified.
async fn by_hand(registrar: Arc<dyn Registrar>, scene: &Scene, what: &str) {
    let flipper = scene.flipper_by(registrar, hasty());
    let report = flipper.run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::ManualNeeded(_)), "{what}: {report}");
    assert_eq!((scene.model.writes(), scene.record().await), (0, None), "{what}");
    scene.model.faults().clear();
    scene.model.set_parent(&domain(), &new());
    let report = flipper.verify(&domain(), &new()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{what}: {report}");
}
