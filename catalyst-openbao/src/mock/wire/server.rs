//! A request: its fault, its answer.

use std::time::Duration;

use super::answer::Content;
use super::asked::{Asked, Incoming};
use super::route;
use crate::mock::model::{Admission, Fault, Model, Refusal};

/// What is sent.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    pub(crate) delay: Option<Duration>,
}

/// The model as an HTTP server, without the socket.
#[derive(Clone)]
pub(crate) struct Server {
    model: Model,
}

/// How long an answer takes that never comes: longer than anybody waits.
const NEVER: Duration = Duration::from_secs(24 * 3600);
const JSON: &str = "application/json";

impl Server {
    pub(crate) fn new(model: Model) -> Self {
        Self { model }
    }

    /// Carries a request out. No reply: the connection is closed.
    pub(crate) fn carry_out(&self, request: &Incoming<'_>) -> Option<Reply> {
        let mut asked = Asked::read(&self.model, request);
        let writes = asked.changes_something();
        let (operation, path) = route::classify(&self.model, &asked);
        let fault = self.model.arrive(operation, &path);
        let mut reply = match &fault {
            Some(Fault::Drop) => return None,
            Some(Fault::Refuse(refusal)) => Reply::refusal(refusal),
            Some(Fault::ClipTtl(limit)) => {
                asked.call.clip = Some(*limit);
                self.answer(&asked)
            }
            _ => match self.model.admit_at_node(&asked.path, writes, request.header) {
                Admission::Refused(refusal) => Reply::refusal(&refusal),
                Admission::Here => self.answer(&asked),
            },
        };
        if reply.status < 300
            && let Some(index) = self.model.index_header(writes)
        {
            reply.headers.push(("x-vault-index", index));
        }
        match fault {
            Some(Fault::DropAnswer) => return None,
            Some(Fault::NoAnswer) => reply.delay = Some(NEVER),
            Some(Fault::Delay(pause)) => reply.delay = Some(pause),
            Some(Fault::OversizedBody(size)) => reply.body = vec![b' '; size],
            Some(Fault::NotJson) => {
                reply.body = b"<html><body>Welcome to the proxy</body></html>".to_vec();
                reply.content_type = "text/html";
            }
            _ => {}
        }
        Some(reply)
    }

    /// Whether connections are accepted.
    pub(crate) fn is_reachable(&self) -> bool {
        self.model.is_reachable()
    }

    fn answer(&self, asked: &Asked) -> Reply {
        let answered = asked.check().and_then(|()| route::answer(&self.model, asked));
        let mut reply = match answered.and_then(|content| self.wrapped(asked, content)) {
            Ok(content) => Reply::content(&content),
            Err(refusal) => Reply::refusal(&refusal),
        };
        if let Some(namespace) = &asked.namespace_header {
            reply.headers.push(("x-vault-namespace", namespace.clone()));
        }
        reply
    }

    /// Puts a wrapping token in the place of the answer, if that was asked for.
    fn wrapped(&self, asked: &Asked, content: Content) -> Result<Content, Refusal> {
        match (asked.wrap_ttl()?, content) {
            (Some(ttl), Content::Envelope(envelope)) => {
                let info = self.model.wrap(envelope.to_json(), &asked.path, ttl);
                Ok(Content::Wrapped(info))
            }
            (_, content) => Ok(content),
        }
    }
}

impl Reply {
    fn content(content: &Content) -> Self {
        if let Content::Text(text) = content {
            return Self {
                body: text.clone().into_bytes(),
                content_type: "text/plain",
                ..Self::json(200, None)
            };
        }
        let (status, body) = content.to_json();
        let reply = Self::json(status, body.as_ref());
        match content {
            Content::Bytes(content_type, body) => Self { body: body.clone(), content_type, ..reply },
            _ => reply,
        }
    }

    fn refusal(refusal: &Refusal) -> Self {
        let mut reply = Self::json(refusal.status(), refusal.body());
        if let Some(pause) = refusal.retry_after() {
            reply.headers.push(("retry-after", pause.as_secs().to_string()));
        }
        if let Some(location) = refusal.location() {
            reply.headers.push(("location", location.to_owned()));
        }
        reply
    }

    fn json(status: u16, body: Option<&serde_json::Value>) -> Self {
        let body = body.map(|body| format!("{body}\n").into_bytes()).unwrap_or_default();
        Self { status, headers: Vec::new(), body, content_type: JSON, delay: None }
    }
}
