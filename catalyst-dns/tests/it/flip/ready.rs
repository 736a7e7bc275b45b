//! What is looked at before anything is written.

use super::*;

#[tokio::test(start_paused = true)]
async fn new_servers_that_are_not_ready_change_nothing() {
    let one = "ns1.new.test".parse().unwrap();
    for (spoil, fault) in [
        (0, "different versions"),
        (1, "the zone names ns1.old.test, ns2.old.test as its servers"),
        (2, "no answer"),
        (3, "Refused"),
    ] {
        let scene = Scene::new();
        match spoil {
            0 => scene.parent.serve_at(&one, &domain(), &new(), 8, &[]),
            1 => scene.parent.serve_at(&one, &domain(), &old(), 7, &[]),
            2 => scene.parent.silence(&one),
            _ => {
                let other = "other.works".parse().unwrap();
                let bare = NameServers::new(["a.bare.test", "b.bare.test"].map(|name| name.parse().unwrap()));
                scene.parent.serve(&other, bare.as_ref().unwrap(), 1);
                let error =
                    scene.flipper().run(&FlipRequest::new(domain(), bare.unwrap())).await.unwrap_err();
                assert!(error.to_string().contains(fault), "{error}");
                continue;
            }
        }
        let error = scene.flipper().run(&request()).await.unwrap_err();
        assert_eq!(error.code(), Some("new_servers_not_ready"));
        assert!(error.to_string().contains(fault), "{error}");
        assert_eq!((scene.model.writes(), scene.record().await), (0, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_is_silent_or_disagrees_changes_nothing() {
    let scene = Scene::new();
    for server in ["a.parent.test", "b.parent.test"] {
        scene.parent.silence(&server.parse().unwrap());
    }
    assert_eq!(scene.flipper().run(&request()).await.unwrap_err().code(), Some("parent_silent"));
    scene.parent.speak();
    scene.model.set_parent(&domain(), &new());
    assert_eq!(scene.flipper().run(&request()).await.unwrap_err().code(), Some("parent_disagrees"));
    assert_eq!(scene.model.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_silent_server_of_the_parent_does_not_hold_a_flip_up() {
    let scene = Scene::new();
    scene.parent.silence(&"b.parent.test".parse().unwrap());
    let report = scene.flipper().run(&request()).await.unwrap();
    assert!(matches!(report.outcome, FlipOutcome::Flipped), "{report}");
    assert!(report.elapsed() < Duration::from_secs(60), "{:?}", report.elapsed());
}
