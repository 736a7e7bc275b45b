//! `auth/*`: logins and tokens.

use std::time::Duration;

use serde_json::Value;

use super::answer::Content;
use super::asked::{Asked, Verb};
use crate::mock::model::{Capability, Model, Refusal, Shown, TokenGrant, TokenLabels};

pub(super) fn answer(model: &Model, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
    let call = &asked.call;
    let renewed = |(auth, warning)| Content::auth(auth, warning);
    match (asked.verb, rest) {
        (Verb::Read, "token/lookup-self") => model.look_up_token(call, None).map(Content::data),
        (Verb::Write, "token/lookup") => {
            let named = asked.text("token").or_else(|| call.token.clone());
            model.look_up_token(call, named.as_deref()).map(Content::data)
        }
        (Verb::Write, "token/renew-self") => model.renew_token(call, asked.span("increment")?).map(renewed),
        (Verb::Write, "token/renew") => {
            let named = asked.text("token").unwrap_or_default();
            model.renew_named(call, &named, asked.span("increment")?).map(renewed)
        }
        (Verb::Write, "token/revoke-self") => model.revoke_self(call).map(|()| Content::done()),
        (Verb::Write, "token/revoke") => {
            model.revoke_named(call, &asked.text("token").unwrap_or_default()).map(|()| Content::done())
        }
        (Verb::Write, "token/create") => {
            let (grant, orphan) = wanted(asked)?;
            model.create_token(call, &grant, orphan, labels(asked)).map(|auth| Content::auth(auth, None))
        }
        (verb, rest) => match rest.strip_suffix("/login") {
            Some(mount) if verb == Verb::Write => {
                let shown: Shown = asked.json().unwrap_or_default();
                model.log_in(call, mount, &shown).map(|auth| Content::auth(auth, None))
            }
            _ => model.auth_method(asked, rest).unwrap_or_else(|| {
                model.admit(call, &asked.path, Capability::Update)?;
                Err(Refusal::unsupported_path())
            }),
        },
    }
}

pub(crate) fn labels(asked: &Asked) -> TokenLabels {
    let name = asked.text("display_name").filter(|name| !name.is_empty());
    let metadata = asked.fields().remove("meta").filter(|meta| !meta.is_null());
    TokenLabels {
        display_name: name.map_or_else(|| "token".to_owned(), |name| format!("token-{name}")),
        metadata: metadata.and_then(|meta| serde_json::from_value(meta).ok()),
    }
}

/// What token the body of `auth/token/create` asks for, and whether it is to have no parent.
pub(crate) fn wanted(asked: &Asked) -> Result<(TokenGrant, bool), Refusal> {
    let fields = asked.fields();
    let listed = fields.get("policies").and_then(Value::as_array);
    let policies: Vec<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    let mut grant = TokenGrant::new(asked.span("ttl")?.unwrap_or(Duration::ZERO))
        .renewable(asked.flag("renewable").unwrap_or(true))
        .uses(
            fields
                .get("num_uses")
                .and_then(Value::as_u64)
                .and_then(|uses| u32::try_from(uses).ok())
                .unwrap_or(0),
        )
        .policies(&policies);
    if let Some(limit) = asked.span("explicit_max_ttl")? {
        grant = grant.explicit_max_ttl(limit);
    }
    if let Some(period) = asked.span("period")?.filter(|period| !period.is_zero()) {
        grant = grant.period(period);
    }
    if asked.text("type").as_deref() == Some("batch") {
        grant = grant.batch();
    }
    if asked.flag("no_default_policy") == Some(true) {
        grant = grant.without_default_policy();
    }
    Ok((grant, asked.flag("no_parent").unwrap_or(false)))
}
