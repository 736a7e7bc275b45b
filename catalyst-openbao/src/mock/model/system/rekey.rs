//! New shares in the place of the old ones: `rotate/root` and `rotate/recovery`.
//!
//! The root key of a server that unseals itself is not modelled: what replaces it replaces no share.

use serde_json::{Value, json};

use super::Answered;
use super::seal::{WRONG_KEY, check_split, number};
use crate::mock::model::seal::{Given, KeySet, MockSeal, Rotation, Step, decode_share};
use crate::mock::model::state::State;
use crate::mock::model::{Capability, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

pub(super) const WRONG_RECOVERY: &str =
    "recovery key verification failed: recovery key does not match submitted values";

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let (area, call) = rest.split_once('/')?;
    let kind = match area {
        "root" => MockSeal::Shamir,
        "recovery" => MockSeal::Static,
        _ => return None,
    };
    if kind == MockSeal::Shamir && state.seal.kind == MockSeal::Static {
        return None;
    }
    Some(admitted(state, asked, kind, call))
}

fn admitted(state: &mut State, asked: &Asked, kind: MockSeal, call: &str) -> Result<Content, Refusal> {
    let capability = match asked.verb {
        Verb::Read => Capability::Read,
        Verb::Delete => Capability::Delete,
        _ => Capability::Update,
    };
    state.admit(&asked.call, &asked.path, capability)?;
    if kind != state.seal.kind {
        let text = "unable to look up config: %!w(*errors.errorString=&{recovery not supported})";
        return Err(Refusal::bad_request(text));
    }
    match (asked.verb, call) {
        (Verb::Read, "init") => Ok(Content::data(status(state))),
        (Verb::Write, "init") => start(state, asked),
        (Verb::Delete, "init") => {
            state.seal.rotation = None;
            Ok(Content::done())
        }
        (Verb::Write, "update") => update(state, asked),
        (Verb::Read, "verify") => verification(state).map(Content::data),
        (Verb::Write, "verify") => verify(state, asked),
        (Verb::Delete, "verify") => {
            renew_verification(state)?;
            verification(state).map(Content::data)
        }
        _ => Err(Refusal::unsupported_path()),
    }
}

fn start(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    let (shares, threshold) = (number(asked, "secret_shares"), number(asked, "secret_threshold"));
    let what = match state.seal.kind {
        MockSeal::Shamir => "invalid rotate seal configuration",
        MockSeal::Static => "invalid recovery configuration",
    };
    check_split(shares, threshold)
        .map_err(|why| Refusal::bad_request(&format!("{what}: %!w(*errors.errorString=&{{{why}}})")))?;
    if state.seal.rotation.is_some() {
        return Err(Refusal::bad_request("rotation already in progress"));
    }
    let given = Given::new(state.random_nonce());
    let verified = asked.flag("require_verification").unwrap_or(false);
    let fresh = KeySet::random(shares, threshold);
    state.seal.rotation = Some(Rotation { given, fresh, verified, returned: None });
    Ok(Content::data(status(state)))
}

fn update(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    let (share, named) = (decode_share(&asked.text("key").unwrap_or_default()), asked.text("nonce"));
    let fresh_nonce = state.random_nonce();
    let seal = &mut state.seal;
    let Some(rotation) = seal.rotation.as_mut().filter(|rotation| rotation.returned.is_none()) else {
        return Err(Refusal::bad_request("no rotation in progress"));
    };
    let nonce = rotation.given.nonce.clone();
    if named.as_deref() != Some(nonce.as_str()) {
        let text = format!("incorrect nonce supplied; nonce for rotation is \"{nonce}\"");
        return Err(Refusal::bad_request(&text));
    }
    match rotation.given.add(share?, &seal.keys) {
        Step::More => Ok(Content::data(status(state))),
        Step::Repeated => {
            Err(Refusal::bad_request("given key has already been provided during this rotation"))
        }
        Step::Wrong => Err(Refusal::bad_request(&match seal.kind {
            MockSeal::Shamir => {
                format!("failed to read root key: %!w(*vault.ErrInvalidKey=&{{{WRONG_KEY}}})")
            }
            MockSeal::Static => WRONG_RECOVERY.to_owned(),
        })),
        Step::Opens => {
            let (hex, base64) = rotation.fresh.texts();
            let verified = rotation.verified;
            let body = json!({
                "backup": false,
                "complete": true,
                "keys": hex,
                "keys_base64": base64,
                "nonce": nonce,
                "pgp_fingerprints": null,
                "verification_nonce": if verified { fresh_nonce.as_str() } else { "" },
                "verification_required": verified,
            });
            if verified {
                rotation.returned = Some(Given::new(fresh_nonce));
            } else {
                finish(state);
            }
            Ok(Content::data(body))
        }
    }
}

fn verify(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    let (share, named) = (decode_share(&asked.text("key").unwrap_or_default()), asked.text("nonce"));
    let nothing = || Refusal::bad_request("no rotation in progress");
    let rotation = state.seal.rotation.as_mut().ok_or_else(nothing)?;
    let returned = rotation.returned.as_mut().ok_or_else(nothing)?;
    let nonce = returned.nonce.clone();
    if named.as_deref() != Some(nonce.as_str()) {
        let text = format!("incorrect nonce supplied; nonce for this verify operation is \"{nonce}\"");
        return Err(Refusal::bad_request(&text));
    }
    match returned.add(share?, &rotation.fresh) {
        Step::More => verification(state).map(Content::data),
        Step::Repeated => {
            Err(Refusal::bad_request("given key has already been provided during this verify operation"))
        }
        Step::Wrong => {
            renew_verification(state)?;
            Err(Refusal::bad_request("rotation verification failed; incorrect key shares supplied"))
        }
        Step::Opens => {
            finish(state);
            Ok(Content::data(json!({ "complete": true, "nonce": nonce })))
        }
    }
}

/// The new shares are in force.
fn finish(state: &mut State) {
    if let Some(rotation) = state.seal.rotation.take() {
        state.seal.keys = rotation.fresh;
    }
}

fn renew_verification(state: &mut State) -> Result<(), Refusal> {
    let nonce = state.random_nonce();
    let rotation = state.seal.rotation.as_mut().filter(|rotation| rotation.returned.is_some());
    let rotation = rotation.ok_or_else(|| Refusal::bad_request("no rotation configuration found"))?;
    rotation.returned = Some(Given::new(nonce));
    Ok(())
}

fn verification(state: &State) -> Result<Value, Refusal> {
    let rotation = state.seal.rotation.as_ref();
    let found = rotation.and_then(|rotation| Some((rotation.returned.as_ref()?, &rotation.fresh)));
    let (returned, fresh) = found.ok_or_else(|| Refusal::bad_request("no rotation configuration found"))?;
    Ok(json!({
        "n": fresh.count(),
        "nonce": returned.nonce,
        "progress": returned.count(),
        "started": true,
        "t": fresh.threshold(),
    }))
}

fn status(state: &State) -> Value {
    let required = state.seal.keys.threshold();
    match &state.seal.rotation {
        None => json!({ "n": 0, "required": required, "started": false, "t": 0 }),
        Some(rotation) => json!({
            "n": rotation.fresh.count(),
            "nonce": rotation.given.nonce,
            "progress": rotation.given.count(),
            "required": required,
            "started": true,
            "t": rotation.fresh.threshold(),
            "verification_nonce": rotation.returned.as_ref().map_or("", |returned| &returned.nonce),
            "verification_required": rotation.verified,
        }),
    }
}
