//! Realms, and the client scopes of one.

use super::admin::{Admin, shown};
use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::route::{Answered, wrong_method};
use crate::mock::model::{Caller, State};

pub(super) fn all(state: &mut State, asked: &Asked, by: &Caller) -> Answered {
    match asked.verb {
        Verb::Get => Ok(shown(state.realms(by))),
        Verb::Post => {
            let name = state.create_realm(by, &asked.json()?)?;
            Ok(Answer::created(format!("{}/admin/realms/{name}", state.address())))
        }
        _ => Err(wrong_method()),
    }
}

pub(super) fn one(state: &mut State, admin: &Admin<'_>) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match admin.verb() {
        Verb::Get => state.show_realm(by, realm).map(shown),
        Verb::Put => state.update_realm(by, realm, &asked.json()?).map(|()| Answer::done()),
        Verb::Delete => state.delete_realm(by, realm).map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}

pub(super) fn scopes(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    match (admin.verb(), rest) {
        (Verb::Get, []) => state.list_scopes(admin.by, admin.realm).map(shown),
        (Verb::Post, []) => {
            let id = state.create_scope(admin.by, admin.realm, &admin.asked.json()?)?;
            Ok(admin.created(state, "client-scopes", &id))
        }
        _ => Err(wrong_method()),
    }
}

pub(super) fn assigned_scopes(state: &State, admin: &Admin<'_>, optional: bool) -> Answered {
    state.assigned_scopes(admin.by, admin.realm, None, optional).map(shown)
}
