//! The Admin REST API: who asks, and which object it is about.

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::route::Answered;
use super::{clients, federation, keys, policies, realms, users};
use crate::mock::model::{Caller, Refusal, State};

/// A request of administration in a realm.
pub(super) struct Admin<'a> {
    pub(super) by: &'a Caller,
    pub(super) realm: &'a str,
    pub(super) asked: &'a Asked,
}

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &[&str]) -> Answered {
    let by = &state.caller(asked.bearer.as_deref())?;
    let (realm, inner) = match rest {
        [] | [""] => return realms::all(state, asked, by),
        [realm, inner @ ..] => (*realm, inner),
    };
    let admin = Admin { by, realm, asked };
    match inner {
        [] | [""] => realms::one(state, &admin),
        ["clients", rest @ ..] => clients::answer(state, &admin, rest),
        ["roles", rest @ ..] => clients::roles(state, &admin, None, rest),
        ["client-scopes", rest @ ..] => realms::scopes(state, &admin, rest),
        ["default-default-client-scopes"] => realms::assigned_scopes(state, &admin, false),
        ["default-optional-client-scopes"] => realms::assigned_scopes(state, &admin, true),
        ["components", rest @ ..] => keys::components(state, &admin, rest),
        ["keys"] => keys::all(state, &admin),
        ["clients-initial-access", rest @ ..] => keys::initial_access(state, &admin, rest),
        ["identity-provider", rest @ ..] => federation::providers(state, &admin, rest),
        ["organizations", rest @ ..] => federation::organizations(state, &admin, rest),
        ["client-policies", rest @ ..] => policies::answer(state, &admin, rest),
        ["users", rest @ ..] => users::answer(state, &admin, rest),
        _ => {
            state.realm(realm)?;
            Err(Refusal::not_found())
        }
    }
}

impl Admin<'_> {
    /// Where a new object is.
    pub(super) fn location(&self, state: &State, path: &str, id: &str) -> String {
        format!("{}/admin/realms/{}/{path}/{id}", state.address(), self.realm)
    }

    pub(super) fn created(&self, state: &State, path: &str, id: &str) -> Answer {
        Answer::created(self.location(state, path, id))
    }

    pub(super) fn verb(&self) -> Verb {
        self.asked.verb
    }
}

/// A listing or an object.
pub(super) fn shown(value: impl Into<serde_json::Value>) -> Answer {
    Answer::json(value).with("cache-control", "no-cache")
}
