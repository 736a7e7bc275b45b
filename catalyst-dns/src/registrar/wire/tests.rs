//! Answers that are none of the API's, and what is repeated.

use catalyst_core::testing::StubServer;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

async fn wire(answers: Vec<ResponseTemplate>) -> (StubServer, Wire) {
    let server = MockServer::start().await;
    for answer in answers {
        Mock::given(any()).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    let limit = RateLimit::new(100, Duration::from_secs(1)).max_wait(Duration::from_millis(50));
    let wire = Wire::new("test", &server.uri(), WireConfig::new(limit), Vec::new(), |operation, response| {
        let meaning = if response.status() >= 500 { Refusal::Unavailable } else { Refusal::Refused };
        refusal("test", meaning, operation)
    });
    (StubServer::new(server), wire.unwrap())
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>", "text/html")
}

fn write(wire: &Wire) -> Call {
    Call::write("write", Method::Put, wire.url("domain"), "omani.works", &json!({})).unwrap()
}

async fn requests(server: &StubServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn a_page_of_html_is_a_limit_or_a_fault_and_only_a_limit_is_certain() {
    for (status, code, doubt) in [
        (403, "rate_limited", false),
        (405, "rate_limited", false),
        (429, "rate_limited", false),
        (200, "unavailable", true),
        (404, "unavailable", true),
        (502, "unavailable", true),
    ] {
        let (_server, wire) = wire(vec![html(status), html(status), html(status)]).await;
        let error = wire.json::<serde_json::Value>(&write(&wire)).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (Some(code), doubt), "{status}");
        assert_eq!((error.status(), error.target()), (Some(status), Some("omani.works")));
    }
}

#[tokio::test]
async fn reads_are_repeated_and_writes_only_when_nothing_can_have_happened() {
    let fine = || ResponseTemplate::new(200).set_body_json(json!({}));
    let busy = || ResponseTemplate::new(503).set_body_json(json!({}));
    let (server, wire_one) = wire(vec![busy(), fine()]).await;
    let read = Call::read("read", wire_one.url("domain"), "omani.works");
    wire_one.json::<serde_json::Value>(&read).await.unwrap();
    assert_eq!(requests(&server).await, 2);

    let (server, wire_two) = wire(vec![busy(), fine()]).await;
    let error = wire_two.send(&write(&wire_two)).await.unwrap_err();
    assert_eq!((error.outcome_unknown(), requests(&server).await), (true, 1));

    let (server, wire_three) = wire(vec![html(429), fine()]).await;
    wire_three.send(&write(&wire_three)).await.unwrap();
    assert_eq!(requests(&server).await, 2);

    let (server, wire_four) = wire(vec![ResponseTemplate::new(400).set_body_json(json!({})), fine()]).await;
    assert_eq!(wire_four.send(&write(&wire_four)).await.unwrap_err().code(), Some("refused"));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn a_pause_that_is_asked_for_binds_all_calls_of_the_account() {
    let (server, wire) = wire(vec![html(429).insert_header("retry-after", "3600")]).await;
    let read = Call::read("read", wire.url("domain"), "omani.works");
    let error = wire.send(&read).await.unwrap_err();
    assert_eq!(error.retry(), RetryAdvice::After(Duration::from_secs(3600)));
    assert_eq!(wire.send(&read).await.unwrap_err().code(), Some("rate_limited"));
    assert_eq!(requests(&server).await, 1, "the second was not even sent");
}
