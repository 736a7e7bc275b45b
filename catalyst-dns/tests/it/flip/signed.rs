//! Domains that are signed.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_signed_domain_is_flipped_only_with_a_plan_for_its_ds() {
    let scene = Scene::new();
    let stranger = ds(&format!("42 13 2 {}", "ab".repeat(32)));
    scene.model.set_ds(&domain(), std::slice::from_ref(&stranger));
    let flipper = scene.flipper();
    let error = flipper.run(&request()).await.unwrap_err();
    assert_eq!(error.code(), Some("ds_blocks_flip"));

    let error = flipper.run(&request().ds(DsPlan::SameKeys)).await.unwrap_err();
    assert_eq!(error.code(), Some("new_servers_not_ready"));
    assert!(error.to_string().contains("no key for the DS of algorithm 13"), "{error}");

    let without = ModelRegistrar::new(&scene.model).without_ds();
    let error = scene.flipper_at(Arc::new(without)).run(&request().ds(DsPlan::Remove)).await.unwrap_err();
    assert_eq!(error.code(), Some("ds_blocks_flip"));
    assert_eq!(scene.model.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn new_servers_with_the_same_keys_need_no_change_of_the_ds() {
    let scene = Scene::new();
    let (key, digest) = signed();
    for server in new().iter() {
        scene.parent.serve_at(server, &domain(), &new(), 7, std::slice::from_ref(&key));
    }
    scene.model.set_ds(&domain(), std::slice::from_ref(&digest));
    let report = scene.flipper().run(&request().ds(DsPlan::SameKeys)).await.unwrap();
    assert!(matches!((&report.outcome, &report.ds), (FlipOutcome::Flipped, DsState::Untouched)), "{report}");
    assert_eq!(report.ds_before, [digest]);
}

#[tokio::test(start_paused = true)]
async fn a_ds_is_taken_away_before_the_change_and_caches_are_given_its_ttl() {
    let scene = Scene::new();
    let (_, digest) = signed();
    scene.model.set_ds(&domain(), std::slice::from_ref(&digest));
    let start = Instant::now();
    let report = scene.flipper().run(&request().ds(DsPlan::Remove)).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert!(matches!(&report.ds, DsState::Changed(ds) if ds.is_empty()));
    assert!(start.elapsed() >= Duration::from_secs(3600), "the fake's TTL is an hour");
    let events = scene.events.lock().unwrap();
    let at = |wanted: fn(&FlipEvent) -> bool| events.iter().position(wanted).unwrap();
    let waited = at(|event| matches!(event, FlipEvent::WaitingForCaches(_)));
    assert!(waited < at(|event| matches!(event, FlipEvent::Writing(_))));
}

#[tokio::test(start_paused = true)]
async fn the_ds_comes_back_with_the_old_name_servers() {
    let scene = Scene::new();
    let (key, new_ds) = signed();
    let old_ds = ds(&format!("42 13 2 {}", "ab".repeat(32)));
    for server in new().iter() {
        scene.parent.serve_at(server, &domain(), &new(), 7, std::slice::from_ref(&key));
    }
    scene.model.set_ds(&domain(), std::slice::from_ref(&old_ds));
    let plan = DsPlan::AddFirst(vec![new_ds]);
    let report = scene.inject(Fault::StuckParent).flipper().run(&request().ds(plan)).await.unwrap();
    assert!(matches!(report.rollback, Rollback::RolledBack { verified: true }), "{report}");
    assert!(matches!(report.ds, DsState::Restored), "{:?}", report.ds);
    let there = ModelRegistrar::new(&scene.model).ds(&domain()).await.unwrap();
    assert_eq!((there, scene.record().await), (vec![old_ds], None));
}
