//! What is encrypted and decrypted.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::batch::{Fault, Input, Item, bytes, context, number, text};
use super::cryptography::{derive, hash, nonce_length, open, seal};
use super::engine::Transit;
use super::key::Key;
use crate::encoded;
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content};

const MISSING: &str = "encryption key not found";
const NO_CIPHERTEXT: &str = "missing ciphertext to decrypt";

impl Transit {
    pub(super) fn encrypt(
        &mut self,
        state: &mut State,
        asked: &Asked,
        name: &str,
        now: i64,
    ) -> Result<Content, Refusal> {
        let input = Input::read(asked)?;
        input.require("plaintext", "encrypt")?;
        if input.items().iter().any(|item| !item.contains_key("plaintext")) {
            return Err(Refusal::bad_request("missing plaintext to encrypt"));
        }
        input.check_contexts()?;
        if !self.keys.contains_key(name) && !self.disable_upsert {
            self.upsert(state, &input, name, now);
        }
        let key = self.existing(name, MISSING)?;
        input.each(true, &json!({}), |item| {
            let context = context(item).map_err(Fault::user)?;
            let plaintext = bytes(item, "plaintext");
            check_associated(key, item)?;
            if !key.encrypts() {
                let text = format!("message encryption not supported for key type {}", key.kind);
                return Err(Fault::user(text));
            }
            let plaintext = plaintext.map_err(Fault::user)?;
            let associated = associated(item)?;
            seal_with(state, key, number(item, "key_version"), context.as_deref(), &associated, &plaintext)
        })
    }

    /// Whoever encrypts with a key that is not there gets one.
    fn upsert(&mut self, state: &mut State, input: &Input, name: &str, now: i64) {
        let derived = input.items().first().is_some_and(|item| !text(item, "context").is_empty());
        let mut key = Key {
            name: name.to_owned(),
            kind: "aes256-gcm96".to_owned(),
            derived,
            convergent: false,
            exportable: false,
            plaintext_backup: false,
            deletion_allowed: false,
            auto_rotate: 0,
            size: 0,
            versions: BTreeMap::new(),
            min_decryption: 1,
            min_encryption: 0,
            min_available: 0,
            backed_up: None,
            restored: None,
        };
        key.rotate(&mut state.random, now);
        self.keys.insert(name.to_owned(), key);
    }

    pub(super) fn decrypt(&self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let input = Input::read(asked)?;
        input.require("ciphertext", "decrypt")?;
        if input.is_single() && text(&input.fields, "ciphertext").is_empty() {
            return Err(Refusal::bad_request(NO_CIPHERTEXT));
        }
        input.check_contexts()?;
        let key = self.existing(name, MISSING)?;
        input.each(true, &json!({ "plaintext": "" }), |item| {
            check_associated(key, item)?;
            let plaintext = open_with(key, item, &associated(item)?)?;
            Ok(json!({ "plaintext": STANDARD.encode(plaintext) }))
        })
    }

    pub(super) fn rewrap(&self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let input = Input::read(asked)?;
        if input.is_single() && text(&input.fields, "ciphertext").is_empty() {
            return Err(Refusal::bad_request(NO_CIPHERTEXT));
        }
        input.check_contexts()?;
        let key = self.existing(name, MISSING)?;
        input.each(false, &json!({}), |item| {
            let plaintext = open_with(key, item, &[])?;
            let context = context(item).map_err(Fault::user)?;
            seal_with(state, key, number(item, "key_version"), context.as_deref(), &[], &plaintext)
        })
    }

    pub(super) fn data_key(
        &self,
        state: &mut State,
        asked: &Asked,
        kind: &str,
        name: &str,
    ) -> Result<Content, Refusal> {
        if !matches!(kind, "plaintext" | "wrapped") {
            return Err(Refusal::bad_request("Invalid path, must be 'plaintext' or 'wrapped'"));
        }
        let fields = asked.fields();
        let length = match fields.get("bits").map_or(Some(256), Value::as_u64) {
            Some(128) => 16,
            Some(256) => 32,
            Some(512) => 64,
            _ => return Err(Refusal::bad_request("invalid bit length")),
        };
        let key = self.existing(name, MISSING)?;
        let refused = |fault: Fault| Refusal::bad_request(&fault.text);
        check_associated(key, &fields).map_err(refused)?;
        if !key.encrypts() {
            let text = format!("message encryption not supported for key type {}", key.kind);
            return Err(Refusal::bad_request(&text));
        }
        let context = context(&fields).map_err(|text| Refusal::bad_request(&text))?;
        let associated = associated(&fields).map_err(refused)?;
        let plaintext: Vec<u8> = (0..length).map(|_| state.random.u8(..)).collect();
        let mut made =
            seal_with(state, key, 0, context.as_deref(), &associated, &plaintext).map_err(refused)?;
        if kind == "plaintext" {
            made["plaintext"] = STANDARD.encode(plaintext).into();
        }
        Ok(Content::data(made))
    }

    pub(super) fn random(state: &mut State, asked: &Asked, bytes: Option<&str>) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let count = match bytes {
            Some(text) => text.parse().map_err(|_bad| {
                Refusal::bad_request(&format!(
                    "error parsing url-set byte count: strconv.Atoi: parsing \"{text}\": invalid syntax"
                ))
            })?,
            None => fields.get("bytes").map_or(Some(32), Value::as_i64).unwrap_or(0),
        };
        match count {
            ..1 => return Err(Refusal::bad_request("'bytes' cannot be less than 1")),
            131_073.. => return Err(Refusal::bad_request("'bytes' should be less than 131072")),
            _ => {}
        }
        let bytes: Vec<u8> = (0..count).map(|_| state.random.u8(..)).collect();
        Ok(Content::data(json!({ "random_bytes": formatted(&bytes, text(&fields, "format"), "base64") })))
    }

    pub(super) fn hash(asked: &Asked, algorithm: Option<&str>) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let named = Some(text(&fields, "algorithm")).filter(|named| !named.is_empty());
        let algorithm = algorithm.or(named).unwrap_or("sha2-256");
        let input = bytes(&fields, "input")
            .map_err(|text| Refusal::bad_request(&format!("unable to decode input as base64: {text}")))?;
        let sum = hash(algorithm, &input)
            .ok_or_else(|| Refusal::bad_request(&format!("unsupported algorithm {algorithm}")))?;
        Ok(Content::data(json!({ "sum": formatted(&sum, text(&fields, "format"), "hex") })))
    }
}

fn formatted(bytes: &[u8], format: &str, usual: &str) -> String {
    match if format.is_empty() { usual } else { format } {
        "hex" => bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        _ => STANDARD.encode(bytes),
    }
}

fn check_associated(key: &Key, item: &Item) -> Result<(), Fault> {
    if text(item, "associated_data").is_empty() || key.is_symmetric() {
        return Ok(());
    }
    Err(Fault::user(format!("'[0].associated_data' provided for non-AEAD cipher suite {}", key.kind)))
}

fn associated(item: &Item) -> Result<Vec<u8>, Fault> {
    bytes(item, "associated_data").map_err(|text| {
        Fault::internal(format!("unable to get associated_data/additional_data from factory[0]: {text}"))
    })
}

fn seal_with(
    state: &mut State,
    key: &Key,
    version: i64,
    context: Option<&[u8]>,
    associated: &[u8],
    plaintext: &[u8],
) -> Result<Value, Fault> {
    let number = key.version_for("encryption", version)?;
    let found = key.version(number).ok_or_else(|| Fault::user("no such key version"))?;
    let proper = key.proper(found, context)?;
    let length = nonce_length(&key.kind);
    let nonce: Vec<u8> = if key.convergent {
        let digest = hash("sha2-256", plaintext).unwrap_or_default();
        derive(&proper, &digest).iter().copied().take(length).collect()
    } else {
        (0..length).map(|_| state.random.u8(..)).collect()
    };
    let sealed = seal(&key.kind, &proper, &nonce, associated, plaintext)
        .ok_or_else(|| Fault::internal("cannot encrypt"))?;
    Ok(json!({ "ciphertext": format!("vault:v{number}:{}", STANDARD.encode(sealed)), "key_version": number }))
}

fn open_with(key: &Key, item: &Item, associated: &[u8]) -> Result<Vec<u8>, Fault> {
    let ciphertext = text(item, "ciphertext");
    if ciphertext.is_empty() {
        return Err(Fault::user(NO_CIPHERTEXT));
    }
    let context = context(item).map_err(Fault::user)?;
    if !key.encrypts() {
        return Err(Fault::user(format!("message decryption not supported for key type {}", key.kind)));
    }
    let rest =
        ciphertext.strip_prefix("vault:v").ok_or_else(|| Fault::user("invalid ciphertext: no prefix"))?;
    let (version, body) =
        rest.split_once(':').ok_or_else(|| Fault::user("invalid ciphertext: wrong number of fields"))?;
    let number: u64 = version
        .parse()
        .map_err(|_bad| Fault::user("invalid ciphertext: version number could not be decoded"))?;
    let number = number.max(1);
    if number > key.latest() {
        return Err(Fault::user("invalid ciphertext: version is too new"));
    }
    let Some(found) = key.version(number) else {
        return Err(Fault::user("ciphertext or signature version is disallowed by policy (too old)"));
    };
    let sealed =
        encoded::decode(body).ok_or_else(|| Fault::user("invalid ciphertext: could not decode base64"))?;
    let proper = key.proper(found, context.as_deref())?;
    if key.is_rsa() {
        return sealed
            .split_at_checked(12)
            .and_then(|(nonce, text)| open(&key.kind, &proper, nonce, &[], text))
            .ok_or_else(|| {
                Fault::internal("failed to RSA decrypt the ciphertext: crypto/rsa: decryption error")
            });
    }
    let (nonce, text) = sealed
        .split_at_checked(nonce_length(&key.kind))
        .ok_or_else(|| Fault::user("invalid ciphertext length"))?;
    let words = if key.kind.contains("chacha20") {
        "chacha20poly1305: message authentication failed"
    } else {
        "cipher: message authentication failed"
    };
    open(&key.kind, &proper, nonce, associated, text).ok_or_else(|| Fault::user(words))
}
