//! Several nodes as one address list: in memory and in virtual time, and once on sockets.

use std::time::Duration;

use catalyst_core::{ErrorKind, RetryConfig};
use catalyst_openbao::mock::{Fault, FaultRule, MockRole, Model, Operation, Refusal, ServerState};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{
    DynamicCredentials, Login, NodeStanding, OpenBao, ReadFrom, RoleName, SecretData, SecretPath,
    SecretStore, WriteMode,
};
use tokio::time::{Instant, sleep};

const ADDRESSES: [&str; 3] = ["http://n0.test:8200", "http://n1.test:8200", "http://n2.test:8200"];

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn standby(of: usize) -> ServerState {
    ServerState::ReadStandby { active_address: Some(ADDRESSES[of].to_owned()) }
}

fn role() -> RoleName {
    "app".parse().unwrap()
}

fn path() -> SecretPath {
    "a".parse().unwrap()
}

/// Three nodes of one cluster; node 0 leads.
struct Cluster {
    nodes: Vec<Model>,
}

impl Cluster {
    fn new() -> Self {
        let all = Model::new();
        all.set_role("database", "app", MockRole::new(secs(3600)));
        all.put_secret("secret", "a", [("k", "v")]);
        let states = [ServerState::Active, standby(0), standby(0)];
        Self { nodes: states.into_iter().map(|state| all.node(state)).collect() }
    }

    fn client(&self, read_from: ReadFrom) -> OpenBao {
        OpenBao::builder_for(ADDRESSES)
            .unwrap()
            .nodes_in_memory(self.nodes.clone())
            .login(Login::token(self.nodes[0].root_token()))
            .read_from(read_from)
            .retry(RetryConfig::new(3, secs(10)))
            .build()
            .unwrap()
    }

    /// The leader is gone; nobody leads.
    fn lose(&self, leader: usize) {
        for (number, node) in self.nodes.iter().enumerate() {
            if number == leader {
                node.set_reachable(false);
            } else {
                node.set_server_state(ServerState::ReadStandby { active_address: None });
            }
        }
    }

    fn elect(&self, leader: usize) {
        for (number, node) in self.nodes.iter().enumerate() {
            node.set_server_state(if number == leader { ServerState::Active } else { standby(leader) });
        }
    }

    fn reads(&self) -> Vec<u64> {
        self.nodes.iter().map(|node| node.calls(Operation::KvRead)).collect()
    }
}

async fn write(bao: &OpenBao) {
    let data = SecretData::from_iter([("k", "w")]);
    bao.kv("secret".parse().unwrap()).write(&path(), &data, WriteMode::Overwrite).await.unwrap();
}

async fn read(bao: &OpenBao) -> String {
    let read = bao.kv("secret".parse().unwrap()).read(&path(), None).await.unwrap();
    read.data.get("k").unwrap().expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn everything_goes_to_the_active_node_wherever_it_is_in_the_list() {
    let cluster = Cluster::new();
    cluster.elect(2);
    let bao = cluster.client(ReadFrom::Active);
    write(&bao).await;
    assert_eq!(read(&bao).await, "w");
    bao.database("database".parse().unwrap()).issue(&role()).await.unwrap();
    assert_eq!(cluster.reads(), [0, 0, 1]);
    assert_eq!(cluster.nodes[2].calls(Operation::Issue), 1);
    let view = bao.cluster().unwrap();
    assert_eq!(view.active().unwrap().as_str(), "http://n2.test:8200/");
    assert_eq!(view.id().as_deref(), Some("983fa20d-366f-4253-db58-5d11d92c352c"));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_calls_itself_active_when_another_one_leads_is_not_believed() {
    let cluster = Cluster::new();
    cluster.elect(1);
    let bao = cluster.client(ReadFrom::Active);
    write(&bao).await;
    // Thawed, it does not know yet that it was left.
    cluster.nodes[0].set_server_state(ServerState::Active);
    cluster.nodes[1]
        .faults()
        .inject(FaultRule::new(Fault::Delay(millis(1500))).on(Operation::Issue).times(1));
    let lease = bao.database("database".parse().unwrap()).issue(&role()).await;
    assert!(lease.is_ok(), "{lease:?}");
    assert_eq!((cluster.nodes[0].calls(Operation::Issue), cluster.nodes[1].calls(Operation::Issue)), (0, 1));
    write(&bao).await;
    assert_eq!(cluster.nodes[0].calls(Operation::KvWrite), 0);
}

#[tokio::test(start_paused = true)]
async fn an_election_is_waited_out_within_the_deadline() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Active);
    write(&bao).await;
    cluster.lose(0);
    let start = Instant::now();
    let election = async {
        sleep(secs(2)).await;
        cluster.elect(1);
    };
    let (database, role) = (bao.database("database".parse().unwrap()), role());
    let ((), (), lease) = tokio::join!(election, write(&bao), database.issue(&role));
    assert!(start.elapsed() < secs(2) + millis(100), "{:?}", start.elapsed());
    lease.unwrap();
    assert_eq!(cluster.nodes[1].live_users().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_leader_the_error_says_what_each_node_said() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Active);
    write(&bao).await;
    cluster.lose(0);
    cluster.nodes[1].seal();
    let start = Instant::now();
    let error = bao.kv("secret".parse().unwrap()).read(&path(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("no_active_node")), "{error}");
    assert!(start.elapsed() <= secs(10), "{:?}", start.elapsed());
    let help = error.help().unwrap();
    for said in ["n0.test:8200: no answer", "n1.test:8200: sealed", "n2.test:8200: no leader known to it"] {
        assert!(help.contains(said), "{help}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_frozen_leader_costs_a_read_no_more_than_the_election() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Active);
    write(&bao).await;
    cluster.nodes[0].faults().inject(FaultRule::new(Fault::NoAnswer).until_cleared());
    let start = Instant::now();
    let election = async {
        sleep(secs(1)).await;
        cluster.nodes[1].set_server_state(ServerState::Active);
        cluster.nodes[2].set_server_state(standby(1));
    };
    let ((), value) = tokio::join!(election, read(&bao));
    assert_eq!(value, "w");
    assert!(start.elapsed() < millis(1200), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_mint_is_made_elsewhere_only_if_it_certainly_had_no_effect() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Active);
    let database = bao.database("database".parse().unwrap());
    database.issue(&role()).await.unwrap();

    // The lead moved and the client does not know: the standby redirects, and makes nothing.
    cluster.elect(1);
    database.issue(&role()).await.unwrap();
    assert_eq!((cluster.nodes[0].calls(Operation::Issue), cluster.nodes[1].calls(Operation::Issue)), (2, 1));
    assert_eq!(cluster.nodes[0].forwarded(), 0, "a standby must not forward a mint");
    assert_eq!(cluster.nodes[0].live_users().len(), 2);

    for fault in [Fault::Drop, Fault::DropAnswer] {
        cluster.nodes[1].faults().inject(FaultRule::new(fault).on(Operation::Issue));
        let error = database.issue(&role()).await.unwrap_err();
        assert!(error.outcome_unknown(), "{error}");
        cluster.nodes[1].faults().clear();
    }
    assert_eq!(cluster.nodes[1].calls(Operation::Issue), 3, "none of them was tried again");
    cluster.nodes[1].faults().inject(FaultRule::new(Fault::Refuse(Refusal::sealed())).on(Operation::Issue));
    database.issue(&role()).await.unwrap();
    assert_eq!(cluster.nodes[0].live_users().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_lead_was_lost_under_is_there_once_whether_or_not_it_was_made() {
    for fault in [Fault::Drop, Fault::DropAnswer, Fault::NoAnswer] {
        for mode in [WriteMode::Overwrite, WriteMode::IfVersion(1)] {
            let cluster = Cluster::new();
            let bao = cluster.client(ReadFrom::Active);
            read(&bao).await;
            cluster.nodes[0].faults().inject(FaultRule::new(fault.clone()).on(Operation::KvWrite));
            cluster.nodes[0].faults().inject(FaultRule::new(Fault::NoAnswer).until_cleared());
            let election = async {
                sleep(secs(2)).await;
                cluster.elect(1);
            };
            let (kv, data) = (bao.kv("secret".parse().unwrap()), SecretData::from_iter([("k", "new")]));
            let path = path();
            let ((), wrote) = tokio::join!(election, kv.write(&path, &data, mode));
            assert_eq!(wrote.unwrap().version, 2, "{fault:?} {mode:?}");
            assert_eq!(kv.read(&path, None).await.unwrap().metadata.version, 2, "{fault:?} {mode:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_was_silent_is_asked_how_it_stands_before_it_is_given_a_mint() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Active);
    let database = bao.database("database".parse().unwrap());
    database.issue(&role()).await.unwrap();
    sleep(secs(30)).await;
    cluster.elect(2);
    cluster.nodes[0].faults().inject(FaultRule::new(Fault::NoAnswer).until_cleared());
    database.issue(&role()).await.unwrap();
    assert_eq!(cluster.nodes[0].calls(Operation::Issue), 1, "the frozen node got none");
}

#[tokio::test(start_paused = true)]
async fn reads_go_to_all_nodes_in_turn_and_never_show_less_than_was_written() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Any);
    for _ in 0..6 {
        read(&bao).await;
    }
    assert_eq!(cluster.reads(), [2, 2, 2]);
    for node in &cluster.nodes {
        node.set_lag(1);
    }
    write(&bao).await;
    for _ in 0..6 {
        assert_eq!(read(&bao).await, "w");
    }
    assert_eq!(cluster.reads(), [4, 4, 4]);
    let forwarded: Vec<u64> = cluster.nodes.iter().map(Model::forwarded).collect();
    assert_eq!(forwarded, [0, 2, 2], "a standby that lags behind lets the leader answer");
}

#[tokio::test(start_paused = true)]
async fn reads_on_standbys_go_on_without_a_leader_and_past_a_frozen_node() {
    let cluster = Cluster::new();
    let bao = cluster.client(ReadFrom::Any);
    read(&bao).await;
    cluster.lose(0);
    let start = Instant::now();
    for _ in 0..9 {
        assert_eq!(read(&bao).await, "v");
    }
    assert!(start.elapsed() < millis(100), "{:?}", start.elapsed());
    cluster.nodes[1].faults().inject(FaultRule::new(Fault::NoAnswer).until_cleared());
    for _ in 0..3 {
        assert_eq!(read(&bao).await, "v");
    }
    assert!(start.elapsed() < secs(1), "the other standby is asked meanwhile: {:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nodes_of_two_clusters_are_refused_and_a_stranger_that_comes_later_is_fenced() {
    let (cluster, stranger) = (Cluster::new(), Model::new());
    stranger.set_cluster_id("11111111-2222-3333-4444-555555555555");
    let mut mixed = Cluster { nodes: cluster.nodes.clone() };
    mixed.nodes[1] = stranger.node(ServerState::Active);
    let bao = mixed.client(ReadFrom::Active);
    let error = bao.kv("secret".parse().unwrap()).read(&path(), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("cluster_mismatch")), "{error}");
    assert!(error.help().unwrap().contains("n1.test:8200 is of 11111111"), "{error}");

    // One that was away when the others introduced themselves.
    mixed.nodes[1].set_reachable(false);
    let bao = mixed.client(ReadFrom::Any);
    write(&bao).await;
    mixed.nodes[1].set_reachable(true);
    let nodes = bao.cluster().unwrap().ask().await.unwrap();
    assert_eq!(nodes[1].standing, NodeStanding::Foreign);
    for _ in 0..5 {
        read(&bao).await;
    }
    assert_eq!(stranger.calls(Operation::KvRead) + mixed.nodes[1].calls(Operation::KvRead), 0);
}

#[test]
fn an_address_list_that_cannot_be_one_cluster_is_refused() {
    let none: [&str; 0] = [];
    assert_eq!(OpenBao::builder_for(none).unwrap_err().kind(), ErrorKind::Config);
    for (bad, why) in [
        (vec!["https://a:8200", "https://a:8200/"], "twice"),
        (vec!["https://a:8200", "http://b:8200"], "all by https or all by http"),
        (vec!["https://a:8200", "b:8200"], "neither http nor https"),
    ] {
        let error = OpenBao::builder_for(&bad).unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.help().unwrap().contains(why), "{error}");
    }
    assert!(OpenBao::builder_for(["https://a:8200"]).unwrap().build().unwrap().cluster().is_none());
}

#[tokio::test]
async fn on_sockets_a_redirect_to_a_node_of_the_list_is_followed() {
    let all = Model::new();
    all.put_secret("secret", "a", [("k", "v")]);
    let leader = FakeOpenBao::serve(all.node(ServerState::Active)).await;
    let active_address = Some(leader.address());
    let other = FakeOpenBao::serve(all.node(ServerState::Standby { active_address })).await;
    let bao = OpenBao::builder_for([other.address(), leader.address()])
        .unwrap()
        .login(Login::token(all.root_token()))
        .build()
        .unwrap();
    write(&bao).await;

    // The lead moves; the client still believes in the old leader, which redirects it.
    leader.model().set_server_state(ServerState::Standby { active_address: Some(other.address()) });
    other.model().set_server_state(ServerState::Active);
    write(&bao).await;
    assert_eq!(other.model().calls(Operation::KvWrite), 1);
    assert_eq!(bao.cluster().unwrap().active().unwrap().as_str(), format!("{}/", other.address()));
}
