//! `/tsigkeys`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::Secret;
use serde_json::{Value, json};

use super::document::string;
use super::{Refusal, State, names};
use crate::DomainName;

/// A key of transfers and updates (RFC 8945).
#[derive(Clone, Debug)]
pub(super) struct TsigKey {
    algorithm: String,
    key: Secret,
}

const ALGORITHMS: &[&str] =
    &["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512", "gss-tsig"];

impl State {
    pub(super) fn has_tsig_key(&self, name: &DomainName) -> bool {
        self.tsig.contains_key(name)
    }

    /// All keys, without their secrets.
    pub(crate) fn tsig_keys(&self) -> Value {
        self.tsig.iter().map(|(name, key)| key.show(name, false)).collect()
    }

    pub(crate) fn tsig_key(&self, id: &str) -> Result<Value, Refusal> {
        let name = names::of_id(id)?;
        let key = self.tsig.get(&name).ok_or_else(Refusal::not_found)?;
        Ok(key.show(&name, true))
    }

    pub(crate) fn create_tsig_key(&mut self, document: &Value) -> Result<Value, Refusal> {
        let name = names::of_id(string(document, "name")?)?;
        let algorithm = known(string(document, "algorithm")?)?;
        let key = match document["key"].as_str().filter(|key| !key.is_empty()) {
            Some(given) => decoded(given, "TSIG content")?,
            None => self.secret(),
        };
        if self.has_tsig_key(&name) {
            return Err(Refusal::status_only(409));
        }
        let key = TsigKey { algorithm, key };
        let shown = key.show(&name, true);
        drop(self.tsig.insert(name, key));
        Ok(shown)
    }

    pub(crate) fn change_tsig_key(&mut self, id: &str, document: &Value) -> Result<Value, Refusal> {
        let name = names::of_id(id)?;
        let mut key = self.tsig.get(&name).ok_or_else(Refusal::not_found)?.clone();
        let mut new_name = name.clone();
        if let Some(renamed) = document["name"].as_str() {
            new_name = names::of_id(renamed)?;
            if new_name != name && self.has_tsig_key(&new_name) {
                return Err(Refusal::status_only(409));
            }
        }
        if let Some(algorithm) = document["algorithm"].as_str() {
            key.algorithm = known(algorithm)?;
        }
        if let Some(secret) = document["key"].as_str() {
            key.key = decoded(secret, "Can not base64 decode key content")?;
        }
        drop(self.tsig.remove(&name));
        let shown = key.show(&new_name, true);
        drop(self.tsig.insert(new_name, key));
        Ok(shown)
    }

    pub(crate) fn delete_tsig_key(&mut self, id: &str) -> Result<(), Refusal> {
        let name = names::of_id(id)?;
        self.tsig.remove(&name).map(drop).ok_or_else(Refusal::not_found)
    }

    fn secret(&mut self) -> Secret {
        let bytes: Vec<u8> = std::iter::repeat_with(|| self.random.u8(..)).take(64).collect();
        Secret::new(STANDARD.encode(bytes))
    }
}

impl TsigKey {
    fn show(&self, name: &DomainName, with_secret: bool) -> Value {
        json!({
            "type": "TSIGKey", "id": names::id(name.as_str()), "name": name.without_dot(),
            "algorithm": self.algorithm, "key": if with_secret { self.key.expose() } else { "" },
        })
    }
}

fn known(algorithm: &str) -> Result<String, Refusal> {
    let algorithm = algorithm.trim_end_matches('.').to_ascii_lowercase();
    if ALGORITHMS.contains(&algorithm.as_str()) { Ok(algorithm) } else { Err(Refusal::bad_request()) }
}

fn decoded(text: &str, what: &str) -> Result<Secret, Refusal> {
    match STANDARD.decode(text) {
        Ok(_) => Ok(Secret::new(text)),
        Err(_invalid) => Err(Refusal::unprocessable(format!("{what} '{text}' cannot be base64-decoded"))),
    }
}
