//! Which file answers what.

use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::{admin, oidc, registration};
use crate::mock::model::{Refusal, State};

pub(super) type Answered = Result<Answer, Refusal>;

pub(super) fn answer(state: &mut State, asked: &Asked, segments: &[&str]) -> Answered {
    match segments {
        ["admin", "realms", rest @ ..] => admin::answer(state, asked, rest),
        ["realms", realm, ".well-known", "openid-configuration"]
        | [".well-known", "oauth-authorization-server", "realms", realm] => {
            oidc::discovery(state, asked, realm)
        }
        ["realms", realm, "login-actions", "authenticate"] => oidc::login(state, asked, realm),
        ["realms", realm, "clients-registrations", rest @ ..] => {
            registration::answer(state, asked, realm, rest)
        }
        ["realms", realm, "protocol", "openid-connect", rest @ ..] => oidc::answer(state, asked, realm, rest),
        _ => Err(Refusal::error(404, "Unable to find matching target resource method")),
    }
}

/// The path is known, and the method is not one that it takes.
pub(super) fn wrong_method() -> Refusal {
    Refusal::error(405, "HTTP 405 Method Not Allowed")
}

/// Refuses all methods but this one.
pub(super) fn only(asked: &Asked, verb: Verb) -> Result<(), Refusal> {
    if asked.verb == verb { Ok(()) } else { Err(wrong_method()) }
}
