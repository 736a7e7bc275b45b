//! Signatures and HMACs.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::batch::{Fault, Input, Item, bytes, context, number, text};
use super::cryptography::{authenticate, sign};
use super::engine::Transit;
use super::key::Key;
use crate::encoded;
use crate::mock::model::Refusal;
use crate::mock::wire::{Asked, Content};

/// Outside of the item, for all of them.
struct Scheme {
    hash: String,
    padding: String,
    prehashed: bool,
    jws: bool,
}

impl Scheme {
    fn read(fields: &Item) -> Result<Self, Refusal> {
        let or = |name: &str, usual: &str| match text(fields, name) {
            "" => usual.to_owned(),
            given => given.to_owned(),
        };
        let marshaling = or("marshaling_algorithm", "asn1");
        if !matches!(marshaling.as_str(), "asn1" | "jws") {
            return Err(Refusal::bad_request(&format!("invalid marshaling type \"{marshaling}\"")));
        }
        Ok(Self {
            hash: or("hash_algorithm", "sha2-256"),
            padding: or("signature_algorithm", "pss"),
            prehashed: fields.get("prehashed").and_then(Value::as_bool).unwrap_or(false),
            jws: marshaling == "jws",
        })
    }

    fn sign(&self, key: &Key, number: u64, context: Option<&[u8]>, input: &[u8]) -> Result<Vec<u8>, Fault> {
        let found = key.version(number).ok_or_else(|| Fault::internal("no such key version"))?;
        if self.prehashed && key.is_rsa() && input.len() != digest_length(&self.hash) {
            return Err(Fault::internal("crypto/rsa: input must be hashed with given hash"));
        }
        let proper = key
            .proper(found, context)
            .map_err(|fault| Fault::internal(format!("error deriving key: {}", fault.text)))?;
        let padding = if key.is_rsa() { self.padding.as_str() } else { "" };
        let scheme = format!("{}|{padding}|{}", self.hash, self.prehashed);
        Ok(sign(&key.kind, &proper, &scheme, input))
    }

    fn write(&self, key: &Key, bytes: &[u8]) -> String {
        if self.jws && key.kind != "ed25519" { URL_SAFE_NO_PAD.encode(bytes) } else { STANDARD.encode(bytes) }
    }

    fn read_back(&self, key: &Key, text: &str) -> Option<Vec<u8>> {
        if self.jws && key.kind != "ed25519" {
            return URL_SAFE_NO_PAD.decode(text).ok();
        }
        encoded::decode(text).map(<[u8]>::into_vec)
    }
}

fn digest_length(hash: &str) -> usize {
    match hash.rsplit('-').next() {
        Some("224") => 28,
        Some("384") => 48,
        Some("512") => 64,
        Some("sha1") => 20,
        _ => 32,
    }
}

impl Transit {
    pub(super) fn sign(&self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let input = Input::read(asked)?;
        let scheme = Scheme::read(&input.fields)?;
        let key = self.existing(name, "signing key not found")?;
        if !key.signs() {
            return Err(Refusal::bad_request(&format!("key type {} does not support signing", key.kind)));
        }
        let asked_version = number(&input.fields, "key_version");
        input.each(false, &json!({ "key_version": 0 }), |item| {
            if !input.is_single() && !item.contains_key("input") {
                return Err(Fault::user("missing input"));
            }
            let message = message(item)?;
            let context = context(item).map_err(|_words| Fault::user("failed to base64-decode context"))?;
            let number =
                key.version_for("signing", asked_version).map_err(|fault| Fault::internal(fault.text))?;
            let bytes = scheme.sign(key, number, context.as_deref(), &message)?;
            let signature = format!("vault:v{number}:{}", scheme.write(key, &bytes));
            Ok(json!({ "signature": signature, "key_version": number }))
        })
    }

    pub(super) fn verify(&self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let input = Input::read(asked)?;
        let has = |field: &str| input.items().iter().filter(|item| item.contains_key(field)).count();
        let (signatures, hmacs, all) = (has("signature"), has("hmac"), input.items().len());
        let fault = match (signatures, hmacs) {
            (0, 0) => "neither a 'signature' nor an 'hmac' were given to verify",
            (0, hmacs) if hmacs == all => return self.verify_hmac(&input, name),
            (0, _) => "some elements of batch_input are missing 'hmac'",
            (signatures, _) if signatures == all => return self.verify_signature(&input, name),
            (_, 0) => "some elements of batch_input are missing 'signature'",
            _ => "elements of batch_input must all provide 'signature' or all provide 'hmac'",
        };
        Err(Refusal::bad_request(fault))
    }

    fn verify_signature(&self, input: &Input, name: &str) -> Result<Content, Refusal> {
        let scheme = Scheme::read(&input.fields)?;
        let key = self.existing(name, "signature verification key not found")?;
        if !key.signs() {
            return Err(Refusal::bad_request(&format!(
                "key type {} does not support verification",
                key.kind
            )));
        }
        input.each(false, &json!({ "valid": false }), |item| {
            let message = message(item)?;
            let context = context(item).map_err(|_words| Fault::user("failed to base64-decode context"))?;
            let (number, body) = versioned("signature", text(item, "signature"), key)?;
            if key.version(number).is_none() {
                return Err(Fault::user("ciphertext or signature version is disallowed by policy (too old)"));
            }
            let shown =
                scheme.read_back(key, body).ok_or_else(|| Fault::user("invalid base64 signature value"))?;
            let made = scheme.sign(key, number, context.as_deref(), &message)?;
            Ok(json!({ "valid": made == shown }))
        })
    }

    pub(super) fn hmac(&self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let input = Input::read(asked)?;
        let key = self.existing(name, "encryption key not found")?;
        let latest = key.latest();
        let number = match u64::try_from(number(&input.fields, "key_version")).unwrap_or(0) {
            0 => latest,
            number if number < key.min_encryption => {
                let text = "cannot generate HMAC: version is too old (disallowed by policy)";
                return Err(Refusal::bad_request(text));
            }
            number if number > latest => {
                let text = format!("key version does not exist; latest key version is {latest}");
                return Err(Refusal::bad_request(&text));
            }
            number => number,
        };
        let found = key.version(number).ok_or_else(|| Refusal::bad_request("no such key version"))?;
        let hash = algorithm(&input);
        if authenticate(hash, &found.hmac, b"").is_none() {
            return Err(Refusal::bad_request("unsupported algorithm '\\x00'"));
        }
        input.each(false, &json!({}), |item| {
            if !item.contains_key("input") {
                return Err(Fault::user("missing input for HMAC"));
            }
            let tag = authenticate(hash, &found.hmac, &message(item)?).unwrap_or_default();
            Ok(json!({ "hmac": format!("vault:v{number}:{}", STANDARD.encode(tag)) }))
        })
    }

    fn verify_hmac(&self, input: &Input, name: &str) -> Result<Content, Refusal> {
        let key = self.existing(name, "encryption key not found")?;
        let hash = algorithm(input);
        input.each(false, &json!({}), |item| {
            let message = message(item)?;
            let (number, body) = versioned("HMAC to verify", text(item, "hmac"), key)?;
            let Some(found) = key.version(number) else {
                return Err(Fault::user("cannot verify HMAC: version is too old (disallowed by policy)"));
            };
            let shown = encoded::decode(body).ok_or_else(|| {
                Fault::user(
                    "unable to decode verification HMAC as base64: illegal base64 data at input byte 0",
                )
            })?;
            let valid = authenticate(hash, &found.hmac, &message).is_some_and(|tag| tag == *shown);
            // In a batch, a no is left out.
            Ok(if valid || input.is_single() { json!({ "valid": valid }) } else { json!({}) })
        })
    }
}

fn algorithm(input: &Input) -> &str {
    let given = ["hash_algorithm", "algorithm"].map(|name| text(&input.fields, name));
    given.into_iter().find(|given| !given.is_empty()).unwrap_or("sha2-256")
}

fn message(item: &Item) -> Result<Vec<u8>, Fault> {
    bytes(item, "input").map_err(|text| Fault::user(format!("unable to decode input as base64: {text}")))
}

/// The version of what was shown, and what stands behind it.
fn versioned<'t>(what: &str, shown: &'t str, key: &Key) -> Result<(u64, &'t str), Fault> {
    let rest =
        shown.strip_prefix("vault:v").ok_or_else(|| Fault::user(format!("invalid {what}: no prefix")))?;
    let what = what.split(' ').next().unwrap_or_default();
    let (version, body) =
        rest.split_once(':').ok_or_else(|| Fault::user(format!("invalid {what}: wrong number of fields")))?;
    let number = version
        .parse()
        .map_err(|_bad| Fault::user(format!("invalid {what}: version number could not be decoded")))?;
    if number > key.latest() {
        return Err(Fault::user(format!("invalid {what}: version is too new")));
    }
    Ok((number, body))
}
