//! Response wrapping: an answer kept for one reader.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::clock::seconds;
use super::state::{Call, Due, State};
use super::{Capability, Refusal};

#[derive(Clone)]
pub(super) struct Wrapped {
    answer: Value,
    path: String,
    created: Instant,
    ttl: Duration,
}

/// The member `wrap_info` of an answer.
#[derive(Serialize)]
pub(crate) struct WrapInfo {
    token: String,
    accessor: String,
    ttl: u64,
    creation_time: String,
    creation_path: String,
}

impl State {
    /// Keeps `answer`, which `path` gave, for `ttl`.
    pub(super) fn wrap(&mut self, answer: Value, path: &str, ttl: Duration) -> WrapInfo {
        let now = self.clock.now();
        let (token, accessor) = (format!("s.{}", self.random_text(24)), self.random_text(24));
        let wrapped = Wrapped { answer, path: path.to_owned(), created: now, ttl };
        self.stored.due.insert((now + ttl, Due::Wrapped(token.clone())));
        self.stored.wrapped.insert(token.clone(), wrapped);
        WrapInfo {
            token,
            accessor,
            ttl: seconds(ttl),
            creation_time: self.clock.text(now),
            creation_path: path.to_owned(),
        }
    }

    /// Gives the answer that was kept, once. The wrapping token is either named, by a caller with a token of its own,
    /// or is itself the caller's token.
    pub(super) fn unwrap(&mut self, call: &Call, named: Option<&str>) -> Result<Value, Refusal> {
        self.check_serving("sys/wrapping/unwrap")?;
        let token = match (named.filter(|token| !token.is_empty()), &call.token) {
            (None, None) => {
                return Err(Refusal::new(403, &["error validating wrapping token: token is empty"]));
            }
            (None, Some(own)) => own.clone(),
            (Some(named), _) => {
                self.admit(call, "sys/wrapping/unwrap", Capability::Update)?;
                named.to_owned()
            }
        };
        self.stored.wrapped.remove(&token).map(|wrapped| wrapped.answer).ok_or_else(not_valid)
    }

    /// What is known of an answer that is still kept. No token is needed.
    pub(super) fn look_up_wrapping(&self, call: &Call, named: Option<&str>) -> Result<Value, Refusal> {
        self.check_serving("sys/wrapping/lookup")?;
        let token = named.or(call.token.as_deref()).filter(|token| !token.is_empty());
        let token =
            token.ok_or_else(|| Refusal::new(403, &["error validating wrapping token: token is empty"]))?;
        let wrapped = self.stored.wrapped.get(token).ok_or_else(not_valid)?;
        Ok(json!({
            "creation_path": wrapped.path,
            "creation_time": self.clock.text(wrapped.created),
            "creation_ttl": seconds(wrapped.ttl),
        }))
    }
}

fn not_valid() -> Refusal {
    Refusal::bad_request("wrapping token is not valid or does not exist")
}
