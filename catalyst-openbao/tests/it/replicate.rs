//! The replicator over models in memory, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_openbao::mock::{Fault, FaultRule, MockOpenBao, Operation, Refusal};
use catalyst_openbao::replicate::{Conflict, ReplicaEvent, ReplicaObserver, Replicator, SweepReport};
use catalyst_openbao::testing::{change_at_random, image};
use catalyst_openbao::{
    Kv2, MetadataUpdate, OpenBao, RegionName, Result, SecretData, SecretPath, SecretStore, WriteMode,
};
use tokio::time::sleep;

/// Two regions, and the replicator from one to the other.
struct Pair {
    a: MockOpenBao,
    b: MockOpenBao,
    heard: Arc<Heard>,
}

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<ReplicaEvent>>);

impl ReplicaObserver for Heard {
    fn event(&self, event: &ReplicaEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Heard {
    fn conflicts(&self) -> Vec<(String, Conflict)> {
        let heard = self.0.lock().unwrap();
        let conflicts = heard.iter().filter_map(|event| match event {
            ReplicaEvent::Conflict { path, conflict, .. } => Some((path.clone(), conflict.clone())),
            _ => None,
        });
        conflicts.collect()
    }
}

fn name(text: &str) -> RegionName {
    text.parse().unwrap()
}

fn kv_of(bao: &OpenBao) -> Kv2 {
    bao.kv("secret".parse().unwrap())
}

fn path(text: &str) -> SecretPath {
    text.parse().unwrap()
}

fn value(text: &str) -> SecretData {
    SecretData::from([("value", text)])
}

impl Pair {
    async fn new() -> Self {
        let pair = Self { a: MockOpenBao::new(), b: MockOpenBao::new(), heard: Arc::default() };
        pair.replicator().claim().await.unwrap();
        pair
    }

    fn replicator(&self) -> Replicator {
        let (a, b) = (self.a.client().unwrap(), self.b.client().unwrap());
        Replicator::builder(name("a"), a, "secret".parse().unwrap())
            .target(name("b"), b)
            .observer(Arc::<Heard>::clone(&self.heard))
            .build()
            .unwrap()
    }

    async fn sweep(&self) -> Result<SweepReport> {
        self.replicator().sweep().await.pop().unwrap().1
    }

    fn source(&self) -> Kv2 {
        kv_of(&self.a.client().unwrap())
    }

    fn target(&self) -> Kv2 {
        kv_of(&self.b.client().unwrap())
    }

    async fn assert_alike(&self) {
        let (here, there) = (image(&self.source()).await.unwrap(), image(&self.target()).await.unwrap());
        assert_eq!(here, there);
    }
}

#[tokio::test(start_paused = true)]
async fn versions_keep_their_numbers_values_and_states() {
    let pair = Pair::new().await;
    let (source, orders) = (pair.source(), path("orders/db"));
    source
        .write_metadata(&orders, &MetadataUpdate::new().max_versions(4).custom([("owner", "x")]))
        .await
        .unwrap();
    for number in 1..=9 {
        source.write(&orders, &value(&number.to_string()), WriteMode::Overwrite).await.unwrap();
    }
    source.destroy(&orders, &[7]).await.unwrap();
    source.delete(&orders, &[8]).await.unwrap();
    let report = pair.sweep().await.unwrap();
    assert_eq!((report.secrets, report.copied, report.is_complete()), (1, 1, true));
    pair.assert_alike().await;
    let again = pair.sweep().await.unwrap();
    assert_eq!((again.copied, again.removed), (0, 0), "nothing is left to do");
}

#[tokio::test(start_paused = true)]
async fn an_undeleted_version_whose_value_was_never_shown_is_copied_after_all() {
    let pair = Pair::new().await;
    let (source, orders) = (pair.source(), path("orders"));
    for number in 1..=3 {
        source.write(&orders, &value(&number.to_string()), WriteMode::Overwrite).await.unwrap();
    }
    source.delete(&orders, &[2]).await.unwrap();
    pair.sweep().await.unwrap();
    sleep(Duration::from_secs(2)).await;
    source.undelete(&orders, &[2]).await.unwrap();
    pair.sweep().await.unwrap();
    pair.assert_alike().await;
    assert_eq!(pair.target().read(&orders, Some(2)).await.unwrap().data, value("2"));
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_and_what_is_made_again_is_followed() {
    let pair = Pair::new().await;
    let source = pair.source();
    for name in ["gone", "again"] {
        source.write(&path(name), &value("1"), WriteMode::Overwrite).await.unwrap();
        source.write(&path(name), &value("2"), WriteMode::Overwrite).await.unwrap();
    }
    pair.sweep().await.unwrap();
    source.delete_metadata(&path("gone")).await.unwrap();
    source.delete_metadata(&path("again")).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    source.write(&path("again"), &value("new"), WriteMode::Overwrite).await.unwrap();
    let report = pair.sweep().await.unwrap();
    assert_eq!((report.copied, report.removed), (1, 1));
    pair.assert_alike().await;
}

#[tokio::test(start_paused = true)]
async fn a_hidden_version_of_an_older_secret_is_not_taken_for_the_one_of_a_newer() {
    let pair = Pair::new().await;
    let (source, orders) = (pair.source(), path("orders/db"));
    for text in ["older", "newer"] {
        source.write(&orders, &value(text), WriteMode::Overwrite).await.unwrap();
        source.delete(&orders, &[]).await.unwrap();
        if text == "older" {
            source.undelete(&orders, &[1]).await.unwrap();
            pair.sweep().await.unwrap();
            source.delete(&orders, &[1]).await.unwrap();
            pair.sweep().await.unwrap();
            source.delete_metadata(&orders).await.unwrap();
            // Virtual time: two secrets are not made at the same moment.
            sleep(Duration::from_secs(1)).await;
        }
    }
    pair.sweep().await.unwrap();
    source.undelete(&orders, &[1]).await.unwrap();
    pair.sweep().await.unwrap();
    assert_eq!(pair.target().read(&orders, None).await.unwrap().data, value("newer"));
    pair.assert_alike().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_on_the_secondary_is_reported_and_never_overwritten() {
    let pair = Pair::new().await;
    let (source, target, orders) = (pair.source(), pair.target(), path("orders"));
    source.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    source.write(&path("other"), &value("1"), WriteMode::Overwrite).await.unwrap();
    pair.sweep().await.unwrap();
    target.write(&orders, &value("foreign"), WriteMode::Overwrite).await.unwrap();
    target.write(&path("own"), &value("foreign"), WriteMode::Overwrite).await.unwrap();
    for newer in ["2", "3"] {
        source.write(&orders, &value(newer), WriteMode::Overwrite).await.unwrap();
        source.write(&path("other"), &value(newer), WriteMode::Overwrite).await.unwrap();
    }
    let report = pair.sweep().await.unwrap();
    assert_eq!((report.conflicts, report.copied), (2, 1), "the others go on");
    assert_eq!(target.read(&orders, None).await.unwrap().data, value("foreign"));
    assert_eq!(
        pair.heard.conflicts(),
        [
            ("orders".to_owned(), Conflict::ForeignVersion { found: 2, written: 1 }),
            ("own".to_owned(), Conflict::Foreign)
        ]
    );
    // A person decides: the primary is right.
    target.delete_metadata(&orders).await.unwrap();
    target.delete_metadata(&path("own")).await.unwrap();
    assert!(pair.sweep().await.unwrap().is_complete());
    pair.assert_alike().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_on_the_secondary_also_holds_up_a_removal() {
    let pair = Pair::new().await;
    let (source, target, orders) = (pair.source(), pair.target(), path("orders"));
    source.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    pair.sweep().await.unwrap();
    target.write(&orders, &value("foreign"), WriteMode::Overwrite).await.unwrap();
    source.delete_metadata(&orders).await.unwrap();
    let report = pair.sweep().await.unwrap();
    assert_eq!((report.removed, report.conflicts), (0, 1));
    assert_eq!(target.read(&orders, None).await.unwrap().data, value("foreign"));
}

#[tokio::test(start_paused = true)]
async fn an_emptied_primary_does_not_empty_the_secondary() {
    let pair = Pair::new().await;
    let source = pair.source();
    for number in 0..30 {
        source.write(&path(&format!("s{number}")), &value("1"), WriteMode::Overwrite).await.unwrap();
    }
    pair.sweep().await.unwrap();
    for number in 0..30 {
        source.delete_metadata(&path(&format!("s{number}"))).await.unwrap();
    }
    let error = pair.sweep().await.unwrap_err();
    assert_eq!(error.code(), Some("many_removals"));
    assert_eq!(image(&pair.target()).await.unwrap().len(), 30);
}

#[tokio::test(start_paused = true)]
async fn nobody_copies_from_a_region_that_is_not_primary_and_loops_are_refused() {
    let pair = Pair::new().await;
    let back = Replicator::builder(name("b"), pair.b.client().unwrap(), "secret".parse().unwrap())
        .target(name("a"), pair.a.client().unwrap())
        .build()
        .unwrap();
    let refused = |result: Vec<(RegionName, Result<SweepReport>)>| {
        result.into_iter().next().unwrap().1.unwrap_err().code()
    };
    assert_eq!(refused(back.sweep().await), Some("not_primary"));
    back.claim().await.unwrap();
    assert_eq!(refused(back.sweep().await), Some("not_primary"), "a is primary, so b cannot claim it");
    pair.sweep().await.unwrap();
    assert_eq!(refused(back.sweep().await), Some("not_primary"));
    // Two that claim the same epoch.
    let split = SecretData::from([("epoch", "1"), ("primary", "b")]);
    pair.target().write(&path("catalyst-regions/fence"), &split, WriteMode::Overwrite).await.unwrap();
    assert_eq!(pair.sweep().await.unwrap_err().code(), Some("split_brain"));
    let newer = SecretData::from([("epoch", "2"), ("primary", "b")]);
    pair.target().write(&path("catalyst-regions/fence"), &newer, WriteMode::Overwrite).await.unwrap();
    assert_eq!(pair.sweep().await.unwrap_err().code(), Some("fenced"));
}

#[tokio::test(start_paused = true)]
async fn random_changes_arrive_whatever_they_are() {
    for seed in 0..8 {
        let (pair, mut random) = (Pair::new().await, fastrand::Rng::with_seed(seed));
        for _ in 0..6 {
            for _ in 0..25 {
                // What a missing version or a demanded check refuses is no change.
                drop(change_at_random(&pair.source(), 9, &mut random).await);
                sleep(Duration::from_millis(700)).await;
            }
            sleep(Duration::from_secs(2)).await;
            let report = pair.sweep().await.unwrap();
            assert!(report.is_complete(), "seed {seed}: {report:?} {:?}", pair.heard.conflicts());
            pair.assert_alike().await;
        }
        assert_eq!(pair.heard.conflicts(), [], "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn killed_a_hundred_times_at_random_moments_it_ends_in_the_same_state() {
    let (pair, mut random) = (Pair::new().await, fastrand::Rng::with_seed(6));
    // Every answer takes its time, so that there are moments to be killed at.
    for model in [pair.a.model(), pair.b.model()] {
        model.faults().inject(FaultRule::new(Fault::Delay(Duration::from_millis(10))).until_cleared());
    }
    let mut killed = 0;
    while killed < 100 {
        for _ in 0..6 {
            drop(change_at_random(&pair.source(), 30, &mut random).await);
        }
        sleep(Duration::from_secs(2)).await;
        let replicator = pair.replicator();
        let life = Duration::from_millis(random.u64(20..260));
        // Dropped in the midst of whatever it did: what it sent has been done.
        if tokio::time::timeout(life, replicator.sweep()).await.is_err() {
            killed += 1;
        }
    }
    sleep(Duration::from_secs(2)).await;
    let report = pair.sweep().await.unwrap();
    // A secret that was copied, not marked yet, and then removed on the primary is nobody's: it is left, and told.
    let orphans = pair.heard.conflicts();
    for (path, conflict) in &orphans {
        assert_eq!(*conflict, Conflict::Foreign, "{path}");
        pair.target().delete_metadata(&path.parse().unwrap()).await.unwrap();
    }
    assert!(report.is_complete() || !orphans.is_empty(), "{report:?}");
    pair.sweep().await.unwrap();
    pair.assert_alike().await;
}

#[tokio::test(start_paused = true)]
async fn failures_of_either_side_are_repaired_by_the_next_look() {
    let (pair, mut random) = (Pair::new().await, fastrand::Rng::with_seed(7));
    for round in 0..40 {
        for _ in 0..5 {
            drop(change_at_random(&pair.source(), 12, &mut random).await);
        }
        sleep(Duration::from_secs(2)).await;
        let fault = match round % 4 {
            0 => Fault::Drop,
            1 => Fault::DropAnswer,
            2 => Fault::NotJson,
            _ => Fault::Refuse(Refusal::sealed()),
        };
        let operation = if round % 3 == 0 { Operation::KvMetadata } else { Operation::KvWrite };
        pair.b.model().faults().inject(FaultRule::new(fault).on(operation).after(random.u32(..4)).times(4));
        drop(pair.sweep().await);
        pair.b.model().faults().clear();
    }
    sleep(Duration::from_secs(2)).await;
    pair.sweep().await.unwrap();
    for (path, conflict) in pair.heard.conflicts() {
        assert_eq!(conflict, Conflict::Foreign, "{path}");
        pair.target().delete_metadata(&path.parse().unwrap()).await.unwrap();
    }
    pair.sweep().await.unwrap();
    pair.assert_alike().await;
}

#[tokio::test(start_paused = true)]
async fn two_replicators_at_a_time_do_no_harm() {
    let (pair, mut random) = (Pair::new().await, fastrand::Rng::with_seed(8));
    for model in [pair.a.model(), pair.b.model()] {
        model.faults().inject(FaultRule::new(Fault::Delay(Duration::from_millis(3))).until_cleared());
    }
    let (first, second) = (pair.replicator(), pair.replicator());
    let both = async { tokio::join!(first.run(), second.run()) };
    let writer = async {
        for _ in 0..300 {
            drop(change_at_random(&pair.source(), 20, &mut random).await);
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_secs(20)).await;
    };
    tokio::select! { _ = both => unreachable!(), () = writer => {} }
    pair.assert_alike().await;
    assert_eq!(pair.heard.conflicts(), []);
}
