//! Keys and their providers, and initial access tokens for registrations.

use super::admin::{Admin, shown};
use super::answer::Answer;
use super::asked::Verb;
use super::route::{Answered, wrong_method};
use crate::mock::model::State;

pub(super) fn all(state: &State, admin: &Admin<'_>) -> Answered {
    state.keys(admin.by, admin.realm).map(shown)
}

pub(super) fn components(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match (rest, admin.verb()) {
        ([], Verb::Get) => state.components(by, realm, asked.query("type")).map(shown),
        ([], Verb::Post) => {
            let id = state.add_component(by, realm, &asked.json()?)?;
            Ok(admin.created(state, "components", &id))
        }
        ([id], Verb::Get) => state.component(by, realm, id).map(shown),
        ([id], Verb::Put) => {
            state.change_component(by, realm, id, Some(&asked.json()?)).map(|()| Answer::done())
        }
        ([id], Verb::Delete) => state.change_component(by, realm, id, None).map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}

pub(super) fn initial_access(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match (rest, admin.verb()) {
        ([], Verb::Get) => state.initial_access(by, realm).map(shown),
        ([], Verb::Post) => {
            let access = state.create_initial_access(by, realm, &asked.json()?)?;
            let id = access["id"].as_str().unwrap_or_default().to_owned();
            Ok(admin.created(state, "clients-initial-access", &id).with_json(access))
        }
        ([id], Verb::Delete) => state.delete_initial_access(by, realm, id).map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}
