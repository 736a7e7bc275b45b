//! Answers that are none of the API's, and what is repeated.

use catalyst_core::testing::StubServer;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use catalyst_core::http::Method;

async fn wire(answers: Vec<ResponseTemplate>) -> (StubServer, Wire) {
    let server = MockServer::start().await;
    for answer in answers {
        Mock::given(any()).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    let limit = RateLimit::new(100, Duration::from_secs(1)).max_wait(Duration::from_millis(50));
    let wire = WireConfig::new(limit).open("test", &server.uri(), Format::JSON, vec![Secret::new("canary")]);
    (StubServer::new(server), wire.unwrap())
}

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>", "text/html")
}

fn json(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("{}", "application/json")
}

async fn read(wire: &Wire) -> Result<()> {
    send(wire, Call::read("read", "omani.works")).await
}

async fn write(wire: &Wire) -> Result<()> {
    send(wire, Call::write("write", "omani.works")).await
}

async fn send(wire: &Wire, call: Call<'_>) -> Result<()> {
    let request = || Ok(Request::new(Method::Put, wire.url("domain"), call.operation));
    wire.ask(call, request, |response| {
        let cause = match response.status() {
            200 => return Ok(()),
            500.. => Cause::Unavailable,
            _ => Cause::Refused,
        };
        Err(cause.error(call.operation).with_server_message("no canary here"))
    })
    .await
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
        let error = write(&wire).await.unwrap_err();
        assert_eq!((error.code(), error.outcome_unknown()), (Some(code), doubt), "{status}");
        assert_eq!((error.status(), error.target()), (Some(status), Some("omani.works")));
    }
}

#[tokio::test]
async fn reads_are_repeated_and_writes_only_when_nothing_can_have_happened() {
    let (server, wire_one) = wire(vec![json(503), json(200)]).await;
    read(&wire_one).await.unwrap();
    assert_eq!(requests(&server).await, 2);

    let (server, wire_two) = wire(vec![json(503), json(200)]).await;
    let error = write(&wire_two).await.unwrap_err();
    assert_eq!((error.outcome_unknown(), requests(&server).await), (true, 1));

    let (server, wire_three) = wire(vec![html(429), json(200)]).await;
    write(&wire_three).await.unwrap();
    assert_eq!(requests(&server).await, 2);

    let (server, wire_four) = wire(vec![json(400), json(200)]).await;
    let error = write(&wire_four).await.unwrap_err();
    assert_eq!((error.code(), error.server_message()), (Some("refused"), Some("no [redacted] here")));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn a_pause_that_is_asked_for_binds_all_calls_of_the_account() {
    let (server, wire) = wire(vec![html(429).insert_header("retry-after", "3600")]).await;
    let error = read(&wire).await.unwrap_err();
    assert_eq!(error.retry(), RetryAdvice::After(Duration::from_secs(3600)));
    assert_eq!(read(&wire).await.unwrap_err().code(), Some("rate_limited"));
    assert_eq!(requests(&server).await, 1, "the second was not even sent");
}
