//! Clients, their secrets, roles, mappers and scopes.

use super::admin::{Admin, shown};
use super::answer::Answer;
use super::asked::{Asked, Verb};
use super::route::{Answered, wrong_method};
use crate::mock::model::{ClientQuery, Refusal, State};

pub(super) fn answer(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match rest {
        [] | [""] => match admin.verb() {
            Verb::Get => state.list_clients(by, realm, &query(asked)).map(shown),
            Verb::Post => {
                let id = state.create_client(by, realm, &asked.json()?)?;
                Ok(admin.created(state, "clients", &id))
            }
            _ => Err(wrong_method()),
        },
        [id] => match admin.verb() {
            Verb::Get => state.show_client(by, realm, id).map(shown),
            Verb::Put => state.update_client(by, realm, id, &asked.json()?).map(|()| Answer::done()),
            Verb::Delete => state.delete_client(by, realm, id).map(|()| Answer::done()),
            _ => Err(wrong_method()),
        },
        [id, "client-secret"] => match admin.verb() {
            Verb::Get => state.client_secret(by, realm, id).map(shown),
            Verb::Post => state.regenerate_secret(by, realm, id).map(Answer::json),
            _ => Err(wrong_method()),
        },
        [id, "client-secret", "rotated"] => match admin.verb() {
            Verb::Get => state.rotated_secret(by, realm, id).map(shown),
            Verb::Delete => state.end_rotated_secret(by, realm, id).map(|()| Answer::done()),
            _ => Err(wrong_method()),
        },
        [id, "service-account-user"] => state.service_account_user(by, realm, id).map(shown),
        [id, "roles", rest @ ..] => roles(state, admin, Some(id), rest),
        [id, "protocol-mappers", "models", rest @ ..] => mappers(state, admin, id, rest),
        [id, kind @ ("default-client-scopes" | "optional-client-scopes"), rest @ ..] => {
            scopes(state, admin, id, *kind == "optional-client-scopes", rest)
        }
        _ => Err(Refusal::not_found()),
    }
}

fn query(asked: &Asked) -> ClientQuery {
    let (first, max) = asked.page();
    let pairs = asked.query("q").unwrap_or_default();
    ClientQuery {
        client_id: asked.query("clientId").map(str::to_owned),
        search: asked.query("search") == Some("true"),
        attributes: attributes(pairs),
        first,
        max,
    }
}

/// `key:value key2:"value with spaces"`; a quoted text may have an escaped quote in it.
fn attributes(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut word = String::new();
    let mut key = None;
    let (mut quoted, mut escaped) = (false, false);
    for letter in text.chars().chain([' ']) {
        match letter {
            _ if escaped => {
                word.push(letter);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ':' if !quoted && key.is_none() => key = Some(std::mem::take(&mut word)),
            ' ' if !quoted => {
                if let Some(key) = key.take() {
                    pairs.push((key, std::mem::take(&mut word)));
                }
                word.clear();
            }
            _ => word.push(letter),
        }
    }
    pairs
}

/// Roles of the realm, or of the client with this identifier.
pub(super) fn roles(state: &mut State, admin: &Admin<'_>, client: Option<&str>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match (admin.verb(), rest) {
        (Verb::Get, []) => state.list_roles(by, realm, client).map(shown),
        (Verb::Post, []) => {
            let name = state.create_role(by, realm, client, &asked.json()?)?;
            let path = client.map_or_else(|| "roles".to_owned(), |id| format!("clients/{id}/roles"));
            Ok(admin.created(state, &path, &name))
        }
        (Verb::Get, [name]) => state.show_role(by, realm, client, name).map(shown),
        (Verb::Delete, [name]) => state.delete_role(by, realm, client, name).map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}

fn mappers(state: &mut State, admin: &Admin<'_>, id: &str, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match (admin.verb(), rest) {
        (Verb::Get, []) => state.list_mappers(by, realm, id).map(shown),
        (Verb::Post, []) => {
            let mapper = state.add_mapper(by, realm, id, &asked.json()?)?;
            Ok(admin.created(state, &format!("clients/{id}/protocol-mappers/models"), &mapper))
        }
        (Verb::Put, [mapper]) => {
            state.change_mapper(by, realm, id, mapper, Some(&asked.json()?)).map(|()| Answer::done())
        }
        (Verb::Delete, [mapper]) => state.change_mapper(by, realm, id, mapper, None).map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}

fn scopes(state: &mut State, admin: &Admin<'_>, id: &str, optional: bool, rest: &[&str]) -> Answered {
    let Admin { by, realm, .. } = *admin;
    let kind = if optional { "optionalClientScopes" } else { "defaultClientScopes" };
    match (admin.verb(), rest) {
        (Verb::Get, []) => state.assigned_scopes(by, realm, Some(id), optional).map(shown),
        (verb @ (Verb::Put | Verb::Delete), [scope]) => {
            state.assign_scope(by, realm, id, (kind, scope, verb == Verb::Put)).map(|()| Answer::done())
        }
        _ => Err(wrong_method()),
    }
}
