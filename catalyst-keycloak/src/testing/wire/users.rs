//! Users and their roles.

use super::admin::{Admin, shown};
use super::answer::Answer;
use super::asked::Verb;
use super::route::{Answered, wrong_method};
use crate::mock::model::{Refusal, State};

pub(super) fn answer(state: &mut State, admin: &Admin<'_>, rest: &[&str]) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match rest {
        [] => match admin.verb() {
            Verb::Get => {
                let name = asked.query("username").map(|name| (name, asked.query("exact") == Some("true")));
                let (first, max) = asked.page();
                state.list_users(by, realm, name, (first, max.unwrap_or(100))).map(shown)
            }
            Verb::Post => {
                let id = state.create_user(by, realm, &asked.json()?)?;
                Ok(admin.created(state, "users", &id))
            }
            _ => Err(wrong_method()),
        },
        ["count"] => {
            let users = state.list_users(by, realm, None, (0, usize::MAX))?;
            Ok(shown(users.len()))
        }
        [id] => match admin.verb() {
            Verb::Get => state.show_user(by, realm, id).map(shown),
            Verb::Put => state.update_user(by, realm, id, &asked.json()?).map(|()| Answer::done()),
            Verb::Delete => state.delete_user(by, realm, id).map(|()| Answer::done()),
            _ => Err(wrong_method()),
        },
        [id, "reset-password"] => {
            state.reset_password(by, realm, id, &asked.json()?).map(|()| Answer::done())
        }
        [id, "logout"] => state.log_user_out(by, realm, id).map(|()| Answer::done()),
        [id, "role-mappings", "realm"] => mapped(state, admin, id, None),
        [id, "role-mappings", "clients", client] => mapped(state, admin, id, Some(client)),
        [id, "role-mappings", "realm", "available"] => {
            state.mapped_roles(by, realm, (id, None, true)).map(shown)
        }
        [id, "role-mappings", "clients", client, "available"] => {
            state.mapped_roles(by, realm, (id, Some(client), true)).map(shown)
        }
        _ => Err(Refusal::not_found()),
    }
}

fn mapped(state: &mut State, admin: &Admin<'_>, id: &str, client: Option<&str>) -> Answered {
    let Admin { by, realm, asked } = *admin;
    match admin.verb() {
        Verb::Get => state.mapped_roles(by, realm, (id, client, false)).map(shown),
        verb @ (Verb::Post | Verb::Delete) => state
            .map_roles(by, realm, (id, client, verb == Verb::Post), &asked.json()?)
            .map(|()| Answer::done()),
        _ => Err(wrong_method()),
    }
}
