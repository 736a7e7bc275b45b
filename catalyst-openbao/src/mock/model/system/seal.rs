//! Init, seal, unseal, and the key that the storage is encrypted with.

use serde_json::{Value, json};

use super::{Answered, rekey, root_generation};
use crate::mock::model::seal::{Given, KeySet, MockSeal, Step, decode_share};
use crate::mock::model::state::State;
use crate::mock::model::{Capability, Refusal, ServerState};
use crate::mock::wire::{Asked, Content, Verb};

/// The words of the server when shares do not make up its key.
pub(super) const WRONG_KEY: &str =
    "failed to decrypt keys from storage: cipher: message authentication failed";

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    Some(match (asked.verb, rest) {
        (Verb::Read, "seal-status") => Ok(Content::Bare(200, state.seal_status())),
        (Verb::Read, "init") => {
            let initialized = state.server != ServerState::NotInitialized;
            Ok(Content::Bare(200, json!({ "initialized": initialized })))
        }
        (Verb::Write, "init") => initialize(state, asked),
        (Verb::Write, "seal") => seal(state, asked),
        (Verb::Write, "unseal") => unseal(state, asked),
        (Verb::Read, "key-status") => key_status(state, asked),
        (Verb::Write, "rotate" | "rotate/keyring") => {
            done(state, asked).inspect(|_admitted| state.seal.term += 1)
        }
        (verb, rest) => match rest.split_once('/') {
            Some(("generate-root", rest)) => root_generation::answer(state, asked, verb, rest),
            Some(("rotate", rest)) => return rekey::answer(state, asked, rest),
            _ => return None,
        },
    })
}

/// What needs a session and changes nothing that the model has.
fn done(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, Capability::Update)?;
    Ok(Content::done())
}

fn initialize(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    if state.server != ServerState::NotInitialized {
        return Err(Refusal::bad_request("Vault is already initialized"));
    }
    let (mine, other, kind, what) = match state.seal.kind {
        MockSeal::Shamir => ("secret", "recovery", "shamir", "invalid seal configuration"),
        MockSeal::Static => ("recovery", "secret", "static", "invalid recovery configuration"),
    };
    let foreign = [format!("{other}_shares"), format!("{other}_threshold")];
    if foreign.iter().any(|field| number(asked, field) > 0) {
        let text = format!("parameters {} not applicable to seal type {kind}", foreign.join(","));
        return Err(Refusal::bad_request(&text));
    }
    let shares = number(asked, &format!("{mine}_shares"));
    let threshold = number(asked, &format!("{mine}_threshold"));
    check_split(shares, threshold).map_err(|why| Refusal::bad_request(&format!("{what}: {why}")))?;
    state.seal.keys = KeySet::random(shares, threshold);
    state.seal.identity = fastrand::u128(..);
    let root = state.mint_root();
    let (hex, base64) = state.seal.keys.texts();
    let mut body = json!({ "keys": [], "keys_base64": [], "root_token": root });
    let prefix = match state.seal.kind {
        MockSeal::Shamir => "",
        MockSeal::Static => "recovery_",
    };
    (body[format!("{prefix}keys")], body[format!("{prefix}keys_base64")]) = (hex.into(), base64.into());
    state.server = match state.seal.kind {
        MockSeal::Shamir => ServerState::Sealed,
        MockSeal::Static => ServerState::Active,
    };
    Ok(Content::Bare(200, body))
}

/// Why a key cannot be divided so.
pub(super) fn check_split(shares: usize, threshold: usize) -> Result<(), &'static str> {
    match (shares, threshold) {
        (0, _) => Err("shares must be at least one"),
        (_, 0) => Err("threshold must be at least one"),
        (shares, threshold) if threshold > shares => Err("threshold cannot be larger than shares"),
        (2.., 1) => Err("threshold must be greater than one for multiple shares"),
        _ => Ok(()),
    }
}

pub(super) fn number(asked: &Asked, field: &str) -> usize {
    let value = asked.fields().get(field).and_then(Value::as_u64);
    value.and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

fn seal(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    if state.server == ServerState::Active {
        state.admit(&asked.call, &asked.path, Capability::Update)?;
        state.lock_up();
    }
    Ok(Content::done())
}

fn unseal(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    if state.server == ServerState::NotInitialized {
        return Err(Refusal::bad_request("Vault is not initialized"));
    }
    if asked.flag("reset") == Some(true) {
        state.seal.unsealing = Given::default();
        return Ok(Content::Bare(200, state.seal_status()));
    }
    let Some(text) = asked.text("key").filter(|text| !text.is_empty()) else {
        let text = "'key' must be specified in request body as JSON, or 'reset' set to true";
        return Err(Refusal::bad_request(text));
    };
    let share = decode_share(&text)?;
    if state.server == ServerState::Sealed {
        if asked.flag("migrate") == Some(true) {
            let text = "can't perform a seal migration, no migration seal found";
            return Err(Refusal::new(500, &[text]));
        }
        give(state, share)?;
    }
    Ok(Content::Bare(200, state.seal_status()))
}

fn give(state: &mut State, share: Vec<u8>) -> Result<(), Refusal> {
    if state.seal.unsealing.count() == 0 {
        state.seal.unsealing = Given::new(state.random_nonce());
    }
    let step = state.seal.unsealing.add(share, &state.seal.keys);
    let opens = match step {
        Step::More | Step::Repeated => return Ok(()),
        // Recovery shares open nothing.
        Step::Opens => state.seal.kind == MockSeal::Shamir,
        Step::Wrong => false,
    };
    state.seal.unsealing = Given::default();
    if !opens {
        let text = format!("unable to retrieve stored keys: invalid key: {WRONG_KEY}");
        return Err(Refusal::bad_request(&text));
    }
    state.server = ServerState::Active;
    Ok(())
}

fn key_status(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, Capability::Read)?;
    let installed = state.clock.text(state.clock.now());
    Ok(Content::data(json!({ "term": state.seal.term, "install_time": installed, "encryptions": 1 })))
}
