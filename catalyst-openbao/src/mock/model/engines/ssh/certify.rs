//! Certificates, made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::engine::Ssh;
use super::key::Key;
use super::rules::{Granted, Rules};
use super::writer::string;
use super::{issuers, parse, pem};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope};

impl Ssh {
    pub(super) fn sign(&self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let unknown = || Refusal::bad_request(&format!("Unknown role: {name}"));
        let rules = Rules::new(state, asked, name, self.roles.get(name).ok_or_else(unknown)?);
        let text = asked.text("public_key").unwrap_or_default();
        if text.is_empty() {
            return Err(Refusal::bad_request("missing public_key"));
        }
        let key = parse::public_key(&text).map_err(|words| {
            Refusal::bad_request(&format!("failed to parse public_key as SSH key: {words}"))
        })?;
        rules.check_key(&key)?;
        self.certify(state, &rules, &key.blob, None)
    }

    pub(super) fn issue(&self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let unknown = || Refusal::bad_request(&format!("unknown role: {name}"));
        let role = self.roles.get(name).ok_or_else(unknown)?;
        let kind = role.get("key_type").and_then(Value::as_str).unwrap_or_default();
        if kind != "ca" {
            let words = format!("role key type '{kind}' not allowed to issue key pairs");
            return Err(Refusal::bad_request(&words));
        }
        let rules = Rules::new(state, asked, name, role);
        let kind = asked.text("key_type").unwrap_or_else(|| "rsa".to_owned());
        let bits = asked.fields().get("key_bits").and_then(Value::as_u64).unwrap_or(0);
        rules.check_new_key(&kind, bits)?;
        let key =
            Key::generate(&mut state.random, &kind, bits).map_err(|words| Refusal::bad_request(&words))?;
        self.certify(state, &rules, &key.public(), Some((key, kind)))
    }

    fn certify(
        &self,
        state: &mut State,
        rules: &Rules<'_>,
        blob: &[u8],
        made: Option<(Key, String)>,
    ) -> Result<Content, Refusal> {
        let granted = rules.grant(blob)?;
        let field = |name: &str| rules.role.get(name);
        let wanted = field("issuer_ref").and_then(Value::as_str).unwrap_or("default");
        let id = self.resolve(wanted).map_err(|words| Refusal::bad_request(&words))?;
        let issuer = self
            .issuers
            .get(&id)
            .ok_or_else(|| Refusal::bad_request("no default issuer currently configured"))?;
        let backdated = field("not_before_duration").and_then(Value::as_u64).unwrap_or(0);
        let algorithm = field("algorithm_signer").and_then(Value::as_str).unwrap_or_default();
        let serial = state.random.u64(..);
        let unsigned = certificate(state, &granted, (blob, serial, backdated), &issuer.key.public());
        let signature = issuer.key.sign(&unsigned, algorithm).map_err(|words| {
            Refusal::internal(&format!("failed to generate signed SSH key: sign error: {words}"))
        })?;
        let signed = [unsigned, string(&signature)].concat();
        let mut data = json!({
            "issuer_id": id, "serial_number": format!("{serial:x}"), "signed_key": issuers::line(&signed),
        });
        if let Some((key, kind)) = made {
            data["private_key"] = key.pem(&mut state.random).into();
            data["private_key_type"] = kind.into();
        }
        let warnings = granted.warning.into_iter().collect();
        Ok(Content::Envelope(Envelope { data, warnings, ..Envelope::default() }))
    }
}

/// All of a certificate but its signature.
fn certificate(
    state: &mut State,
    granted: &Granted,
    (blob, serial, backdated): (&[u8], u64, u64),
    authority: &[u8],
) -> Vec<u8> {
    let now = u64::try_from(state.clock.unix(state.clock.now())).unwrap_or(0);
    let mut nonce = [0; 32];
    state.random.fill(&mut nonce);
    let (algorithm, key) = pem::take(blob).unwrap_or_default();
    let algorithm = [algorithm, b"-cert-v01@openssh.com"].concat();
    let principals: Vec<u8> = granted.principals.iter().flat_map(|name| string(name.as_bytes())).collect();
    [
        string(&algorithm),
        string(&nonce),
        key.to_vec(),
        serial.to_be_bytes().to_vec(),
        (if granted.host { 2_u32 } else { 1 }).to_be_bytes().to_vec(),
        string(granted.key_id.as_bytes()),
        string(&principals),
        now.saturating_sub(backdated).to_be_bytes().to_vec(),
        now.saturating_add(granted.ttl.as_secs()).to_be_bytes().to_vec(),
        string(&options(&granted.critical_options)),
        string(&options(&granted.extensions)),
        string(b""),
        string(authority),
    ]
    .concat()
}

/// Options in the order of their names; an empty value is no value.
fn options(all: &BTreeMap<String, String>) -> Vec<u8> {
    let one = |(name, value): (&String, &String)| {
        let data = if value.is_empty() { Vec::new() } else { string(value.as_bytes()) };
        [string(name.as_bytes()), string(&data)].concat()
    };
    all.iter().flat_map(one).collect()
}
