//! Flips as they should go, and faults in the middle of them.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_flip_ends_when_registrar_and_parent_have_the_new_set() {
    let scene = Scene::by_tasks();
    scene.model.set_parent_lag(9);
    let start = Instant::now();
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    scene.assert_truthful(&report, "no fault");
    assert_eq!((&report.before, &report.at_registrar), (&old(), &Some(new())));
    let steps: Vec<Step> = report.steps.iter().map(|time| time.step).collect();
    let order =
        [Step::ReadOld, Step::CheckServers, Step::Write, Step::FollowTask, Step::ReadBack, Step::AskParent];
    assert_eq!(steps, order);
    assert_eq!(report.elapsed(), start.elapsed());
    assert_eq!(report.parents.len(), 2, "each server of the parent is told");
    assert_eq!((scene.model.writes(), scene.record().await), (1, None));
    assert!(report.done().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_scripted_registrar_keeps_the_contract_of_registrars() {
    for (write, looks) in [(NsWrite::Direct, None), (NsWrite::Task, Some(3)), (NsWrite::ManualOnly, None)] {
        let model = RegistrarModel::new();
        if let Some(looks) = looks {
            model.write_by_tasks(looks);
        }
        let registrar = ModelRegistrar::new(&model).nameservers(write);
        let registrar = if write == NsWrite::Direct { registrar } else { registrar.without_ds() };
        contract::all(&registrar, &model, contract::Words::distinct()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_set_in_another_spelling_is_not_written() {
    let scene = Scene::new();
    let spelled =
        NameServers::new(["NS2.Old.test.", "ns1.OLD.test"].map(|name| name.parse().unwrap())).unwrap();
    let report = scene.flipper().run(&FlipRequest::new(domain(), spelled)).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Unchanged));
    assert_eq!((scene.model.writes(), report.done().is_ok()), (0, true));
}

#[tokio::test(start_paused = true)]
async fn each_fault_and_each_pair_of_faults_ends_with_the_old_or_the_new_set_and_a_true_report() {
    let faults = [
        Fault::TimeoutAfterWrite,
        Fault::TimeoutBeforeWrite,
        Fault::TaskError,
        Fault::PartialReadBack,
        Fault::WrongParent,
        Fault::StuckParent,
    ];
    let rule = |fault: &Fault| {
        let rule = FaultRule::new(fault.clone());
        // The first read is that of the old set.
        if *fault == Fault::PartialReadBack { rule.after(1).times(3) } else { rule }
    };
    for by_tasks in [false, true] {
        for first in &faults {
            for second in faults.iter().map(Some).chain([None]) {
                let what = format!("{first:?} and {second:?}, tasks {by_tasks}");
                let scene = if by_tasks { Scene::by_tasks() } else { Scene::new() };
                scene.model.faults().inject(rule(first));
                if let Some(second) = second {
                    scene.model.faults().inject(rule(second));
                }
                let report = scene.flipper().run(&request()).await.unwrap();
                scene.assert_truthful(&report, &what);
                let ended =
                    matches!(report.rollback, Rollback::NotNeeded | Rollback::RolledBack { verified: true });
                assert_eq!(
                    scene.record().await.is_none(),
                    ended,
                    "{what}: the record stays as long as it is needed"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_after_the_write_is_resolved_by_reading() {
    let scene = Scene::new();
    let report = scene.inject(Fault::TimeoutAfterWrite).flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert_eq!(scene.model.writes(), 1, "it is not written again");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_nobody_sees_arrive_is_taken_back_for_it_may_arrive_later() {
    let scene = Scene::new();
    let report = scene.inject(Fault::TimeoutBeforeWrite).flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    let error = report.done().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("the old name servers are back, and verified"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_leaves_nothing_to_take_back() {
    let scene = Scene::by_tasks();
    let report = scene.inject(Fault::TaskError).flipper().run(&request()).await.unwrap();
    let FlipOutcome::NotFlipped(error) = &report.outcome else { panic!("{report}") };
    assert_eq!(error.code(), Some("task_failed"));
    assert_eq!(error.server_message(), Some("the registry refuses the servers"));
    assert!(matches!(report.rollback, Rollback::NotNeeded));
    assert_eq!(scene.model.writes(), 1);
}
