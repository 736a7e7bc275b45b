//! Processes that die in the middle, and journals that do not keep.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_flip_that_is_killed_at_any_moment_is_ended_by_another_process() {
    let whole = {
        let scene = Scene::by_tasks();
        scene.model.set_parent_lag(6);
        scene.flipper().run(&request()).await.unwrap().elapsed()
    };
    let mut outcomes = [0, 0];
    for moment in 0..40 {
        let scene = Scene::by_tasks();
        scene.model.set_parent_lag(6);
        let killed = tokio::time::timeout(whole / 40 * moment, scene.flipper().run(&request())).await;
        assert!(killed.is_err(), "it was still under way");
        match scene.flipper().resume(&domain()).await.unwrap() {
            Some(report) => {
                outcomes[usize::from(matches!(report.outcome, FlipOutcome::Flipped))] += 1;
                scene.assert_truthful(&report, &format!("killed at {moment}"));
            }
            None => assert_eq!((scene.model.writes(), scene.model.has(&domain())), (0, Some(old()))),
        }
        assert_eq!(scene.record().await, None, "killed at {moment}");
    }
    assert!(outcomes[1] > 0, "{outcomes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_goes_on_for_long_is_followed_by_the_process_that_resumes() {
    let scene = Scene::by_tasks();
    // Ten minutes at a look every half minute, which is longer than a direct write may take to be seen.
    scene.model.write_by_tasks(20);
    let killed = tokio::time::timeout(Duration::from_secs(60), scene.flipper().run(&request())).await;
    assert!(killed.is_err());
    assert_eq!(scene.record().await.unwrap().task().map(|task| &*task.0), Some("1"));
    let report = scene.flipper().resume(&domain()).await.unwrap().unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert_eq!(scene.model.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_name_was_lost_is_given_the_time_of_a_task() {
    let scene = Scene::by_tasks();
    scene.model.write_by_tasks(20);
    let report = scene.inject(Fault::TimeoutAfterWrite).flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert_eq!(scene.model.writes(), 1);
}

#[derive(Debug)]
struct BrokenJournal;

#[async_trait::async_trait]
impl FlipJournal for BrokenJournal {
    async fn save(&self, _record: &FlipRecord) -> catalyst_dns::Result<()> {
        Err(catalyst_dns::Error::new(ErrorKind::Unavailable, "save"))
    }

    async fn load(&self, _domain: &RegisteredDomain) -> catalyst_dns::Result<Option<FlipRecord>> {
        Ok(None)
    }

    async fn remove(&self, _domain: &RegisteredDomain) -> catalyst_dns::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_remembered_is_not_begun() {
    let scene = Scene::new();
    let registrar = Arc::new(ModelRegistrar::new(&scene.model));
    let dns = Arc::new(scene.parent.clone());
    let flipper = Flipper::builder(registrar, dns, scene.parent.directory(), Arc::new(BrokenJournal))
        .turns(Turns::default())
        .build();
    assert_eq!(flipper.run(&request()).await.unwrap_err().operation(), "save");
    assert_eq!(scene.model.writes(), 0);
    scene.model.set_ds(&domain(), &[signed().1]);
    let error = flipper.run(&request().ds(DsPlan::Remove)).await.unwrap_err();
    assert_eq!(
        (error.operation(), ModelRegistrar::new(&scene.model).ds(&domain()).await.unwrap().len()),
        ("save", 1)
    );
}
