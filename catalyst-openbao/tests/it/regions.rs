//! The router over models in memory, in virtual time, and over fakes.

use std::time::Duration;

use catalyst_core::ErrorKind;
use catalyst_openbao::mock::{Fault, FaultRule, MockOpenBao, Operation, ServerState};
use catalyst_openbao::region::{Regions, RegionsBuilder, Staleness, WriteToken, primary_setting};
use catalyst_openbao::replicate::Replicator;
use catalyst_openbao::testing::{FakeOpenBao, contract, image};
use catalyst_openbao::{Kv2, OpenBao, RegionName, SecretData, SecretPath, SecretStore, WriteMode};
use tokio::time::{Instant, sleep};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn name(text: &str) -> RegionName {
    text.parse().unwrap()
}

fn path(text: &str) -> SecretPath {
    text.parse().unwrap()
}

fn value(text: &str) -> SecretData {
    SecretData::from([("value", text)])
}

fn kv_of(bao: &OpenBao) -> Kv2 {
    bao.kv("secret".parse().unwrap())
}

fn builder(clients: [OpenBao; 3]) -> RegionsBuilder {
    let mut builder = Regions::builder("secret".parse().unwrap());
    for (region, bao) in NAMES.into_iter().zip(clients) {
        builder = builder.region(name(region), bao);
    }
    builder
}

/// Three regions in memory.
struct World(Vec<MockOpenBao>);

impl World {
    fn new() -> Self {
        Self((0..3).map(|_| MockOpenBao::new().timeout(Duration::from_secs(5))).collect())
    }

    fn clients(&self) -> [OpenBao; 3] {
        [0, 1, 2].map(|index| self.client(index))
    }

    fn client(&self, index: usize) -> OpenBao {
        self.0[index].client().unwrap()
    }

    fn router(&self) -> Regions {
        builder(self.clients()).primary(name("a")).local(name("b")).build().unwrap()
    }

    fn replicator(&self, from: usize) -> Replicator {
        let mut replicator =
            Replicator::builder(name(NAMES[from]), self.client(from), "secret".parse().unwrap());
        for to in (0..3).filter(|&to| to != from) {
            replicator = replicator.target(name(NAMES[to]), self.client(to));
        }
        replicator.build().unwrap()
    }

    fn lose(&self, index: usize) {
        self.0[index].model().faults().inject(FaultRule::new(Fault::Drop).until_cleared());
    }

    fn find_again(&self, index: usize) {
        self.0[index].model().faults().clear();
    }

    /// How many secrets were read there.
    fn reads(&self, index: usize) -> u64 {
        self.0[index].model().calls(Operation::KvRead)
    }
}

#[tokio::test(start_paused = true)]
async fn the_router_keeps_the_contract_of_the_store_in_memory() {
    let world = World::new();
    let router = world.router();
    let (upkeep, replication) = (tokio::spawn(router.maintain()), tokio::spawn(world.replicator(0).run()));
    contract::store::all(&router.store()).await;
    upkeep.abort();
    replication.abort();
}

#[tokio::test]
async fn the_router_keeps_the_contract_of_the_store_on_fakes() {
    let fakes = [FakeOpenBao::start().await, FakeOpenBao::start().await, FakeOpenBao::start().await];
    let clients = || [0, 1, 2].map(|index: usize| fakes[index].client().unwrap());
    let router = builder(clients()).primary(name("a")).local(name("c")).build().unwrap();
    let [a, b, c] = clients();
    let replicator = Replicator::builder(name("a"), a, "secret".parse().unwrap())
        .target(name("b"), b)
        .target(name("c"), c)
        .build()
        .unwrap();
    let (upkeep, replication) = (tokio::spawn(router.maintain()), tokio::spawn(replicator.run()));
    contract::store::all(&router.store()).await;
    upkeep.abort();
    replication.abort();
}

#[tokio::test(start_paused = true)]
async fn the_loss_of_the_primary_changes_nothing_for_reads_and_promotion_brings_writes_back() {
    let world = World::new();
    let router = world.router();
    let upkeep = tokio::spawn(router.maintain());
    let replication = tokio::spawn(world.replicator(0).run());
    let (store, orders) = (router.store(), path("orders/db"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    let before = world.reads(0);
    assert_eq!(store.read(&orders, None).await.unwrap().data, value("1"));
    assert!(
        router.status()[1].staleness.is_some_and(|age| age < Duration::from_secs(5)),
        "{:?}",
        router.status()
    );

    world.lose(0);
    for _ in 0..100 {
        let begun = Instant::now();
        let read = store.read(&orders, None).await.unwrap();
        assert_eq!(
            (read.data, begun.elapsed()),
            (value("1"), Duration::ZERO),
            "no read waits for the lost region"
        );
        sleep(Duration::from_millis(500)).await;
    }
    assert!(world.reads(0) >= before);
    let refused = store.write(&orders, &value("lost"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(refused.code(), Some("primary_unreachable"), "{refused}");
    assert!(
        router.status()[1].staleness.unwrap() > Duration::from_secs(40),
        "it is told how old the copy is"
    );

    replication.abort();
    router.promote(&name("b")).await.unwrap();
    store.write(&orders, &value("2"), WriteMode::IfVersion(1)).await.unwrap();
    assert_eq!(store.read(&orders, None).await.unwrap().data, value("2"));

    // The old primary comes back: it is fenced, and becomes a copy.
    world.find_again(0);
    let stale = builder(world.clients()).primary(name("a")).build().unwrap();
    let error = stale.store().write(&orders, &value("stale"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(error.code(), Some("fenced"), "{error}");
    for (_, swept) in world.replicator(1).sweep().await {
        assert!(swept.unwrap().is_complete());
    }
    let images: Vec<_> = {
        let mut images = Vec::new();
        for index in 0..3 {
            images.push(image(&kv_of(&world.client(index))).await.unwrap());
        }
        images
    };
    assert_eq!((&images[0], &images[2]), (&images[1], &images[1]));
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn what_the_old_primary_alone_has_is_kept_and_told_when_it_comes_back() {
    let world = World::new();
    let router = world.router();
    let (store, orders) = (router.store(), path("orders"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    drop(world.replicator(0).sweep().await);
    // Written, and not replicated before the region is lost.
    store.write(&orders, &value("never seen"), WriteMode::Overwrite).await.unwrap();
    world.lose(0);
    router.promote(&name("b")).await.unwrap();
    world.find_again(0);
    let swept = world.replicator(1).sweep().await;
    let of_a = swept.into_iter().find(|(region, _)| *region == name("a")).unwrap().1.unwrap();
    assert_eq!(of_a.conflicts, 1);
    let kept = kv_of(&world.client(0)).read(&orders, None).await.unwrap();
    assert_eq!(kept.data, value("never seen"));
}

#[tokio::test(start_paused = true)]
async fn two_regions_that_both_claim_to_be_primary_are_not_written_to() {
    let world = World::new();
    for (index, region) in ["a", "b"].into_iter().enumerate() {
        let claim = SecretData::from([("epoch", "3"), ("primary", region)]);
        let kv = kv_of(&world.client(index));
        kv.write(&path("catalyst-regions/fence"), &claim, WriteMode::Overwrite).await.unwrap();
    }
    for region in ["a", "b", "c"] {
        let router = builder(world.clients()).primary(name(region)).build().unwrap();
        let error =
            router.store().write(&path("orders"), &value("1"), WriteMode::Overwrite).await.unwrap_err();
        assert_eq!(error.code(), Some("split_brain"), "{region}: {error}");
    }
    for index in 0..3 {
        assert!(image(&kv_of(&world.client(index))).await.unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn writes_wait_for_a_promotion_and_are_refused_when_it_takes_too_long() {
    let world = World::new();
    let (switch, setting) = primary_setting(name("a"));
    let router = builder(world.clients()).follow(setting.clone()).build().unwrap();
    let (store, orders) = (router.store(), path("orders"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();

    // The new primary does not answer yet.
    world.lose(1);
    switch.set(name("b"));
    let begun = Instant::now();
    let error = store.write(&orders, &value("2"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(error.code(), Some("promotion_in_progress"), "{error}");
    assert_eq!(begun.elapsed(), Duration::from_secs(30));

    let waiting = tokio::spawn({
        let (store, orders) = (store.clone(), orders.clone());
        async move { store.write(&orders, &value("3"), WriteMode::Overwrite).await }
    });
    sleep(Duration::from_secs(5)).await;
    assert!(!waiting.is_finished());
    world.find_again(1);
    assert_eq!(waiting.await.unwrap().unwrap().version, 1, "it went to the new primary");
    assert_eq!(kv_of(&world.client(1)).read(&orders, None).await.unwrap().data, value("3"));

    let hurried = builder(world.clients()).follow(setting).hold_writes(Duration::ZERO).build().unwrap();
    world.lose(2);
    switch.set(name("c"));
    let error = hurried.store().write(&orders, &value("4"), WriteMode::Overwrite).await.unwrap_err();
    assert_eq!(error.code(), Some("promotion_in_progress"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn two_routers_with_one_order_make_one_epoch() {
    let world = World::new();
    let (switch, setting) = primary_setting(name("a"));
    let routers = [(); 3].map(|()| builder(world.clients()).follow(setting.clone()).build().unwrap());
    routers[0].store().write(&path("orders"), &value("1"), WriteMode::Overwrite).await.unwrap();
    switch.set(name("b"));
    for router in &routers {
        router.store().write(&path("orders"), &value("2"), WriteMode::Overwrite).await.unwrap();
    }
    for index in 0..3 {
        let fence = kv_of(&world.client(index)).read(&path("catalyst-regions/fence"), None).await.unwrap();
        assert_eq!(fence.data, SecretData::from([("epoch", "2"), ("primary", "b")]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_seen_by_its_writer_at_once_and_by_others_with_its_token() {
    let world = World::new();
    let (writer, reader) = (world.router(), world.router());
    let upkeeps = [tokio::spawn(writer.maintain()), tokio::spawn(reader.maintain())];
    let replication = tokio::spawn(world.replicator(0).run());
    sleep(Duration::from_secs(5)).await;
    replication.abort();
    sleep(Duration::from_millis(10)).await;
    let orders = path("orders");
    for number in 1..=20 {
        let written =
            writer.store().write(&orders, &value(&number.to_string()), WriteMode::Overwrite).await.unwrap();
        assert_eq!(writer.store().read(&orders, None).await.unwrap().metadata.version, number);
        let token: WriteToken = WriteToken::new(orders.clone(), &written).to_string().parse().unwrap();
        assert_eq!(reader.store().read_after(&token).await.unwrap().metadata.version, number);
    }
    // The primary is lost before the write has arrived: it is waited for, and then it is said.
    let token: WriteToken = "20:orders".parse().unwrap();
    world.lose(0);
    let error = reader.store().read_after(&token).await.unwrap_err();
    assert_eq!(error.code(), Some("not_yet_replicated"), "{error}");
    upkeeps.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn what_was_just_written_is_read_of_a_copy_when_the_primary_is_lost_before_the_copy_is_known_to_have_it()
 {
    let world = World::new();
    // Without its upkeep the router knows nothing of the copies.
    let (router, replicator) = (world.router(), world.replicator(0));
    let (store, orders) = (router.store(), path("orders/db"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    for (_, swept) in replicator.sweep().await {
        swept.unwrap();
    }
    store.write(&path("orders/late"), &value("1"), WriteMode::Overwrite).await.unwrap();
    world.lose(0);
    for version in [None, Some(1)] {
        assert_eq!(store.read(&orders, version).await.unwrap().data, value("1"));
    }
    let lost = store.read(&path("orders/late"), None).await.unwrap_err();
    assert_ne!(lost.kind(), ErrorKind::NotFound, "the copy does not have it, which says nothing: {lost}");
}

#[tokio::test(start_paused = true)]
async fn a_demanded_freshness_is_kept_when_the_primary_is_lost() {
    let world = World::new();
    let bound = Staleness::Require(Duration::from_secs(10));
    let router =
        builder(world.clients()).primary(name("a")).local(name("b")).staleness(bound).build().unwrap();
    let upkeep = tokio::spawn(router.maintain());
    let replication = tokio::spawn(world.replicator(0).run());
    let (store, orders) = (router.store(), path("orders"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    world.lose(0);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(store.read(&orders, None).await.unwrap().data, value("1"));
    sleep(Duration::from_secs(30)).await;
    let error = store.read(&orders, None).await.unwrap_err();
    assert!(error.kind() != catalyst_openbao::ErrorKind::NotFound, "{error}");
    replication.abort();
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn clocks_of_servers_that_jump_change_nothing() {
    let world = World::new();
    let router = world.router();
    let upkeep = tokio::spawn(router.maintain());
    let replication = tokio::spawn(world.replicator(0).run());
    let (store, orders) = (router.store(), path("orders"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    for index in [1, 0, 2] {
        world.0[index].model().advance(Duration::from_secs(86_400));
        sleep(Duration::from_secs(10)).await;
        let staleness = router.status()[1].staleness.unwrap();
        assert!(staleness < Duration::from_secs(5), "{staleness:?}");
        store.write(&orders, &value(NAMES[index]), WriteMode::Overwrite).await.unwrap();
        sleep(Duration::from_secs(10)).await;
        let copied = kv_of(&world.client(1)).read(&orders, None).await.unwrap();
        assert_eq!(copied.data, value(NAMES[index]));
    }
    replication.abort();
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn a_slow_region_is_hedged_and_a_sealed_one_left_alone() {
    let world = World::new();
    let router = world.router();
    let upkeep = tokio::spawn(router.maintain());
    let replication = tokio::spawn(world.replicator(0).run());
    let (store, orders) = (router.store(), path("orders"));
    store.write(&orders, &value("1"), WriteMode::Overwrite).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    let slow = FaultRule::new(Fault::Delay(Duration::from_secs(1))).path("secret/data/orders").times(1);
    world.0[1].model().faults().inject(slow);
    let begun = Instant::now();
    store.read(&orders, None).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());

    world.0[1].model().set_server_state(ServerState::Sealed);
    sleep(Duration::from_secs(3)).await;
    let begun = Instant::now();
    assert_eq!(store.read(&orders, None).await.unwrap().data, value("1"));
    assert!(begun.elapsed().is_zero() && !router.status()[1].is_healthy);
    replication.abort();
    upkeep.abort();
}

#[tokio::test(start_paused = true)]
async fn writes_through_the_router_arrive_within_a_second_while_a_hundred_come_each_second() {
    let world = World::new();
    for mock in &world.0 {
        // As far as regions of one continent are.
        mock.model().faults().inject(FaultRule::new(Fault::Delay(Duration::from_millis(5))).until_cleared());
    }
    let router = world.router();
    let upkeep = tokio::spawn(router.maintain());
    let replication = tokio::spawn(world.replicator(0).run());
    let (store, copy) = (router.store(), kv_of(&world.client(2)));
    store.write(&path("s0"), &value("first"), WriteMode::Overwrite).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    let mut waits = Vec::new();
    for number in 0..200 {
        let path = path(&format!("s{}", number % 50));
        let version = store.write(&path, &value("x"), WriteMode::Overwrite).await.unwrap().version;
        if number % 10 == 0 {
            let written = Instant::now();
            while copy.read(&path, Some(version)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
            waits.push(written.elapsed());
        }
    }
    let longest = waits.iter().max().unwrap();
    assert!(*longest < Duration::from_secs(1), "{waits:?}");
    replication.abort();
    upkeep.abort();
}
