//! What the fakes on the wire share.

use std::time::Duration;

use catalyst_core::testing::StubServer;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::model::{RegistrarModel, Trouble};

/// How one registrar answers.
pub(super) type Answerer = fn(&RegistrarModel, &Request) -> Result<ResponseTemplate, Trouble>;
/// How it says that it does not.
pub(super) type Refuser = fn(&Trouble) -> ResponseTemplate;

struct Fake {
    model: RegistrarModel,
    answer: Answerer,
    refuse: Refuser,
}

/// Serves the model on a free port of the loopback interface.
pub(super) async fn serve(model: &RegistrarModel, answer: Answerer, refuse: Refuser) -> StubServer {
    let server = MockServer::builder().disable_request_recording().start().await;
    let fake = Fake { model: model.clone(), answer, refuse };
    Mock::given(any()).respond_with(fake).mount(&server).await;
    StubServer::new(server)
}

impl Respond for Fake {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match (self.answer)(&self.model, request) {
            Ok(answer) => answer,
            Err(Trouble::NoAnswer) => ResponseTemplate::new(200).set_delay(Duration::from_secs(60)),
            Err(Trouble::Html) => ResponseTemplate::new(503)
                .set_body_raw("<html><body>Please stand by</body></html>", "text/html"),
            Err(trouble) => (self.refuse)(&trouble),
        }
    }
}

pub(super) fn json(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/json")
}

pub(super) fn query(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub(super) fn number(request: &Request, name: &str, otherwise: usize) -> usize {
    query(request, name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

pub(super) fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
