//! Nodes that become members because they are told to.

use catalyst_core::ErrorKind;
use catalyst_openbao::{HealthStatus, Login, OpenBao, RaftJoin};
use catalyst_tests::servers::OpenBaoCluster;

use super::super::workload::code;

/// A client of one node, as it is set up before there is a session.
fn client(cluster: &OpenBaoCluster, node: usize) -> OpenBao {
    let login = Login::token(cluster.root_token().clone());
    OpenBao::builder(&cluster.addresses()[node])
        .unwrap()
        .tls(cluster.tls().unwrap())
        .login(login)
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_node_joins_whom_it_is_told_to_and_only_by_an_authority_that_vouches_for_it() {
    let cluster = OpenBaoCluster::start_apart().await.unwrap();
    let leader: url::Url = cluster.addresses()[0].parse().unwrap();
    let first = client(&cluster, 0);
    assert_eq!(first.raft().peers().await.unwrap().len(), 1);
    for node in 1..OpenBaoCluster::NODES {
        let newcomer = client(&cluster, node);
        assert_eq!(newcomer.health().await.unwrap().status, HealthStatus::NotInitialized);
        let stranger = RaftJoin::new(leader.clone());
        let error = newcomer.raft().join(&stranger).await.unwrap_err();
        assert_eq!((error.kind(), code(&error)), (ErrorKind::Unavailable, "join_refused"), "{error}");
        assert!(newcomer.raft().join(&stranger.authority(cluster.ca_pem())).await.unwrap());
        cluster.wait_voters(node + 1).await.unwrap();
        cluster.wait_serving(node).await.unwrap();
        let error = newcomer.raft().bootstrap().await.unwrap_err();
        assert_eq!(code(&error), "already_bootstrapped", "{error}");
    }
    let peers = first.raft().peers().await.unwrap();
    let names: Vec<&str> = peers.iter().map(|peer| peer.id.as_str()).collect();
    assert_eq!(names, ["n0", "n1", "n2"]);
}
