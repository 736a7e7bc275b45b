//! Which area answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::issuers::Issuer;
use super::otp::Otp;
use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Ssh {
    pub(super) issuers: BTreeMap<String, Issuer>,
    /// The identifier of the default one.
    pub(super) default_issuer: Option<String>,
    pub(super) roles: BTreeMap<String, Map<String, Value>>,
    /// The roles for every address.
    pub(super) zero_address: Option<Vec<String>>,
    pub(super) otps: BTreeMap<String, Otp>,
}

impl EngineModel for Ssh {
    fn engine_type(&self) -> EngineType {
        EngineType::Ssh
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
        match (area, name) {
            ("config", "ca") => self.authority(state, asked),
            ("config", "issuers") => self.default_issuer(asked),
            ("config", "zeroaddress") => self.zero_address(asked),
            ("public_key", "") => self.show_default_key(),
            ("issuers", _) => self.issuers(state, asked, name),
            ("issuer", _) => self.issuer(asked, name),
            ("roles", _) => self.roles(asked, name),
            ("sign" | "issue" | "creds", _) if !is_name(name) => Err(Refusal::unsupported_path()),
            ("sign" | "issue" | "creds" | "verify" | "lookup", _) if asked.verb != Verb::Write => {
                Err(Refusal::unsupported_operation())
            }
            ("sign", _) => self.sign(state, asked, name),
            ("issue", _) => self.issue(state, asked, name),
            ("creds", _) => self.give_otp(state, asked, rest, name),
            ("verify", "") => self.verify_otp(state, asked),
            ("lookup", "") => self.look_up(asked),
            ("tidy", "dynamic-keys") if asked.verb == Verb::Delete => {
                Ok(Content::data(json!({ "message": "Removed 0 of 0 host keys." })))
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn is_open(&self, _verb: Verb, rest: &str) -> bool {
        let of_an_issuer = || rest.strip_prefix("issuer/")?.strip_suffix("/public_key");
        matches!(rest, "verify" | "public_key") || of_an_issuer().is_some_and(|name| !name.contains('/'))
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

/// What roles may be called.
pub(super) fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(word)
        && name.ends_with(word)
        && name.chars().all(|c| word(c) || matches!(c, '-' | '.' | '@'))
}
