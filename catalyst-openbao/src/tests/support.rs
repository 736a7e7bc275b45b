//! Recorded answers, and a server that gives them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use catalyst_core::{Backoff, RetryConfig};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::{Login, OpenBao, OpenBaoBuilder, Secret};
use catalyst_core::testing::StubServer;

/// Status and body of a recorded answer.
pub(crate) fn recorded(name: &str) -> (u16, Value) {
    let file = format!("{}/tests-data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let sample: Value = serde_json::from_str(&text).unwrap();
    let response = &sample["response"];
    (u16::try_from(response["status"].as_u64().unwrap()).unwrap(), response["body"].clone())
}

/// A recorded answer to give.
pub(crate) fn answer(name: &str) -> ResponseTemplate {
    let (status, body) = recorded(name);
    let template = ResponseTemplate::new(status);
    if body.is_null() { template } else { template.set_body_json(body) }
}

/// A server that lets everybody in, and knows the tokens that it gave and did not take back.
pub(crate) struct Stub {
    pub(crate) server: StubServer,
    logins: Arc<AtomicU32>,
    /// Tokens up to this number are refused.
    refused: Arc<AtomicU32>,
}

impl Stub {
    /// Tokens live an hour.
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let (logins, refused) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let given = Arc::clone(&logins);
        let log_in = move |_: &Request| {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            let auth = json!({"client_token": format!("s.canary-token-{number}"), "lease_duration": 3600, "renewable": true});
            // Slow enough that others come meanwhile.
            ResponseTemplate::new(200)
                .set_body_json(json!({"auth": auth}))
                .set_delay(Duration::from_millis(20))
        };
        Mock::given(method("POST"))
            .and(path("/v1/auth/approle/login"))
            .respond_with(log_in)
            .mount(&server)
            .await;
        let known = json!({"data": {"ttl": 3600, "expire_time": "2030-01-01T00:00:00Z", "renewable": true}});
        let stub = Self { server: StubServer::new(server), logins, refused };
        stub.on("GET", "/v1/auth/token/lookup-self", ResponseTemplate::new(200).set_body_json(known)).await;
        stub.on("POST", "/v1/auth/token/revoke-self", ResponseTemplate::new(204)).await;
        stub
    }

    /// Answers `verb` at `at`, unless the token is refused.
    pub(crate) async fn on(&self, verb: &str, at: &str, answer: impl Respond + 'static) {
        let refused = Arc::clone(&self.refused);
        let guarded = move |request: &Request| {
            if token_number(request).is_some_and(|number| number <= refused.load(Ordering::SeqCst)) {
                return answer_of_a_refusal();
            }
            answer.respond(request)
        };
        Mock::given(method(verb)).and(path(at)).respond_with(guarded).mount(&self.server).await;
    }

    /// Takes back all tokens that were given so far.
    pub(crate) fn revoke_all(&self) {
        self.refused.store(self.logins(), Ordering::SeqCst);
    }

    /// How many logged in.
    pub(crate) fn logins(&self) -> u32 {
        self.logins.load(Ordering::SeqCst)
    }

    /// What was asked so far, as `VERB path`, without what has to do with tokens.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        let shown = requests.iter().map(|request| format!("{} {}", request.method, request.url.path()));
        shown.filter(|line| !line.contains("/v1/auth/")).collect()
    }

    /// How often `path` was asked.
    pub(crate) async fn count(&self, path: &str) -> usize {
        self.server
            .received_requests()
            .await
            .unwrap()
            .iter()
            .filter(|request| request.url.path() == path)
            .count()
    }

    /// The body of the last request.
    pub(crate) async fn last_body(&self) -> Value {
        serde_json::from_slice(&self.server.received_requests().await.unwrap().last().unwrap().body).unwrap()
    }

    pub(crate) fn builder(&self) -> OpenBaoBuilder {
        OpenBao::builder(&self.server.uri())
            .unwrap()
            .login(Login::app_role("orders", Secret::new("canary-secret-id")))
            .retry(quick())
    }

    pub(crate) fn client(&self) -> OpenBao {
        self.builder().build().unwrap()
    }
}

/// Three tries with pauses of milliseconds.
pub(crate) fn quick() -> RetryConfig {
    let backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(10));
    RetryConfig::new(3, Duration::from_secs(10)).backoff(backoff)
}

fn token_number(request: &Request) -> Option<u32> {
    request.headers.get("x-vault-token")?.to_str().ok()?.strip_prefix("s.canary-token-")?.parse().ok()
}

fn answer_of_a_refusal() -> ResponseTemplate {
    answer("err-403-bad-token")
}
