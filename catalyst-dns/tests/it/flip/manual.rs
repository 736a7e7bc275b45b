//! Registrars without a call, turns, and deadlines.

use super::*;

#[tokio::test(start_paused = true)]
async fn where_a_person_must_write_nothing_is_pretended_and_the_change_is_verified() {
    let scene = Scene::new();
    let registrar = ModelRegistrar::new(&scene.model).nameservers(NsWrite::ManualOnly);
    let flipper = scene.flipper_at(Arc::new(registrar));
    let report = flipper.run(&request()).await.unwrap();
    let FlipOutcome::ManualNeeded(what) = &report.outcome else { panic!("{report}") };
    assert!(what.contains("ns1.new.test") && what.contains("ns1.old.test"), "{what}");
    assert_eq!(scene.model.writes(), 0);
    assert_eq!(report.done().unwrap_err().code(), Some("manual_only"));

    let early = flipper.verify(&domain(), &new()).await.unwrap();
    assert!(
        matches!(&early.outcome, FlipOutcome::NotFlipped(error) if error.code() == Some("parent_mismatch"))
    );
    scene.model.set_parent(&domain(), &new());
    let report = flipper.verify(&domain(), &new()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_domain_has_one_flip_at_a_time() {
    let scene = Scene::by_tasks();
    let flipper = scene.flipper();
    let (request_one, request_two) = (request(), request());
    let (one, two) = tokio::join!(flipper.run(&request_one), flipper.run(&request_two));
    assert!(matches!(one.unwrap().outcome, FlipOutcome::Flipped));
    assert_eq!(two.unwrap_err().code(), Some("flip_in_progress"));
    let again = flipper.run(&request_one).await.unwrap();
    assert!(matches!(again.outcome, FlipOutcome::Unchanged), "the turn was given back");
}

#[tokio::test(start_paused = true)]
async fn a_suffix_has_its_own_deadline() {
    let scene = Scene::new();
    let parent = scene.parent.clone();
    let registrar = Arc::new(ModelRegistrar::new(&scene.model));
    let journal = Arc::new(scene.journal.clone());
    let flipper = Flipper::builder(registrar, Arc::new(parent), scene.parent.directory(), journal)
        .policy(FlipPolicy::default().parent_of("works", Duration::from_secs(120)))
        .turns(Turns::default())
        .build();
    let report = scene.inject(Fault::StuckParent).flipper_with(&flipper).await;
    let asked = report.steps.iter().find(|time| time.step == Step::AskParent).unwrap();
    assert_eq!(asked.elapsed, Duration::from_secs(120));
}
