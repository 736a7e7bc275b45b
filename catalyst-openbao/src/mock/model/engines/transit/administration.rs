//! Keys: made, changed, taken along.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::batch::{number, text};
use super::engine::Transit;
use super::key::{Key, TYPES};
use crate::encoded;
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope, Verb};

impl Transit {
    pub(super) fn settings(&mut self, asked: &Asked) -> Content {
        if asked.verb == Verb::Write {
            self.disable_upsert = asked.flag("disable_upsert").unwrap_or(self.disable_upsert);
        }
        Content::data(json!({ "disable_upsert": self.disable_upsert }))
    }

    /// A request to the key itself.
    pub(super) fn key(
        &mut self,
        state: &mut State,
        asked: &Asked,
        name: &str,
        now: i64,
    ) -> Result<Content, Refusal> {
        match asked.verb {
            Verb::Read => self
                .keys
                .get(name)
                .map(|key| Content::data(key.describe()))
                .ok_or_else(Refusal::nothing_there),
            Verb::Write => self.create(state, asked, name, now),
            Verb::Delete => {
                let refused =
                    |why: &str| Err(Refusal::bad_request(&format!("error deleting policy {name}: {why}")));
                match self.keys.get(name) {
                    None => return refused("could not delete key; not found"),
                    Some(key) if !key.deletion_allowed => {
                        return refused("deletion is not allowed for this key");
                    }
                    Some(_) => drop(self.keys.remove(name)),
                }
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    fn create(&mut self, state: &mut State, asked: &Asked, name: &str, now: i64) -> Result<Content, Refusal> {
        let flag = |name: &str| asked.flag(name).unwrap_or(false);
        let auto_rotate = asked.span("auto_rotate_period")?.unwrap_or_default().as_secs();
        check_period(auto_rotate)?;
        if flag("convergent_encryption") && !flag("derived") {
            return Err(Refusal::bad_request("convergent encryption requires derivation to be enabled"));
        }
        let kind = asked.text("type").unwrap_or_else(|| "aes256-gcm96".to_owned());
        if !TYPES.contains(&kind.as_str()) {
            return Err(Refusal::bad_request(&format!("unknown key type {kind}")));
        }
        let key_size = u64::try_from(number(&asked.fields(), "key_size")).unwrap_or(0);
        if key_size != 0 && kind != "hmac" {
            return Err(Refusal::bad_request(&format!("key_size is not valid for algorithm {kind}")));
        }
        if key_size != 0 && !(32..=512).contains(&key_size) {
            return Err(Refusal::bad_request(&format!("invalid key_size {key_size}")));
        }
        if let Some(key) = self.keys.get(name) {
            let warnings = vec![format!("key {name} already existed")];
            let envelope = Envelope { data: key.describe(), warnings, ..Envelope::default() };
            return Ok(Content::Envelope(envelope));
        }
        let mut key = Key {
            name: name.to_owned(),
            kind,
            derived: flag("derived"),
            convergent: flag("convergent_encryption"),
            exportable: flag("exportable"),
            plaintext_backup: flag("allow_plaintext_backup"),
            deletion_allowed: false,
            auto_rotate,
            size: key_size,
            versions: BTreeMap::new(),
            min_decryption: 1,
            min_encryption: 0,
            min_available: 0,
            backed_up: None,
            restored: None,
        };
        if key.derived && !key.derives() {
            let kind = &key.kind;
            return Err(Refusal::internal(&format!(
                "key derivation and convergent encryption not supported for keys of type {kind}"
            )));
        }
        if key.kind == "hmac" && key_size == 0 {
            return Err(Refusal::internal("invalid key size for HMAC key, must be between 32 and 512 bytes"));
        }
        key.rotate(&mut state.random, now);
        let about = key.describe();
        self.keys.insert(name.to_owned(), key);
        Ok(Content::data(about))
    }

    pub(super) fn configure(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let missing = || Refusal::bad_request(&format!("no existing key named {name} could be found"));
        let old = self.keys.get(name).ok_or_else(missing)?;
        let mut key = old.clone();
        let fields = asked.fields();
        for (side, value) in
            [("decryption", &mut key.min_decryption), ("encryption", &mut key.min_encryption)]
        {
            let Some(asked) = fields.get(&format!("min_{side}_version")).and_then(Value::as_i64) else {
                continue;
            };
            let asked = u64::try_from(asked).map_err(|_negative| {
                Refusal::bad_request(&format!("min {side} version cannot be negative"))
            })?;
            let latest = old.latest();
            if asked > latest {
                let text =
                    format!("cannot set min {side} version of {asked}, latest key version is {latest}");
                return Err(Refusal::bad_request(&text));
            }
            *value = asked;
        }
        key.min_decryption = key.min_decryption.max(1);
        let (encryption, decryption) = (key.min_encryption, key.min_decryption);
        if encryption > 0 && encryption < decryption {
            return Err(Refusal::bad_request(&format!(
                "cannot set min encryption/decryption values; min encryption version of {encryption} must be greater \
                 than or equal to min decryption version of {decryption}"
            )));
        }
        key.deletion_allowed = asked.flag("deletion_allowed").unwrap_or(key.deletion_allowed);
        key.exportable |= asked.flag("exportable").unwrap_or(false);
        key.plaintext_backup |= asked.flag("allow_plaintext_backup").unwrap_or(false);
        if let Some(period) = asked.span("auto_rotate_period")? {
            check_period(period.as_secs())?;
            key.auto_rotate = period.as_secs();
        }
        if key.min_available > encryption {
            return Err(Refusal::bad_request(
                "min encryption version should not be less than min available version",
            ));
        }
        if key.min_available > decryption {
            return Err(Refusal::bad_request(
                "min decryption version should not be less then min available version",
            ));
        }
        let about = key.describe();
        self.keys.insert(name.to_owned(), key);
        Ok(Content::data(about))
    }

    pub(super) fn rotate(&mut self, state: &mut State, name: &str, now: i64) -> Result<Content, Refusal> {
        let key = self.keys.get_mut(name).ok_or_else(|| Refusal::bad_request("key not found"))?;
        key.rotate(&mut state.random, now);
        Ok(Content::data(key.describe()))
    }

    pub(super) fn trim(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let key = self.keys.get_mut(name).ok_or_else(|| Refusal::bad_request("invalid key name"))?;
        let fields = asked.fields();
        let Some(min) = fields.get("min_available_version").and_then(Value::as_u64) else {
            return Err(Refusal::bad_request("missing min_available_version"));
        };
        let fault = match min {
            min if min < key.min_available => "minimum available version cannot be decremented",
            _ if key.min_encryption == 0 => {
                "minimum available version cannot be set when minimum encryption version is not set"
            }
            min if min > key.min_encryption => {
                // So it is spelt there.
                "minimum available version cannot be greater than minmum encryption version"
            }
            min if min > key.min_decryption => {
                "minimum available version cannot be greater than minimum decryption version"
            }
            0 => "minimum available version should be positive",
            min => {
                key.min_available = min;
                key.versions.retain(|number, _| *number >= min);
                return Ok(Content::data(key.describe()));
            }
        };
        Err(Refusal::bad_request(fault))
    }

    pub(super) fn export(&self, kind: &str, name: &str, version: Option<&str>) -> Result<Content, Refusal> {
        if !matches!(kind, "encryption-key" | "signing-key" | "hmac-key" | "public-key") {
            return Err(Refusal::bad_request(&format!("invalid export type: {kind}")));
        }
        let key = self.keys.get(name).ok_or_else(Refusal::nothing_there)?;
        if !key.exportable && kind != "public-key" {
            return Err(Refusal::bad_request("private key material is not exportable"));
        }
        match kind {
            "encryption-key" if !key.encrypts() => {
                return Err(Refusal::bad_request("encryption not supported for the key"));
            }
            "signing-key" if !key.signs() => {
                return Err(Refusal::bad_request("signing not supported for the key"));
            }
            "public-key" if !key.signs() => {
                let text = format!("unknown key type {} for export type public-key", key.kind);
                return Err(Refusal::internal(&text));
            }
            _ => {}
        }
        let wanted = match version {
            None => None,
            Some("latest") => Some(key.latest()),
            Some(text) => Some(text.parse().map_err(|_bad| Refusal::bad_request("invalid key version"))?),
        };
        let shown = key.versions.range(key.min_decryption..);
        let shown = shown.filter(|(number, _)| wanted.is_none_or(|wanted| wanted == **number));
        let keys: Map<String, Value> = shown
            .map(|(number, version)| {
                let text = match kind {
                    "public-key" => key.public(version),
                    "hmac-key" => STANDARD.encode(version.hmac),
                    _ => STANDARD.encode(version.material),
                };
                (number.to_string(), text.into())
            })
            .collect();
        if keys.is_empty() {
            return Err(Refusal::bad_request("version does not exist or cannot be found"));
        }
        Ok(Content::data(json!({ "keys": keys, "name": name, "type": key.kind })))
    }

    pub(super) fn backup(&mut self, name: &str, now: i64) -> Result<Content, Refusal> {
        let missing = || Refusal::internal(&format!("key \"{name}\" not found"));
        let key = self.keys.get_mut(name).ok_or_else(missing)?;
        if !key.exportable {
            return Err(Refusal::internal("exporting is disallowed on the policy"));
        }
        if !key.plaintext_backup {
            return Err(Refusal::internal("plaintext backup is disallowed on the policy"));
        }
        key.backed_up = Some(now);
        let policy = serde_json::to_value(&*key).unwrap_or_default();
        Ok(Content::data(json!({ "backup": STANDARD.encode(json!({ "policy": policy }).to_string()) })))
    }

    pub(super) fn restore(
        &mut self,
        asked: &Asked,
        name: Option<&str>,
        now: i64,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let backup = text(&fields, "backup");
        if backup.is_empty() {
            return Err(Refusal::bad_request("'backup' must be supplied"));
        }
        let bytes = encoded::decode(backup)
            .ok_or_else(|| Refusal::internal("illegal base64 data at input byte 0"))?;
        let policy = serde_json::from_slice::<Value>(&bytes)
            .ok()
            .and_then(|mut value| serde_json::from_value::<Key>(value["policy"].take()).ok());
        let Some(mut key) = policy else {
            return Err(Refusal::internal("invalid character '\\x00' looking for beginning of value"));
        };
        if let Some(name) = name {
            name.clone_into(&mut key.name);
        }
        if self.keys.contains_key(&key.name) && !asked.flag("force").unwrap_or(false) {
            return Err(Refusal::internal(&format!("key \"{}\" already exists", key.name)));
        }
        key.restored = Some(now);
        self.keys.insert(key.name.clone(), key);
        Ok(Content::done())
    }
}

fn check_period(seconds: u64) -> Result<(), Refusal> {
    if seconds != 0 && seconds < 3600 {
        return Err(Refusal::bad_request("auto rotate period must be 0 to disable or at least an hour"));
    }
    Ok(())
}
