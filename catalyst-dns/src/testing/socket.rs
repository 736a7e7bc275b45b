//! A state machine behind HTTP on the loopback interface.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::testing::StubServer;
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) delay: Option<Duration>,
}

impl Reply {
    pub(super) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), content_type, body: body.into(), delay: None }
    }

    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// A page for people, as from a proxy.
    pub(super) fn page(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><head><title>Just a moment</title></head><body></body></html>";
        Self::new(status, "text/html; charset=utf-8", page)
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn later(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }
}

/// Carries a request out; `None` closes the connection without an answer.
pub(super) type Handler = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

/// The one way in which the fakes of this crate are served: until the answer is dropped. The first mock decides what
/// becomes of a request, and takes those whose connection is to be closed; the second one gives the answers to the
/// others. wiremock handles one request at a time, so both see the same.
pub(super) async fn serve(handler: Handler) -> StubServer {
    let server = MockServer::builder().disable_request_recording().start().await;
    let next = Arc::new(Mutex::new(None));
    let taken = TakenIn { handler, next: Arc::clone(&next) };
    Mock::given(taken).respond_with_err(sever).with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(GivenOut(next)).with_priority(2).mount(&server).await;
    StubServer::new(server)
}

/// Matches the requests whose connection is to be closed, after it has carried them out.
struct TakenIn {
    handler: Handler,
    next: Arc<Mutex<Option<Reply>>>,
}

impl Match for TakenIn {
    fn matches(&self, request: &Request) -> bool {
        let reply = (self.handler)(request);
        let severed = reply.is_none();
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = reply;
        severed
    }
}

/// The error is what makes the server close the connection; nobody reads it.
fn sever(_request: &Request) -> std::io::Error {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
}

struct GivenOut(Arc<Mutex<Option<Reply>>>);

impl Respond for GivenOut {
    fn respond(&self, _request: &Request) -> ResponseTemplate {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(reply) = next else { return ResponseTemplate::new(500) };
        let mut template = ResponseTemplate::new(reply.status);
        for (name, value) in reply.headers {
            template = template.append_header(name, value);
        }
        if !reply.body.is_empty() {
            template = template.set_body_raw(reply.body, reply.content_type);
        }
        match reply.delay {
            Some(delay) => template.set_delay(delay),
            None => template,
        }
    }
}
