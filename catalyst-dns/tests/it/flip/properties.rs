//! Whatever goes wrong, and whenever it is killed.

use proptest::prelude::*;

use super::*;

fn any_fault() -> impl Strategy<Value = FaultRule> {
    let fault = prop::sample::select(vec![
        Fault::TimeoutAfterWrite,
        Fault::TimeoutBeforeWrite,
        Fault::TaskError,
        Fault::PartialReadBack,
        Fault::WrongParent,
        Fault::StuckParent,
        Fault::RateLimited(40),
        Fault::BadCredential,
        Fault::HtmlBody,
        Fault::Silent,
    ]);
    (fault, 0u32..6, 1u32..30)
        .prop_map(|(fault, after, times)| FaultRule::new(fault).after(after).times(times))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any script of faults, and a process that is killed at any moment: once the faults are over, what is left is the
    /// old set or the new one, and every report on the way was true.
    #[test]
    fn whatever_goes_wrong_the_domain_ends_with_one_of_the_two_sets(
        rules in prop::collection::vec(any_fault(), 0..5),
        by_tasks in any::<bool>(),
        lag in 0u32..8,
        kill_after in prop::option::of(prop_oneof![0u64..900, 3000u64..5000]),
        is_signed in any::<bool>(),
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let scene = if by_tasks { Scene::by_tasks() } else { Scene::new() };
            scene.model.set_parent_lag(lag);
            for rule in rules {
                scene.model.faults().inject(rule);
            }
            let signed_with = if is_signed { vec![signed().1] } else { Vec::new() };
            scene.model.set_ds(&domain(), &signed_with);
            let request = request().ds(DsPlan::Remove);
            let limit = kill_after.map_or(Duration::from_secs(1 << 20), Duration::from_secs);
            match tokio::time::timeout(limit, scene.flipper().run(&request)).await {
                Ok(Ok(report)) => scene.assert_truthful(&report, "run"),
                Ok(Err(_error)) => assert_eq!((scene.model.writes(), scene.record().await), (0, None)),
                Err(_killed) => {}
            }
            scene.model.faults().clear();
            if let Some(report) = scene.flipper().resume(&domain()).await.unwrap() {
                scene.assert_truthful(&report, "resume");
            }
            let (has, serves) = (scene.model.has(&domain()), scene.model.parent_serves(&domain()));
            assert_eq!(has, serves);
            assert!([Some(old()), Some(new())].contains(&has));
            assert_eq!(scene.record().await, None);
            let ds = ModelRegistrar::new(&scene.model).ds(&domain()).await.unwrap();
            let expected = if has == Some(old()) { signed_with } else { Vec::new() };
            assert_eq!(ds, expected, "the DS goes with the name servers whose keys it is for");
        });
    }
}
