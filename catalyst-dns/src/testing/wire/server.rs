//! One request at a time: its fault, its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use wiremock::Request;

use super::access::Access;
use super::answer::{Answer, Body};
use super::asked::{Asked, Shape, Verb};
use super::route;
use crate::mock::model::{Fault, Model, Refusal, Route};

/// What becomes of a request.
pub(in crate::testing) enum Outcome {
    /// The connection is closed without an answer.
    Sever,
    /// The answer waits to be given out.
    Answer,
}

/// What is sent.
#[derive(Debug)]
pub(in crate::testing) struct Reply {
    pub(in crate::testing) status: u16,
    pub(in crate::testing) headers: Vec<(&'static str, String)>,
    pub(in crate::testing) body: Vec<u8>,
    pub(in crate::testing) content_type: &'static str,
    pub(in crate::testing) delay: Option<Duration>,
}

/// The model as an HTTP server, without the socket.
#[derive(Clone)]
pub(in crate::testing) struct Server {
    model: Model,
    access: Access,
    next: Arc<Mutex<Option<Reply>>>,
}

/// How long an answer takes that never comes: longer than anybody waits.
const NEVER: Duration = Duration::from_secs(24 * 3600);
const JSON: &str = "application/json";
const PAGE: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const ZONE_FILE: &str = "text/plain; charset=us-ascii";
/// `webserver-max-bodysize`: 2 MB.
const MAX_BODY: u64 = 2 << 20;
/// What the API puts on everything that it answers itself.
const HEADERS: &[(&str, &str)] = &[
    ("access-control-allow-origin", "*"),
    ("content-security-policy", "default-src 'self'; style-src 'self' 'unsafe-inline'"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "deny"),
    ("x-permitted-cross-domain-policies", "none"),
    ("x-xss-protection", "1; mode=block"),
];

impl Server {
    pub(in crate::testing) fn new(model: Model, access: Access) -> Self {
        Self { model, access, next: Arc::default() }
    }

    /// Carries a request out. Its answer, if there is to be one, waits for [`Server::give_out`].
    pub(in crate::testing) fn take_in(&self, request: &Request) -> Outcome {
        let asked = Asked::read(request);
        let segments: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        let below = route::below_server(&segments);
        let route = below.map_or(Route::Other, |below| Route::of(below, asked.verb == Verb::Patch));
        let fault = self.model.take_in(route, asked.writes(), &asked.path, asked.body_length());
        let mut reply = match &fault {
            Some(Fault::Drop) => return Outcome::Sever,
            Some(Fault::Refuse(refusal)) => Reply::refusal(&asked, refusal),
            _ => self.answer(&asked, &segments),
        };
        match fault {
            Some(Fault::DropAnswer) => return Outcome::Sever,
            Some(Fault::NoAnswer) => reply.delay = Some(NEVER),
            Some(Fault::Delay(pause)) => reply.delay = Some(pause),
            Some(Fault::HalfBody) => reply.body.truncate(reply.body.len() / 2),
            Some(Fault::OversizedBody(size)) => reply.body = vec![b' '; size],
            Some(Fault::NotJson) if !reply.body.is_empty() => {
                reply.body = b"<html><body>Welcome to the proxy</body></html>".to_vec();
                reply.content_type = PAGE;
            }
            _ => {}
        }
        self.model.give_out(u64::try_from(reply.body.len()).unwrap_or(u64::MAX));
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        Outcome::Answer
    }

    /// The answer to the request that was carried out last.
    pub(in crate::testing) fn give_out(&self) -> Reply {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.unwrap_or_else(|| Reply::new(500, Vec::new(), PLAIN))
    }

    fn answer(&self, asked: &Asked, segments: &[&str]) -> Reply {
        if asked.body_length() > MAX_BODY {
            return Reply::refusal(asked, &Refusal::too_large());
        }
        if let Err(challenge) = self.access.check(asked) {
            let mut reply = Reply::refusal(asked, &Refusal::status_only(401));
            reply.headers.push(("www-authenticate", challenge.to_owned()));
            return reply;
        }
        match self.model.with(|state| route::answer(state, asked, segments)) {
            Ok(answer) => Reply::answer(answer),
            Err(refusal) => Reply::refusal(asked, &refusal),
        }
    }
}

impl Reply {
    fn new(status: u16, body: Vec<u8>, content_type: &'static str) -> Self {
        // The server ends each connection; a client that counts on another request on it would be caught here.
        let headers = vec![("connection", "close".to_owned())];
        Self { status, headers, body, content_type, delay: None }
    }

    fn answer(answer: Answer) -> Self {
        let (body, content_type) = match answer.body {
            Body::None => (Vec::new(), JSON),
            Body::Json(value) => (value.to_string().into_bytes(), JSON),
            Body::Text(text) => (text.into_bytes(), ZONE_FILE),
        };
        let mut reply = Self::new(answer.status, body, content_type);
        reply.headers.extend(HEADERS.iter().map(|(name, value)| (*name, (*value).to_owned())));
        reply.headers.extend(answer.headers);
        reply
    }

    fn refusal(asked: &Asked, refusal: &Refusal) -> Self {
        let (status, text) = (refusal.status(), refusal.text());
        match asked.form(refusal) {
            Shape::Json => Self::new(status, json!({ "error": text }).to_string().into_bytes(), JSON),
            Shape::Plain => Self::new(status, text.as_bytes().to_vec(), PLAIN),
            Shape::Page => {
                let page = format!("<!html><title>{text}</title><h1>{text}</h1>");
                Self::new(status, page.into_bytes(), PAGE)
            }
        }
    }
}
