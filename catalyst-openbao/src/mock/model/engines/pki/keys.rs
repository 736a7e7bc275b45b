//! Keys of issuers.

use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use serde_json::{Map, Value, json};

use super::engine::Pki;
use super::fields::text;
use super::forge;
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Verb};
use crate::pki::SerialNumber;

impl Pki {
    pub(super) fn key(
        &mut self,
        state: &mut State,
        asked: &Asked,
        parts: &[&str],
    ) -> Result<Content, Refusal> {
        match (asked.verb, parts) {
            (Verb::List, ["keys"]) if self.keys.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, ["keys"]) => {
                let default = self.resolve_key("default").unwrap_or_default();
                let info: Map<String, Value> = self
                    .keys
                    .iter()
                    .map(|(id, key)| {
                        (id.clone(), json!({ "is_default": *id == default, "key_name": key.name }))
                    })
                    .collect();
                Ok(Content::data(json!({ "keys": self.keys.keys().collect::<Vec<_>>(), "key_info": info })))
            }
            (Verb::Write, ["keys", "generate", kind @ ("internal" | "exported")]) => {
                self.generate_key(state, asked, kind)
            }
            (Verb::Write, ["keys", "import"]) => self.import_key(state, asked),
            (Verb::Read, ["key", reference]) => {
                let id = self.resolve_key(reference)?;
                let mut data = self.shown_key(&id);
                let identifier = CertificateParams::default().key_identifier(&forge::pair(&self.keys[&id])?);
                data["subject_key_id"] = SerialNumber::from_bytes(&identifier)
                    .map(|hex| hex.to_string())
                    .unwrap_or_default()
                    .into();
                Ok(Content::data(data))
            }
            (Verb::Write, ["key", reference]) => {
                let id = self.resolve_key(reference)?;
                let fields = asked.fields();
                let name = text(&fields, "key_name");
                if self.keys[&id].name != name {
                    let name = self.free_key_name(name)?;
                    if let Some(key) = self.keys.get_mut(&id) {
                        key.name = name;
                    }
                }
                Ok(Content::data(self.shown_key(&id)))
            }
            (Verb::Delete, ["key", reference]) => self.delete_key(reference),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn generate_key(&mut self, state: &mut State, asked: &Asked, kind: &str) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let name = self.free_key_name(text(&fields, "key_name"))?;
        let bits = fields.get("key_bits").and_then(Value::as_u64).unwrap_or(0);
        let of = match text(&fields, "key_type") {
            "" => "rsa",
            given => given,
        };
        let pair = forge::generate(of, bits)?;
        let id = self.add_key(state, &pair, of, &name);
        let mut data = self.shown_key(&id);
        if kind == "exported" {
            data["private_key"] = pair.serialize_pem().trim_end().into();
        }
        Ok(Content::data(data))
    }

    fn import_key(&mut self, state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let given = text(&fields, "pem_bundle");
        if given.len() < 75 {
            return Err(Refusal::bad_request(
                "provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file",
            ));
        }
        let pair = KeyPair::from_pem(given);
        let pair = pair.map_err(|_quoted| Refusal::bad_request("unable to parse PEM bundle"))?;
        let id = if let Some(id) = self.known_key(&pair) {
            id
        } else {
            let name = self.free_key_name(text(&fields, "key_name"))?;
            self.add_key(state, &pair, forge::kind_of(&pair), &name)
        };
        Ok(Content::data(self.shown_key(&id)))
    }

    fn delete_key(&mut self, reference: &str) -> Result<Content, Refusal> {
        let Ok(id) = self.resolve_key(reference) else { return Ok(Content::done()) };
        if let Some((issuer, _)) = self.issuers.iter().find(|(_, issuer)| issuer.key == id) {
            let text = format!("Failed to Delete Key.  Key in Use by Issuer: {issuer}");
            return Err(Refusal::bad_request(&text));
        }
        self.keys.remove(&id);
        Ok(Content::done())
    }

    fn shown_key(&self, id: &str) -> Value {
        let key = &self.keys[id];
        json!({ "key_id": id, "key_name": key.name, "key_type": key.kind })
    }

    /// The name, if no other key has it.
    pub(super) fn free_key_name(&self, name: &str) -> Result<String, Refusal> {
        if self.keys.values().any(|key| !name.is_empty() && key.name == name) {
            return Err(Refusal::bad_request("key name already in use"));
        }
        Ok(name.to_owned())
    }

    pub(super) fn known_key(&self, pair: &KeyPair) -> Option<String> {
        let public = pair.subject_public_key_info();
        self.keys.iter().find(|(_, key)| key.public_key == public).map(|(id, _)| id.clone())
    }

    pub(super) fn add_key(&mut self, state: &mut State, pair: &KeyPair, kind: &str, name: &str) -> String {
        let id = state.random_nonce();
        let record = forge::record(pair, kind, name);
        // Those who were waiting for it have their key now.
        for issuer in self.issuers.values_mut() {
            if issuer.key.is_empty() && issuer.certificate.public_key == record.public_key {
                issuer.key.clone_from(&id);
            }
        }
        self.keys.insert(id.clone(), record);
        id
    }
}
