//! Identity providers and organizations.

use super::admin::{Admin, shown};
use super::answer::Answer;
use super::asked::Verb;
use super::route::{Answered, wrong_method};
use crate::mock::model::{Refusal, State};

pub(super) fn providers(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    let (first, max) = asked.page();
    match (rest, admin.verb()) {
        (["instances"], Verb::Get) => {
            let brief = asked.query("briefRepresentation") == Some("true");
            state.list_providers(by, realm, brief, (first, max.unwrap_or(usize::MAX))).map(shown)
        }
        (["instances"], Verb::Post) => {
            let alias = state.create_provider(by, realm, &asked.json()?)?;
            Ok(admin.created(state, "identity-provider/instances", &alias))
        }
        (["instances", alias], Verb::Get) => state.show_provider(by, realm, alias).map(shown),
        (["instances", alias], Verb::Put) => {
            state.update_provider(by, realm, alias, &asked.json()?).map(|()| Answer::done())
        }
        (["instances", alias], Verb::Delete) => {
            state.delete_provider(by, realm, alias).map(|()| Answer::done())
        }
        (["instances"] | ["instances", _], _) => Err(wrong_method()),
        _ => Err(Refusal::not_found()),
    }
}

pub(super) fn organizations(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    let (first, max) = asked.page();
    let exact = asked.query("exact") == Some("true");
    let search = (asked.query("search").unwrap_or_default(), exact);
    match (rest, admin.verb()) {
        ([], Verb::Get) => state.list_organizations(by, realm, search, (first, max.unwrap_or(10))).map(shown),
        ([], Verb::Post) => {
            let id = state.create_organization(by, realm, &asked.json()?)?;
            Ok(admin.created(state, "organizations", &id))
        }
        (["count"], Verb::Get) => {
            let all = state.list_organizations(by, realm, ("", false), (0, usize::MAX))?;
            Ok(shown(all.len()))
        }
        ([id], Verb::Get) => state.show_organization(by, realm, id).map(shown),
        ([id], Verb::Put) => {
            state.update_organization(by, realm, id, &asked.json()?).map(|()| Answer::done())
        }
        ([id], Verb::Delete) => state.delete_organization(by, realm, id).map(|()| Answer::done()),
        ([id, "members"], Verb::Get) => state.organization_members(by, realm, id).map(shown),
        ([id, "members"], Verb::Post) => {
            let user = asked.text();
            state.link_to_organization(by, realm, id, ("members", &user, true))?;
            Ok(admin.created(state, &format!("organizations/{id}/members"), &user))
        }
        ([id, "members", user], Verb::Delete) => {
            state.link_to_organization(by, realm, id, ("members", user, false)).map(|()| Answer::done())
        }
        ([id, "identity-providers"], Verb::Get) => state.organization_providers(by, realm, id).map(shown),
        ([id, "identity-providers"], Verb::Post) => {
            let alias = asked.text();
            state.link_to_organization(by, realm, id, ("providers", &alias, true)).map(|()| Answer::done())
        }
        ([id, "identity-providers", alias], Verb::Delete) => {
            state.link_to_organization(by, realm, id, ("providers", alias, false)).map(|()| Answer::done())
        }
        _ => Err(Refusal::not_found()),
    }
}
