//! How fast the servers themselves are: writes to every node each 10 ms, past the client that is tested.

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_tests::servers::OpenBaoCluster;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

const STEP: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_millis(300);
/// How many writes after the first one tell how fast the machine is at this moment.
const SAMPLES: usize = 30;

/// When a cluster took writes again.
pub(super) struct Recovery {
    /// When it answered the first one.
    pub(super) first_write: Instant,
    /// The longest that one of the next writes took, under the same load.
    pub(super) slowest: Duration,
}

/// Waits until a node takes a write that was begun after `since`. `except` is not asked.
pub(super) async fn recovery(cluster: &OpenBaoCluster, since: Instant, except: usize) -> Recovery {
    let mut probes = JoinSet::new();
    for node in (0..OpenBaoCluster::NODES).filter(|node| *node != except) {
        let http =
            HttpClient::new(HttpConfig::new("prober").tls(cluster.tls().unwrap()).timeout(LIMIT)).unwrap();
        let url: url::Url =
            format!("{}/v1/secret/data/prober/{node}", cluster.direct_address(node)).parse().unwrap();
        let token = cluster.root_token().clone();
        let write = async move || {
            let request = Request::new(Method::Post, url.clone(), "probe")
                .fixed_header("x-vault-no-request-forwarding", "true")
                .secret_header("x-vault-token", &token)
                .and_then(|request| request.json(&json!({ "data": {} })));
            http.send(request.unwrap()).await.is_ok_and(|answer| answer.is_success())
        };
        probes.spawn(async move {
            let mut tick = interval(STEP);
            while !write().await {
                tick.tick().await;
            }
            let first_write = Instant::now().max(since);
            let mut slowest = Duration::ZERO;
            for _ in 0..SAMPLES {
                let begun = Instant::now();
                write().await;
                slowest = slowest.max(begun.elapsed());
            }
            Recovery { first_write, slowest }
        });
    }
    probes.join_next().await.unwrap().unwrap()
}
