//! Which request is meant.

use serde_json::Value;

use super::answer::{Content, Envelope};
use super::asked::{Asked, Verb};
use super::{database, kv, leases, tokens};
use crate::mock::model::{Capability, Model, Mounted, Operation, Refusal};

/// What a request does, and the path that faults are scripted for: that of the lease for requests about leases.
pub(super) fn classify(model: &Model, asked: &Asked) -> (Operation, String) {
    let path = asked.path.as_str();
    let operation = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["sys", "health"] => Operation::Health,
        ["sys", "wrapping", ..] => Operation::Wrapping,
        ["sys", "leases", "renew", ..] => Operation::LeaseRenew,
        ["sys", "leases", "revoke" | "revoke-prefix" | "revoke-force", ..] => Operation::LeaseRevoke,
        ["sys", "leases", "lookup", ..] => Operation::LeaseLookup,
        ["auth", "token", "renew-self" | "renew"] => Operation::TokenRenew,
        ["auth", "token", "revoke-self" | "revoke"] => Operation::TokenRevoke,
        ["auth", "token", "lookup-self" | "lookup"] => Operation::TokenLookup,
        ["auth", .., "login"] | ["auth", .., "login", _] => Operation::Login,
        _ => match model.locate(&asked.call.namespace, path) {
            Some((_, Mounted::Kv, rest)) => kv::classify(asked.verb, rest),
            Some((_, Mounted::Database, rest)) if rest.starts_with("creds/") => Operation::Issue,
            Some((_, Mounted::Database, rest)) if rest.starts_with("static-creds/") => Operation::StaticRead,
            _ => Operation::Other,
        },
    };
    let path = match operation {
        Operation::LeaseRenew | Operation::LeaseRevoke | Operation::LeaseLookup => leases::id(asked),
        _ => path.to_owned(),
    };
    (operation, path)
}

pub(super) fn answer(model: &Model, asked: &Asked) -> Result<Content, Refusal> {
    let path = asked.path.as_str();
    match path.split_once('/') {
        _ if asked.verb == Verb::Unknown => Err(Refusal::new(405, &[])),
        Some(("sys", rest)) => system(model, asked, rest),
        Some(("auth", rest)) => tokens::answer(model, asked, rest),
        _ => match model.locate(&asked.call.namespace, path) {
            Some((mount, Mounted::Kv, rest)) => kv::answer(model, asked, mount, rest),
            Some((mount, Mounted::Database, rest)) => database::answer(model, asked, mount, rest),
            Some((mount, Mounted::Other, rest)) => model.ask_engine(asked, mount, rest),
            None => {
                model.admit(&asked.call, path, Capability::Read)?;
                Err(Refusal::no_handler(path))
            }
        },
    }
}

fn system(model: &Model, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
    if let Some(answered) = model.system(asked, rest) {
        return answered;
    }
    match (asked.verb, rest) {
        (Verb::Read, "health") => {
            let (status, body) = model.health();
            Ok(Content::Bare(override_status(asked, status), body))
        }
        (Verb::Read, "mounts") => {
            model.admit(&asked.call, &asked.path, Capability::Read)?;
            let mounts = model.mounts(&asked.call.namespace);
            let mut body = Envelope { data: Value::Object(mounts.clone()), ..Envelope::default() }.to_json();
            // The server repeats the payload beside `data`.
            for (path, about) in mounts {
                body[path] = about;
            }
            Ok(Content::Bare(200, body))
        }
        (_, rest) => match rest.split_once('/') {
            Some(("leases", rest)) => leases::answer(model, asked, rest),
            Some(("wrapping", rest)) => wrapping(model, asked, rest),
            Some(("internal", rest)) => mount_of(model, asked, rest),
            _ => Err(Refusal::unsupported_path()),
        },
    }
}

/// `?sealedcode=` and its kin.
fn override_status(asked: &Asked, status: u16) -> u16 {
    let name = match status {
        200 => "activecode",
        429 if asked.query("standbyok").is_some_and(|ok| ok != "false") => return 200,
        429 => "standbycode",
        473 => "performancestandbycode",
        472 => "drsecondarycode",
        501 => "uninitcode",
        _ => "sealedcode",
    };
    asked.query(name).and_then(|code| code.parse().ok()).unwrap_or(status)
}

fn wrapping(model: &Model, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
    let named = asked.text("token");
    match (asked.verb, rest) {
        (Verb::Write, "wrap") => {
            model.admit(&asked.call, &asked.path, Capability::Update)?;
            if asked.wrap_ttl()?.is_none() {
                return Err(Refusal::new(400, &["endpoint requires response wrapping to be used"]));
            }
            Ok(Content::data(Value::Object(asked.fields())))
        }
        (Verb::Write, "unwrap") => {
            model.unwrap(&asked.call, named.as_deref()).map(|answer| Content::Bare(200, answer))
        }
        (Verb::Write | Verb::Read, "lookup") => {
            model.look_up_wrapping(&asked.call, named.as_deref()).map(Content::data)
        }
        _ => Err(Refusal::unsupported_path()),
    }
}

/// What the command line tool asks before it reads a secret: where is this mounted, and what is it?
fn mount_of(model: &Model, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
    let path = rest.strip_prefix("ui/mounts/").ok_or_else(Refusal::unsupported_path)?;
    model.admit(&asked.call, &asked.path, Capability::Read)?;
    let mounts = model.mounts(&asked.call.namespace);
    let whole = format!("{path}/");
    let found = mounts.into_iter().find(|(mount, _)| whole.starts_with(mount.as_str()));
    let (_, about) = found.ok_or_else(|| {
        let text = format!(
            "preflight capability check returned 403, please ensure client's policies grant access to path \"{whole}\""
        );
        Refusal::new(403, &[&text])
    })?;
    Ok(Content::data(about))
}
