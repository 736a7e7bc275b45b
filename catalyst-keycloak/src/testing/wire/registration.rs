//! Dynamic client registration.

use serde_json::Value;

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::route::{Answered, wrong_method};
use crate::mock::model::{Provider, Refusal, State};

pub(super) fn answer(state: &mut State, asked: &Asked, realm: &str, rest: &[&str]) -> Answered {
    let provider = rest.first().and_then(|name| Provider::named(name));
    let provider = provider.ok_or_else(|| Refusal::error(404, "Client registration provider not found"))?;
    let bearer = asked.bearer.as_deref();
    match (&rest[1..], asked.verb) {
        ([], Verb::Post) => {
            let made = state.register(realm, provider, bearer, &body(asked)?)?;
            let id = made.get("clientId").or(made.get("client_id")).and_then(Value::as_str);
            let below = format!("clients-registrations/{}/{}", rest[0], id.unwrap_or_default());
            let location = format!("{}/{below}", state.issuer(realm));
            Ok(Answer::created(location).with_json(made))
        }
        ([id], Verb::Get) => state.registration(realm, provider, bearer, id).map(Answer::json),
        ([id], Verb::Put) => {
            state.update_registration(realm, provider, (bearer, *id), &body(asked)?).map(Answer::json)
        }
        ([id], Verb::Delete) => state.remove_registration(realm, bearer, id).map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}

fn body(asked: &Asked) -> Result<Value, Refusal> {
    asked.json().map_err(|_malformed| Refusal::oauth(400, "invalid_request", "Cannot parse the JSON"))
}
