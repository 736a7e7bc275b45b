//! How fast the servers themselves are: writes to every node each 10 ms, past the client that is tested.

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_tests::servers::OpenBaoCluster;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

const STEP: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_millis(300);

/// When the first node takes a write that was begun after `since`. `except` is not asked.
pub(super) async fn first_write(cluster: &OpenBaoCluster, since: Instant, except: usize) -> Instant {
    let mut probes = JoinSet::new();
    for node in (0..OpenBaoCluster::NODES).filter(|node| *node != except) {
        let http =
            HttpClient::new(HttpConfig::new("prober").tls(cluster.tls().unwrap()).timeout(LIMIT)).unwrap();
        let url: url::Url =
            format!("{}/v1/secret/data/prober/{node}", cluster.direct_address(node)).parse().unwrap();
        let token = cluster.root_token().clone();
        probes.spawn(async move {
            let mut tick = interval(STEP);
            loop {
                tick.tick().await;
                let request = Request::new(Method::Post, url.clone(), "probe")
                    .fixed_header("x-vault-no-request-forwarding", "true")
                    .secret_header("x-vault-token", &token)
                    .and_then(|request| request.json(&json!({ "data": {} })));
                if http.send(request.unwrap()).await.is_ok_and(|answer| answer.is_success()) {
                    return Instant::now();
                }
            }
        });
    }
    probes.join_next().await.unwrap().unwrap().max(since)
}
