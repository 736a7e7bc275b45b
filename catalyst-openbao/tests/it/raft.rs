//! The contract of the Raft storage on the model, in memory and over HTTP; a model without Raft, and one of several
//! members.

use catalyst_openbao::mock::{MockOpenBao, MockSeal, Model};
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{ErrorKind, Login, OpenBao, RaftJoin};

fn model() -> Model {
    let model = Model::new();
    model.use_raft(&["n1"]);
    model
}

async fn served() -> (FakeOpenBao, OpenBao) {
    let fake = FakeOpenBao::serve(model()).await;
    let login = Login::token(fake.root_token());
    let bao = OpenBao::builder(&fake.address()).unwrap().login(login).build().unwrap();
    (fake, bao)
}

fn in_memory(model: Model) -> OpenBao {
    let root = model.root_token();
    MockOpenBao::on(model).client_with(root).unwrap()
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    contract::raft::all(&in_memory(model())).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let (_fake, bao) = served().await;
    contract::raft::all(&bao).await;
}

#[tokio::test(start_paused = true)]
async fn keeps_clusters_apart_in_memory() {
    let (own, stranger) = (in_memory(model()), in_memory(model()));
    contract::raft::a_snapshot_of_another_cluster_is_taken_by_force_only(&own, &stranger).await;
}

#[tokio::test]
async fn keeps_clusters_apart_over_http() {
    let ((_own, own), (_stranger, stranger)) = (served().await, served().await);
    contract::raft::a_snapshot_of_another_cluster_is_taken_by_force_only(&own, &stranger).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_became_another_one_opens_with_the_shares_of_that_one() {
    let (own, stranger) = (model(), model());
    let client = in_memory(stranger.clone());
    let (old, new) = (stranger.key_shares(), own.key_shares());
    contract::raft::a_snapshot_of_another_cluster_is_taken_by_force_only(&in_memory(own), &client).await;
    let operator = client.operator();
    let share = |secret: &catalyst_openbao::Secret| secret.expose().parse().unwrap();
    let error = operator.unseal(&share(&old[0])).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("wrong_share")));
    assert!(!operator.unseal(&share(&new[0])).await.unwrap().sealed);
}

#[tokio::test(start_paused = true)]
async fn members_are_removed_and_the_lead_moves_on() {
    let model = Model::new();
    model.use_raft(&["n1", "n2", "n3"]);
    let raft = in_memory(model).raft();
    let leader = async || {
        let peers = raft.peers().await.unwrap();
        let leads: Vec<_> = peers.iter().filter(|peer| peer.leader).map(|peer| peer.id.to_string()).collect();
        leads.join(", ")
    };
    assert_eq!(raft.autopilot_state().await.unwrap().unwrap().failure_tolerance, 1);
    assert_eq!(leader().await, "n1");
    raft.remove_peer(&"n1".parse().unwrap()).await.unwrap();
    assert_eq!(leader().await, "n2");
    raft.demote(&"n2".parse().unwrap()).await.unwrap();
    assert_eq!(leader().await, "n3");
    let state = raft.autopilot_state().await.unwrap().unwrap();
    assert_eq!((state.failure_tolerance, state.voters.len(), state.servers.len()), (0, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_raft_says_so() {
    let raft = in_memory(Model::new()).raft();
    assert_eq!(raft.peers().await.unwrap_err().code(), Some("raft_not_in_use"));
    assert_eq!(raft.bootstrap().await.unwrap_err().code(), Some("raft_not_in_use"));
    assert!(!raft.leader().await.unwrap().ha_enabled);
    raft.step_down().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_node_without_storage_joins_nobody_that_it_does_not_reach() {
    let model = Model::uninitialized(MockSeal::Shamir);
    model.use_raft(&["n1"]);
    let bao = MockOpenBao::on(model).client().unwrap();
    let join = RaftJoin::new("http://127.0.0.1:1".parse().unwrap());
    let error = bao.raft().join(&join).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("join_refused")));
    assert!(!bao.raft().join(&join.retry(true)).await.unwrap());
}
