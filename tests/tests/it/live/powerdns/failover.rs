//! Placements that do what they promise, with hosts that are really stopped.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use catalyst_dns::lua::{CheckOptions, HealthCheck};
use catalyst_dns::placement::{Placement, Region};
use catalyst_dns::plan::{Outcome, Owner};
use catalyst_dns::query::DnsAnswer;
use catalyst_dns::{DomainName, LuaRecord, RecordData, RecordSet, RecordType, Ttl};
use catalyst_sdk::dns::{Dns, DnsApplication, Published};
use catalyst_tests::servers::poll;
use tokio::net::UdpSocket;
use tokio::time::Instant;

use super::hosts::Host;
use super::stage::Stage;

/// An application that is published, and the hosts of its two regions.
struct Scene {
    stage: Stage,
    dns: Dns,
    application: DnsApplication,
    hosts: [Host; 2],
    published: Published,
}

const QUESTIONS: usize = 100;

impl Scene {
    async fn publish(placement: Placement, addresses: [[u8; 4]; 2], weights: [u32; 2]) -> Self {
        let stage = Stage::open("failover").await;
        let hosts = Host::several(addresses.map(Ipv4Addr::from)).await;
        let region = |index: usize| {
            let region = Region::new(&format!("region-{index}"), [hosts[index].ip()]).unwrap();
            region.weight(weights[index]).unwrap()
        };
        let owner = Owner::new("sovereign.test").unwrap();
        let dns = Dns::builder(Arc::clone(&stage.client) as _, owner)
            .name_servers([stage.server.dns_address()])
            .patience(Duration::from_secs(10))
            .build();
        let domain = stage.zone.apex();
        let application =
            DnsApplication::new("shop", "prod", domain, placement, [region(0), region(1)]).unwrap();
        let url = format!("http://{}:{}/healthz", application.name(), hosts[0].address.port());
        let check = HealthCheck::url(url.parse().unwrap(), CheckOptions::new()).unwrap();
        let application = application.health_check(check).ttl(Ttl::from_secs(1).unwrap());
        let published = dns.publish(&application).await.unwrap();
        assert!(published.is_served(), "{:?}", published.verification);
        Self { stage, dns, application, hosts, published }
    }

    async fn ask(&self) -> Vec<String> {
        self.stage.ask(self.application.name(), RecordType::A).await
    }

    /// Whether each of many answers is this one.
    async fn assert_all(&self, expected: &[&String]) {
        for number in 0..QUESTIONS {
            let answer = self.ask().await;
            assert!(answer.iter().eq(expected.iter().copied()), "{answer:?}, number {number} of {QUESTIONS}");
        }
    }

    /// Until the first checks have ended, a standby whose check is quicker than the primary's answers for it.
    async fn until_checked(&self) {
        until_checked(&self.hosts).await;
    }

    /// How long it takes until this is the answer.
    async fn until(&self, expected: &[&String]) -> Duration {
        let begun = Instant::now();
        poll::until("another answer", Duration::from_secs(20), async || {
            Ok(self.ask().await.iter().eq(expected.iter().copied()).then_some(()))
        })
        .await
        .unwrap();
        begun.elapsed()
    }

    /// Until the server answers otherwise, at the latest: the estimate without the TTL, for nobody keeps answers here.
    fn at_most(&self) -> Duration {
        self.published.publication.failover.unwrap().check().slowest_detection()
    }

    fn shown(&self) -> [String; 2] {
        [self.hosts[0].shown(), self.hosts[1].shown()]
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_hot_standby_answers_when_the_primary_is_down_and_never_before() {
    let mut stage =
        Scene::publish(Placement::ActiveHotStandby, [[127, 0, 1, 1], [127, 0, 1, 2]], [1, 1]).await;
    let [primary, standby] = stage.shown();
    stage.until_checked().await;
    stage.assert_all(&[&primary]).await;

    stage.hosts[0].stop().await;
    let failover = stage.until(&[&standby]).await;
    assert!(failover <= stage.at_most(), "{failover:?} of {:?}", stage.at_most());
    stage.assert_all(&[&standby]).await;

    stage.hosts[0].restart().await;
    let recovery = stage.until(&[&primary]).await;
    assert!(recovery <= stage.at_most(), "{recovery:?}");
    stage.assert_all(&[&primary]).await;
    println!("hot standby: failover {failover:?}, recovery {recovery:?}, at most {:?}", stage.at_most());

    // Nothing is up: the primary, not a lottery.
    stage.hosts[0].stop().await;
    stage.until(&[&standby]).await;
    stage.hosts[1].stop().await;
    stage.until(&[&primary]).await;
    stage.assert_all(&[&primary]).await;

    let again = stage.dns.publish(&stage.application).await.unwrap();
    assert!(matches!(again.report.outcome, Outcome::Unchanged), "{}", again.report);
    assert_eq!((again.report.reads, again.report.writes), (1, 0));
    stage.dns.withdraw(&stage.application).await.unwrap();
    assert!(stage.ask().await.is_empty());
}

/// It takes connections and answers nothing, so each check ends with its timeout.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_primary_that_hangs_is_left_as_one_that_is_gone() {
    let mut stage =
        Scene::publish(Placement::ActiveHotStandby, [[127, 0, 5, 1], [127, 0, 5, 2]], [1, 1]).await;
    let [primary, standby] = stage.shown();
    stage.until_checked().await;
    stage.hosts[0].hang().await;
    let failover = stage.until(&[&standby]).await;
    assert!(failover <= stage.at_most(), "{failover:?} of {:?}", stage.at_most());
    stage.hosts[0].stop().await;
    stage.hosts[0].restart().await;
    let recovery = stage.until(&[&primary]).await;
    assert!(recovery <= stage.at_most(), "{recovery:?}");
    println!(
        "a primary that hangs: failover {failover:?}, recovery {recovery:?}, at most {:?}",
        stage.at_most()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn active_regions_answer_together_and_without_the_one_that_is_down() {
    let mut stage = Scene::publish(Placement::ActiveActive, [[127, 0, 2, 1], [127, 0, 2, 2]], [1, 1]).await;
    let [one, two] = stage.shown();
    stage.until_checked().await;
    stage.assert_all(&[&one, &two]).await;
    stage.hosts[1].stop().await;
    let failover = stage.until(&[&one]).await;
    assert!(failover <= stage.at_most(), "{failover:?}");
    stage.assert_all(&[&one]).await;
    stage.hosts[1].restart().await;
    let recovery = stage.until(&[&one, &two]).await;
    assert!(recovery <= stage.at_most(), "{recovery:?}");
    println!("active-active: failover {failover:?}, recovery {recovery:?}");
}

/// A resolver always gets the same answer; over many resolvers the weights hold.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_canary_gets_its_weight_of_the_resolvers_and_nothing_when_it_is_down() {
    let mut stage =
        Scene::publish(Placement::WeightedCanary, [[127, 0, 3, 1], [127, 0, 3, 2]], [80, 20]).await;
    let [stable, canary] = stage.shown();
    stage.until_checked().await;
    let server = stage.stage.server.dns_address();
    let name = stage.application.name().clone();
    let (mut of_canary, mut first) = (0_u32, Vec::new());
    for number in 0..1000_u16 {
        let [high, low] = number.to_be_bytes();
        let answer = ask_from([127, 77, high, low].into(), server, &name).await;
        assert!(answer == [stable.clone()] || answer == [canary.clone()], "{answer:?}");
        of_canary += u32::from(answer == [canary.clone()]);
        first.push(answer);
    }
    // 200 of 1,000 with a standard deviation of 13: five of them.
    assert!((135..=265).contains(&of_canary), "{of_canary} of 1,000");
    for (number, before) in first.iter().enumerate().take(50) {
        let low = u8::try_from(number).unwrap();
        assert_eq!(ask_from([127, 77, 0, low].into(), server, &name).await, *before, "resolver {number}");
    }
    let its = first.iter().position(|answer| *answer == [canary.clone()]).unwrap();
    let [high, low] = u16::try_from(its).unwrap().to_be_bytes();

    stage.hosts[1].stop().await;
    let begun = Instant::now();
    poll::until("the canary's resolvers to move", Duration::from_secs(20), async || {
        let answer = ask_from([127, 77, high, low].into(), server, &name).await;
        Ok((answer == [stable.clone()]).then_some(()))
    })
    .await
    .unwrap();
    assert!(begun.elapsed() <= stage.at_most(), "{:?}", begun.elapsed());
    println!("canary: {of_canary} of 1000, failover {:?}", begun.elapsed());
}

/// Why a hot standby is written as priority sets: the selector that the platform's documents name does not exist, and the
/// server picks at random.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_documented_pickfirst_sends_its_share_of_the_answers_to_the_standby() {
    let stage = Stage::open("pickfirst").await;
    let hosts = Host::several([[127, 0, 4, 1], [127, 0, 4, 2]].map(Ipv4Addr::from)).await;
    let [primary, standby] = &hosts;
    let name = stage.at("www");
    let snippet = format!(
        "ifurlup('http://{name}:{}/healthz', {{'{}', '{}'}}, {{selector='pickfirst'}})",
        primary.address.port(),
        primary.shown(),
        standby.shown()
    );
    let record = RecordData::Lua(LuaRecord::from_snippet(RecordType::A, &snippet).unwrap());
    stage.write([RecordSet::new(name.clone(), Ttl::MINUTE, [record]).unwrap()]).await;
    stage.ask(&name, RecordType::A).await;
    until_checked(&hosts).await;
    let mut of_standby = 0;
    for _ in 0..200 {
        let answer = stage.ask(&name, RecordType::A).await;
        assert_eq!(answer.len(), 1);
        of_standby += usize::from(answer == [standby.shown()]);
    }
    assert!((50..=150).contains(&of_standby), "{of_standby} of 200, although both are up");
    println!("pickfirst: {of_standby} of 200 answers are the standby");
}

/// The server has read an answer of each: with the second one, the first has been read.
async fn until_checked(hosts: &[Host]) {
    poll::until("the hosts to be checked", Duration::from_secs(10), async || {
        Ok(hosts.iter().all(|host| host.answered() >= 2).then_some(()))
    })
    .await
    .unwrap();
}

/// Asks as the resolver with this address of the loopback interface.
async fn ask_from(source: Ipv4Addr, server: SocketAddr, name: &DomainName) -> Vec<String> {
    let socket = UdpSocket::bind((source, 0)).await.unwrap();
    socket.connect(server).await.unwrap();
    let mut question = fastrand::u16(..).to_be_bytes().to_vec();
    question.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.labels() {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.as_bytes());
    }
    // The root, type A, class IN.
    question.extend([0, 0, 1, 0, 1]);
    socket.send(&question).await.unwrap();
    let mut answer = [0; 512];
    let received = tokio::time::timeout(Duration::from_secs(5), socket.recv(&mut answer));
    let length = received.await.unwrap().unwrap();
    assert_eq!(answer[..2], question[..2]);
    let answer = DnsAnswer::from_wire(&answer[..length]).unwrap();
    answer.data(RecordType::A).map(ToString::to_string).collect()
}
