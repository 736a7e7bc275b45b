//! One request at a time: its fault, its answer.

use std::time::Duration;

use serde_json::json;
use wiremock::Request;

use super::access::Access;
use super::answer::{Answer, Body};
use super::asked::{Asked, Shape, Verb};
use super::route;
use crate::mock::model::{Fault, Model, Refusal, Route};
use crate::testing::socket::Reply;

/// The model as an HTTP server, without the socket.
#[derive(Clone)]
pub(in crate::testing) struct Server {
    model: Model,
    access: Access,
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
        Self { model, access }
    }

    /// Carries a request out; `None` closes the connection without an answer.
    pub(in crate::testing) fn handle(&self, request: &Request) -> Option<Reply> {
        let asked = Asked::read(request);
        let segments: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        let below = route::below_server(&segments);
        let route = below.map_or(Route::Other, |below| Route::of(below, asked.verb == Verb::Patch));
        let fault = self.model.take_in(route, asked.writes(), &asked.path, asked.body_length());
        let mut reply = match &fault {
            Some(Fault::Drop) => return None,
            Some(Fault::Refuse(refusal)) => refused(&asked, refusal),
            _ => self.answer(&asked, &segments),
        };
        match fault {
            Some(Fault::DropAnswer) => return None,
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
        Some(reply)
    }

    fn answer(&self, asked: &Asked, segments: &[&str]) -> Reply {
        if asked.body_length() > MAX_BODY {
            return refused(asked, &Refusal::too_large());
        }
        if let Err(challenge) = self.access.check(asked) {
            return refused(asked, &Refusal::status_only(401)).header("www-authenticate", challenge);
        }
        match self.model.with(|state| route::answer(state, asked, segments)) {
            Ok(answer) => answered(answer),
            Err(refusal) => refused(asked, &refusal),
        }
    }
}

/// The server ends each connection; a client that counts on another request on it would be caught here.
fn reply(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Reply {
    Reply::new(status, content_type, body).header("connection", "close")
}

fn answered(answer: Answer) -> Reply {
    let mut reply = match answer.body {
        Body::None => reply(answer.status, JSON, Vec::new()),
        Body::Json(value) => reply(answer.status, JSON, value.to_string()),
        Body::Text(text) => reply(answer.status, ZONE_FILE, text),
    };
    reply.headers.extend(HEADERS.iter().map(|(name, value)| (*name, (*value).to_owned())));
    reply.headers.extend(answer.headers);
    reply
}

fn refused(asked: &Asked, refusal: &Refusal) -> Reply {
    let (status, text) = (refusal.status(), refusal.text());
    match asked.form(refusal) {
        Shape::Json => reply(status, JSON, json!({ "error": text }).to_string()),
        Shape::Plain => reply(status, PLAIN, text.as_bytes()),
        Shape::Page => reply(status, PAGE, format!("<!html><title>{text}</title><h1>{text}</h1>")),
    }
}
