//! Reads on standbys: what they show, and what the server needs to be told for it.

use catalyst_core::http::Method;
use catalyst_openbao::{OpenBao, ReadFrom, SecretData, SecretPath, SecretStore, WriteMode};
use catalyst_tests::servers::{ClusterSeal, OpenBaoCluster};
use serde_json::{Value, json};

use super::super::workload::mount;
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_client_reads_its_own_writes_on_every_node_where_a_bare_read_is_stale() {
    let stage = Stage::start(ClusterSeal::Static).await;
    let leader = stage.cluster.wait_active().await.unwrap();
    let standby = stage.cluster.api((leader + 1) % OpenBaoCluster::NODES).unwrap();
    let api = stage.cluster.api(leader).unwrap();
    let mut outdated = 0;
    for turn in 0..50_u64 {
        api.write("secret/data/bare", &json!({ "data": { "turn": turn } })).await.unwrap();
        let answer = standby.send(Method::Get, "secret/data/bare", None).await.unwrap();
        let found: Value = answer.json().unwrap();
        outdated += u32::from(found["data"]["data"]["turn"] != turn);
    }
    println!("bare reads on a standby right after a write: {outdated} of 50 stale");

    for read_from in [ReadFrom::Any, ReadFrom::Nearest] {
        let bao = stage.client(read_from);
        for turn in 0..60 {
            write_then_read(&bao, turn).await;
        }
        let asked = bao.cluster().unwrap().nodes();
        assert!(asked.iter().filter(|node| node.latency.is_some()).count() >= 2, "{asked:?}");
    }
}

async fn write_then_read(bao: &OpenBao, turn: u64) {
    let (kv, path): (_, SecretPath) = (bao.kv(mount("secret")), "own".parse().unwrap());
    let data = SecretData::from_iter([("turn", turn.to_string())]);
    let wrote = kv.write(&path, &data, WriteMode::Overwrite).await.unwrap();
    for _ in 0..3 {
        let read = kv.read(&path, None).await.unwrap();
        assert_eq!(read.data.get("turn").unwrap().expose(), turn.to_string());
        assert_eq!(read.metadata.version, wrote.version);
    }
}
