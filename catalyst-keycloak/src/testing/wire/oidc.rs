//! The endpoints of OAuth and OpenID Connect of a realm.

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::route::{Answered, only};
use crate::mock::model::{Refusal, State};

pub(super) fn answer(state: &mut State, asked: &Asked, realm: &str, rest: &[&str]) -> Answered {
    match rest {
        ["token"] => {
            only(asked, Verb::Post)?;
            state.token(realm, &asked.form()).map(Answer::unstored)
        }
        ["certs"] => {
            only(asked, Verb::Get)?;
            Ok(Answer::json(state.jwks(realm)?).with("cache-control", "no-cache"))
        }
        ["token", "introspect"] => {
            only(asked, Verb::Post)?;
            state.introspect(realm, &asked.form()).map(Answer::json)
        }
        ["revoke"] => {
            only(asked, Verb::Post)?;
            state.revoke(realm, &asked.form()).map(Answer::unstored)
        }
        _ => {
            state.public_realm(realm)?;
            Err(Refusal::not_found())
        }
    }
}

pub(super) fn discovery(state: &State, asked: &Asked, realm: &str) -> Answered {
    only(asked, Verb::Get)?;
    Ok(Answer::json(state.discovery(realm)?)
        .with("cache-control", "no-cache, must-revalidate, no-transform, no-store"))
}
