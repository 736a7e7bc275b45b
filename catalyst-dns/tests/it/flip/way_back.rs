//! The old set is written back, and whether that is believed.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_parent_that_serves_something_else_makes_the_flip_go_back() {
    for fault in [Fault::WrongParent, Fault::StuckParent] {
        let scene = Scene::new();
        let start = Instant::now();
        let flipper = scene.inject(fault.clone()).flipper();
        let report = flipper.run(&request()).await.unwrap();
        assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{fault:?}: {report}");
        assert!(start.elapsed() >= Duration::from_secs(3600), "it was given all its time");
        let FlipOutcome::NotFlipped(error) = &report.outcome else { panic!("{report}") };
        assert_eq!(error.code(), Some("parent_mismatch"));
        scene.assert_truthful(&report, "a wrong parent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_fails_is_told_and_can_be_gone_later() {
    let scene = Scene::new();
    scene.inject(Fault::StuckParent);
    // From the second write on the account is refused.
    scene.model.faults().inject(FaultRule::new(Fault::BadCredential).on(Op::Write).after(1).until_cleared());
    let flipper = scene.flipper();
    let report = flipper.run(&request()).await.unwrap();
    let Rollback::RollbackFailed { error } = &report.rollback else { panic!("{report}") };
    assert_eq!(error.code(), Some("bad_credential"));
    assert_eq!((&report.at_registrar, report.standing), (&Some(new()), Standing::Before));
    assert_eq!(scene.record().await.map(|record| record.phase()), Some(FlipPhase::Restoring));

    let error = flipper.run(&request()).await.unwrap_err();
    assert_eq!(error.code(), Some("unfinished_flip"));
    scene.model.faults().clear();
    let report = flipper.resume(&domain()).await.unwrap().unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    scene.assert_truthful(&report, "resumed");
    assert!(flipper.resume(&domain()).await.unwrap().is_none(), "there is nothing more to do");
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_the_parent_does_not_show_is_not_called_verified() {
    let scene = Scene::new();
    // The new set comes to the parent in a wrong form, and the old one does not come.
    scene.inject(Fault::WrongParent).inject(Fault::StuckParent);
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: false }), "{report}");
    assert_eq!((&report.at_registrar, report.standing), (&Some(old()), Standing::Mixed));
    assert!(scene.record().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_way_back_is_not_verified_by_a_parent_that_has_not_moved_yet() {
    let scene = Scene::new();
    // The parent still serves the old set, and the wrong one comes to it later.
    scene.model.set_parent_lag(12);
    scene.inject(Fault::StuckParent).inject(Fault::WrongParent);
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: false }), "{report}");
    assert_eq!(report.standing, Standing::Mixed);
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_was_refused_is_none_even_if_the_registrar_tells_the_old_set() {
    let scene = Scene::new();
    scene.inject(Fault::TimeoutBeforeWrite);
    scene.model.faults().inject(FaultRule::new(Fault::BadCredential).on(Op::Write).after(1));
    let parent = scene.parent.clone();
    let flipper = Flipper::builder(
        Arc::new(ModelRegistrar::new(&scene.model)),
        Arc::new(scene.parent.clone()),
        scene.parent.directory(),
        Arc::new(scene.journal.clone()),
    )
    .turns(Turns::default())
    // From then on nobody hears the parent, so that nothing is proved.
    .on_event(move |_, event| {
        if matches!(event, FlipEvent::RollingBack(_)) {
            for server in ["a.parent.test", "b.parent.test"] {
                parent.silence(&server.parse().unwrap());
            }
        }
    })
    .build();
    let report = flipper.run(&request()).await.unwrap();
    let Rollback::RollbackFailed { error } = &report.rollback else { panic!("{report}") };
    assert_eq!((error.code(), report.standing), (Some("bad_credential"), Standing::Unknown));
    assert_eq!(report.at_registrar, Some(old()));
    assert!(scene.record().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_way_back_waits_as_long_as_the_registrar_asks_for() {
    let scene = Scene::new();
    scene.inject(Fault::StuckParent);
    scene.model.faults().inject(FaultRule::new(Fault::RateLimited(90)).on(Op::Write).after(1).times(2));
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    let back = report.steps.iter().find(|time| time.step == Step::RollBack).unwrap();
    assert_eq!(back.elapsed, Duration::from_secs(180));
}
