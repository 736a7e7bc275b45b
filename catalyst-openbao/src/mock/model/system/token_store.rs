//! The store of tokens, as far as it is not about the caller's own.

use serde_json::{Map, Value, json};

use super::Answered;
use super::fields::{list, matches_any, object, overwrite};
use crate::mock::model::state::State;
use crate::mock::model::tokens::{CREATED, Origin};
use crate::mock::model::{Refusal, engine};
use crate::mock::wire::{Asked, Content, Envelope, Verb, token_labels, wanted_token};

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
    let areas = [
        "lookup-accessor",
        "renew-accessor",
        "revoke-accessor",
        "accessors",
        "create-orphan",
        "create",
        "roles",
        "tidy",
        "revoke-orphan",
    ];
    if !areas.contains(&area) {
        return None;
    }
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|own| match (asked.verb, area, name) {
        (Verb::List, "accessors", "") => Ok(Content::keys(&state.accessors())),
        (Verb::List, "roles", "") => {
            let names: Vec<String> = state.stored.settings.token_roles.keys().cloned().collect();
            if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
        }
        (_, "roles", name) => role(state, asked, name),
        (Verb::Write, "create-orphan", "") => make(state, asked, None, None),
        (Verb::Write, "create", name) => make(state, asked, Some(own), Some(name)),
        (Verb::Write, "tidy", "") => Ok(super::app_roles::tidy()),
        (Verb::Write, "revoke-orphan", "") => {
            let token = asked.text("token").unwrap_or_default();
            state.end_token_only(&token);
            Ok(Content::done())
        }
        (Verb::Write, _, _) => by_accessor(state, asked, area),
        _ => Err(Refusal::unsupported_operation()),
    }))
}

fn by_accessor(state: &mut State, asked: &Asked, area: &str) -> Result<Content, Refusal> {
    let found = state.token_of(&asked.text("accessor").unwrap_or_default());
    if area == "revoke-accessor" {
        let now = state.clock.now();
        let Some(id) = found else {
            let warnings = vec!["No token found with this accessor".to_owned()];
            return Ok(Content::Envelope(Envelope { warnings, ..Envelope::default() }));
        };
        state.end_token(&id, now);
        return Ok(Content::done());
    }
    let id = found.ok_or_else(|| Refusal::listed(400, "invalid accessor"))?;
    if area == "renew-accessor" {
        let (auth, warning) = state.renew_token(&id, asked.span("increment")?, asked.call.clip)?;
        return Ok(Content::auth(auth, warning));
    }
    let mut about = state.describe_token(&id).unwrap_or_default();
    // Who has the accessor does not learn the token.
    about["id"] = "".into();
    Ok(Content::data(about))
}

fn role(state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
    let roles = &mut state.stored.settings.token_roles;
    match asked.verb {
        Verb::Read => {
            let fields = roles.get(name).ok_or_else(Refusal::nothing_there)?;
            Ok(Content::data(Value::Object(fields.clone())))
        }
        Verb::Write => {
            let mut fields = roles.get(name).cloned().unwrap_or_else(|| defaults(name));
            overwrite(&mut fields, &asked.fields())?;
            roles.insert(name.to_owned(), fields);
            Ok(Content::done())
        }
        Verb::Delete => {
            roles.remove(name);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_operation()),
    }
}

fn defaults(name: &str) -> Map<String, Value> {
    object(json!({
        "allowed_entity_aliases": [], "allowed_policies": [], "allowed_policies_glob": [], "disallowed_policies": [],
        "disallowed_policies_glob": [], "explicit_max_ttl": 0, "name": name, "orphan": false, "path_suffix": "",
        "period": 0, "renewable": true, "token_bound_cidrs": [], "token_explicit_max_ttl": 0,
        "token_no_default_policy": false, "token_period": 0, "token_type": "default-service",
    }))
}

/// Makes a token, as a role allows if one is named.
fn make(
    state: &mut State,
    asked: &Asked,
    parent: Option<String>,
    role: Option<&str>,
) -> Result<Content, Refusal> {
    let (mut grant, mut orphan) = wanted_token(asked)?;
    let mut path = CREATED.to_owned();
    if let Some(name) = role {
        let fields = state.stored.settings.token_roles.get(name);
        let fields = fields.ok_or_else(|| Refusal::bad_request(&format!("unknown role {name}")))?;
        let (allowed, globs) = (list(fields, "allowed_policies"), list(fields, "allowed_policies_glob"));
        let bound = !allowed.is_empty() || !globs.is_empty();
        let outside = |name: &String| {
            !allowed.contains(&name.as_str()) && !matches_any(&globs, name) && name != "default"
        };
        if bound && grant.policy_names().iter().any(outside) {
            let text = format!(
                "token policies ({:?}) must be subset of the role's allowed policies ({allowed:?}) or glob policies \
                 ({globs:?})",
                grant.policy_names()
            );
            return Err(Refusal::bad_request(&text));
        }
        orphan |= fields["orphan"] == true;
        let period = std::time::Duration::from_secs(super::fields::number(fields, "token_period"));
        if !period.is_zero() {
            grant = grant.period(period);
        }
        path = format!("{CREATED}/{name}");
    }
    let about = token_labels(asked);
    let origin = Origin {
        display_name: about.display_name,
        metadata: about.metadata,
        path,
        namespace: asked.call.namespace.clone(),
        parent: parent.filter(|_| !orphan),
        ..Origin::default()
    };
    let id = state.mint_token(&grant, origin, asked.call.clip);
    state.auth_answer(&id).map(|auth| Content::auth(auth, None))
}
