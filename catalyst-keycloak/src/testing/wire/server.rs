//! One request at a time: its fault, its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wiremock::Request;

use super::answer::{Answer, Body};
use super::asked::Asked;
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
    next: Arc<Mutex<Option<Reply>>>,
}

/// How long an answer takes that never comes: longer than anybody waits.
const NEVER: Duration = Duration::from_secs(24 * 3600);
const JSON: &str = "application/json";
const HTML: &str = "text/html;charset=utf-8";

impl Server {
    pub(in crate::testing) fn new(model: Model) -> Self {
        Self { model, next: Arc::default() }
    }

    /// Carries a request out. Its answer, if there is to be one, waits for [`Server::give_out`].
    pub(in crate::testing) fn take_in(&self, request: &Request) -> Outcome {
        let asked = Asked::read(request);
        let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
        let fault = self.model.take_in(Route::of(&segments), asked.writes(), &asked.path);
        let mut reply = match &fault {
            Some(Fault::Drop) => return Outcome::Sever,
            Some(Fault::Refuse(refusal)) => Reply::refusal(refusal),
            _ => self.answer(&asked, &segments),
        };
        match fault {
            Some(Fault::DropAnswer) => return Outcome::Sever,
            Some(Fault::NoAnswer) => reply.delay = Some(NEVER),
            Some(Fault::Delay(pause)) => reply.delay = Some(pause),
            Some(Fault::HalfBody) => reply.body.truncate(reply.body.len() / 2),
            Some(Fault::OversizedBody(size)) => reply.body = vec![b' '; size],
            Some(Fault::NotJson) => {
                reply.body = b"<html><body>Welcome to the proxy</body></html>".to_vec();
                reply.content_type = HTML;
            }
            _ => {}
        }
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        Outcome::Answer
    }

    /// The answer to the request that was carried out last.
    pub(in crate::testing) fn give_out(&self) -> Reply {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.unwrap_or_else(|| Reply::refusal(&Refusal::error(500, "no request was carried out")))
    }

    fn answer(&self, asked: &Asked, segments: &[&str]) -> Reply {
        match self.model.with(|state| route::answer(state, asked, segments)) {
            Ok(answer) => Reply::answer(answer),
            Err(refusal) => Reply::refusal(&refusal),
        }
    }
}

impl Reply {
    fn answer(answer: Answer) -> Self {
        let (body, content_type) = match answer.body {
            Body::None => (Vec::new(), JSON),
            Body::Json(value) => (value.to_string().into_bytes(), JSON),
            Body::Html(page) => (page.into_bytes(), HTML),
        };
        let mut headers = answer.headers;
        headers.push(("x-content-type-options", "nosniff".to_owned()));
        Self { status: answer.status, headers, body, content_type, delay: None }
    }

    fn refusal(refusal: &Refusal) -> Self {
        let body =
            if refusal.body().is_null() { Vec::new() } else { refusal.body().to_string().into_bytes() };
        let challenge = refusal.challenge().map(|text| ("www-authenticate", text.to_owned()));
        let headers = challenge.into_iter().collect();
        Self { status: refusal.status(), headers, body, content_type: JSON, delay: None }
    }
}
