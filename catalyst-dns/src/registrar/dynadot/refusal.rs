//! What Dynadot's refusals mean: the one place that reads them.
//!
//! The envelope repeats the status in `code`, and some answers with status 200 are errors by it.

use catalyst_core::Error;
use catalyst_core::http::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::registrar::cause::Cause;

pub(super) const SERVICE: &str = "dynadot";

/// The parts of an answer that say how it went.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    /// A number, or a number in quotes.
    code: Value,
    message: Value,
    error: Value,
}

impl Outcome {
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// The status that counts: the envelope's, where the answer's own says success.
    pub(super) fn status(&self, http: u16) -> u16 {
        let code = match &self.code {
            Value::Number(number) => number.as_u64().and_then(|code| u16::try_from(code).ok()),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match code {
            Some(code) if code != 0 && (200..300).contains(&http) => code,
            _ => http,
        }
    }

    /// The server's words: the description, and the message if there is none.
    fn said(&self) -> &str {
        let described = self.error.get("description").or(Some(&self.error)).and_then(Value::as_str);
        described.or(self.message.as_str()).unwrap_or_default()
    }
}

/// What an answer that is no success means; `None` for a success.
pub(super) fn meaning(operation: &'static str, http: u16, body: &[u8]) -> Option<Error> {
    let outcome = Outcome::read(body);
    let (status, said) = (outcome.status(http), outcome.said());
    let cause = match status {
        // 249 is in Dynadot's own list: too many requests.
        249 | 429 => Cause::RateLimited,
        200..300 => return None,
        500.. => Cause::Unavailable,
        _ => by_words(status, &said.to_lowercase()),
    };
    let error = cause.error(operation);
    Some(if said.is_empty() { error } else { error.with_server_message(said) })
}

fn by_words(status: u16, said: &str) -> Cause {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    match status {
        _ if has(&["too many requests", "rate limit"]) => Cause::RateLimited,
        _ if has(&["could not find domain", "not in your account", "domain not found"]) => {
            Cause::NotInAccount
        }
        _ if has(&["signature", "api key", "invalid key"]) => Cause::BadCredential,
        401 => Cause::BadCredential,
        402 => Cause::AccountTier,
        403 if has(&["lock", "hold", "protect"]) => Cause::ProtectedDomain,
        403 if has(&["price level", "tier", "your account"]) => Cause::AccountTier,
        404 => Cause::NotInAccount,
        _ => Cause::Refused,
    }
}

/// Whether the answer says that a server is known to the account already.
pub(super) fn already_there(response: &Response) -> bool {
    let outcome = Outcome::read(response.body());
    outcome.status(response.status()) == 409 || outcome.said().to_lowercase().contains("already exist")
}
