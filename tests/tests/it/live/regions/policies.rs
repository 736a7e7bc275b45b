//! Policies follow the primary, unless somebody else changed them.

use std::sync::{Arc, Mutex};

use catalyst_core::http::Method;
use catalyst_openbao::replicate::{ReplicaEvent, ReplicaObserver};
use catalyst_tests::servers::OpenBaoServer;
use serde_json::json;

use super::stage::Stage;

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<String>>);

impl ReplicaObserver for Heard {
    fn event(&self, event: &ReplicaEvent) {
        if let ReplicaEvent::PolicyConflict { policy, target } = event {
            self.0.lock().unwrap().push(format!("{target}/{policy}"));
        }
    }
}

async fn put(server: &OpenBaoServer, name: &str, path: &str) {
    let text = format!("path \"{path}\" {{ capabilities = [\"read\"] }}");
    let api = server.api().unwrap();
    api.send(Method::Put, &format!("sys/policies/acl/{name}"), Some(&json!({ "policy": text })))
        .await
        .unwrap();
}

async fn text(server: &OpenBaoServer, name: &str) -> Option<String> {
    let api = server.api().unwrap();
    let answer = api.send(Method::Get, &format!("sys/policies/acl/{name}"), None).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    body["data"]["policy"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn policies_follow_the_primary_and_what_others_changed_is_left() {
    let stage = Stage::start().await;
    let heard = Arc::new(Heard::default());
    let replicator =
        stage.replicator(0).policies(true).observer(Arc::<Heard>::clone(&heard)).build().unwrap();
    replicator.claim().await.unwrap();
    let sweep = async || {
        for (_, swept) in replicator.sweep().await {
            swept.unwrap();
        }
    };
    let [primary, copy] = [&stage.servers[0], &stage.servers[1]];
    for name in ["kept", "edited", "gone", "fought"] {
        put(primary, name, "secret/data/one").await;
    }
    put(copy, "own", "secret/data/own").await;
    sweep().await;
    put(primary, "edited", "secret/data/two").await;
    put(primary, "fought", "secret/data/two").await;
    put(copy, "fought", "secret/data/theirs").await;
    primary.api().unwrap().send(Method::Delete, "sys/policies/acl/gone", None).await.unwrap();
    sweep().await;
    sweep().await;
    assert_eq!(text(copy, "kept").await, text(primary, "kept").await);
    assert_eq!(text(copy, "edited").await, text(primary, "edited").await);
    assert_eq!(text(copy, "gone").await, None);
    assert!(text(copy, "fought").await.unwrap().contains("theirs"));
    assert!(text(copy, "own").await.is_some());
    assert!(heard.0.lock().unwrap().iter().all(|conflict| conflict == "b/fought"), "{heard:?}");
    assert!(!heard.0.lock().unwrap().is_empty());
}
