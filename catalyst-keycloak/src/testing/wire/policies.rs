//! Client policies.

use super::admin::{Admin, shown};
use super::answer::Answer;
use super::asked::Verb;
use super::route::{Answered, wrong_method};
use crate::mock::model::{Refusal, State};

pub(super) fn answer(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match (rest, admin.verb()) {
        (["profiles"], Verb::Get) => state.profiles(by, realm).map(shown),
        (["profiles"], Verb::Put) => state.set_profiles(by, realm, &asked.json()?).map(|()| Answer::done()),
        (["policies"], Verb::Get) => state.policies(by, realm).map(shown),
        (["policies"], Verb::Put) => state.set_policies(by, realm, &asked.json()?).map(|()| Answer::done()),
        (["profiles" | "policies"], _) => Err(wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}
