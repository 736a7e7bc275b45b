//! Root tokens out of key shares.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use super::seal::WRONG_KEY;
use crate::mock::model::seal::{Generation, Given, MockSeal, Step, decode_share};
use crate::mock::model::state::State;
use crate::mock::model::{Refusal, ServerState};
use crate::mock::wire::{Asked, Content, Verb};

/// The length of a token, and of the one-time password that hides it.
const LENGTH: usize = 26;

pub(super) fn answer(state: &mut State, asked: &Asked, verb: Verb, rest: &str) -> Result<Content, Refusal> {
    if state.server != ServerState::Active {
        return Err(Refusal::sealed());
    }
    if !state.seal.generates_roots {
        return Err(Refusal::new(405, &["unsupported operation"]));
    }
    match (verb, rest) {
        (Verb::Read, "attempt") => Ok(status(state, "")),
        (Verb::Write, "attempt") => start(state, asked),
        (Verb::Delete, "attempt") => {
            state.seal.generation = None;
            Ok(Content::done())
        }
        (Verb::Write, "update") => update(state, asked),
        _ => Err(Refusal::unsupported_path()),
    }
}

fn start(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    if asked.text("otp").is_some_and(|otp| otp.len() != LENGTH) {
        return Err(Refusal::bad_request("OTP string has incorrect length"));
    }
    if state.seal.generation.is_some() {
        return Err(Refusal::bad_request("root generation already in progress for this namespace"));
    }
    let otp = asked.text("otp").unwrap_or_else(|| state.random_text(LENGTH));
    let given = Given::new(state.random_nonce());
    state.seal.generation = Some(Generation { given, otp: otp.clone() });
    Ok(status(state, &otp))
}

fn update(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    let share = decode_share(&asked.text("key").unwrap_or_default())?;
    let Some(mut generation) = state.seal.generation.take() else {
        return Err(Refusal::bad_request("no root generation in progress"));
    };
    let nonce = generation.given.nonce.clone();
    if asked.text("nonce").as_deref() != Some(nonce.as_str()) {
        state.seal.generation = Some(generation);
        let text =
            format!("incorrect nonce supplied; nonce for this root generation operation is \"{nonce}\"");
        return Err(Refusal::bad_request(&text));
    }
    let step = generation.given.add(share, &state.seal.keys);
    if matches!(step, Step::Opens) {
        let token = state.mint_root();
        let hidden: Vec<u8> =
            token.bytes().zip(generation.otp.bytes()).map(|(byte, pad)| byte ^ pad).collect();
        return Ok(progress(state, &nonce, state.seal.keys.threshold(), &STANDARD_NO_PAD.encode(hidden)));
    }
    let given = generation.given.count();
    state.seal.generation = Some(generation);
    match step {
        Step::Repeated => {
            Err(Refusal::bad_request("given key has already been provided during this generation operation"))
        }
        Step::Wrong => {
            let why = match state.seal.kind {
                MockSeal::Shamir => format!("unable to retrieve stored keys: invalid key: {WRONG_KEY}"),
                MockSeal::Static => super::rekey::WRONG_RECOVERY.to_owned(),
            };
            Err(Refusal::bad_request(&format!("root generation aborted: unable to authenticate: {why}")))
        }
        Step::More | Step::Opens => Ok(progress(state, &nonce, given, "")),
    }
}

fn status(state: &State, otp: &str) -> Content {
    let generation = state.seal.generation.as_ref();
    let mut body = common(state, generation.map_or("", |generation| &generation.given.nonce));
    body["started"] = generation.is_some().into();
    body["progress"] = generation.map_or(0, |generation| generation.given.count()).into();
    (body["otp"], body["otp_length"]) = (otp.into(), LENGTH.into());
    Content::Bare(200, body)
}

fn progress(state: &State, nonce: &str, given: usize, token: &str) -> Content {
    let mut body = common(state, nonce);
    (body["started"], body["progress"]) = (true.into(), given.into());
    body["complete"] = (!token.is_empty()).into();
    (body["encoded_token"], body["encoded_root_token"]) = (token.into(), token.into());
    Content::Bare(200, body)
}

fn common(state: &State, nonce: &str) -> Value {
    json!({
        "nonce": nonce,
        "started": false,
        "progress": 0,
        "required": state.seal.keys.threshold(),
        "complete": false,
        "encoded_token": "",
        "encoded_root_token": "",
        "pgp_fingerprint": "",
        "otp": "",
        "otp_length": 0,
    })
}
