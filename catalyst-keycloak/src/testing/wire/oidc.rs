//! The endpoints of OAuth and OpenID Connect of a realm.

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::pages;
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
        ["auth"] => {
            only(asked, Verb::Get)?;
            Ok(pages::shown(state.authorize(realm, &asked.query, &asked.cookies)))
        }
        ["ext", "par", "request"] => {
            only(asked, Verb::Post)?;
            Ok(Answer::unstored(state.push(realm, &asked.form())?).with_status(201))
        }
        ["logout"] => logout(state, asked, realm),
        _ => {
            state.public_realm(realm)?;
            Err(Refusal::not_found())
        }
    }
}

/// With a refresh token for a client, and without one for a browser.
fn logout(state: &mut State, asked: &Asked, realm: &str) -> Answered {
    if asked.verb == Verb::Post && asked.form().get("refresh_token").is_some() {
        return state.log_out(realm, &asked.form()).map(|()| Answer::done());
    }
    let fields = asked.form().fields.into_iter();
    let query: Vec<(String, String)> = asked.query.iter().cloned().chain(fields).collect();
    Ok(pages::shown(state.leave(realm, &query, &asked.cookies)))
}

/// The form, shown again or sent.
pub(super) fn login(state: &mut State, asked: &Asked, realm: &str) -> Answered {
    state.public_realm(realm)?;
    let form = (asked.verb == Verb::Post).then(|| asked.form());
    Ok(pages::shown(state.act(realm, asked.query("session_code"), form.as_ref(), &asked.cookies)))
}

pub(super) fn discovery(state: &State, asked: &Asked, realm: &str) -> Answered {
    only(asked, Verb::Get)?;
    Ok(Answer::json(state.discovery(realm)?)
        .with("cache-control", "no-cache, must-revalidate, no-transform, no-store"))
}
