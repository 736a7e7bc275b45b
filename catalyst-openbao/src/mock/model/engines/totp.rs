//! One-time codes. They are real ones (RFC 6238), at the time of the model's clock.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Totp {
    keys: BTreeMap<String, Key>,
    /// Key and code, with the second until which they count as used.
    used: BTreeMap<(String, String), u64>,
}

#[derive(Clone)]
struct Key {
    secret: Vec<u8>,
    issuer: String,
    account_name: String,
    period: u64,
    algorithm: String,
    digits: u64,
    skew: u64,
}

/// The smallest PNG, in the place of a barcode.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

impl EngineModel for Totp {
    fn engine_type(&self) -> EngineType {
        EngineType::Totp
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        let now = u64::try_from(state.clock.unix(state.clock.now())).unwrap_or(0);
        match (asked.verb, rest.split_once('/')) {
            (Verb::List, _) if rest == "keys" => {
                let names: Vec<String> = self.keys.keys().cloned().collect();
                if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
            }
            (Verb::Write, Some(("keys", name))) => self.set(state, asked, name),
            (Verb::Read, Some(("keys", name))) => self
                .keys
                .get(name)
                .map(|key| Content::data(key.describe()))
                .ok_or_else(Refusal::nothing_there),
            (Verb::Delete, Some(("keys", name))) => {
                self.keys.remove(name);
                Ok(Content::done())
            }
            (Verb::Read, Some(("code", name))) => {
                let key = self.key(name)?;
                let step = now / key.period;
                Ok(Content::data(json!({
                    "code": key.code(step),
                    "expire_time": (step + 1) * key.period,
                    "generated": now,
                    "period": go_period(key.period),
                })))
            }
            (Verb::Write, Some(("code", name))) => self.validate(asked, name, now),
            (_, Some(("keys" | "code", _))) => Err(Refusal::unsupported_operation()),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

impl Totp {
    fn key(&self, name: &str) -> Result<&Key, Refusal> {
        self.keys.get(name).ok_or_else(|| Refusal::bad_request(&format!("unknown key: {name}")))
    }

    fn set(&mut self, state: &mut State, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let mut fields = asked.fields();
        let generate = fields.get("generate").and_then(Value::as_bool).unwrap_or(false);
        let given =
            |name: &str| fields.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if generate && given("key") {
            return Err(Refusal::bad_request("a key should not be passed if generate is true"));
        }
        if generate && given("url") {
            return Err(Refusal::bad_request("a url should not be passed if generate is true"));
        }
        if let Some(url) = fields.remove("url") {
            take_url(url.as_str().unwrap_or_default(), &mut fields)?;
        }
        let mut key = Key::read(&fields)?;
        if !generate {
            let text = fields.get("key").and_then(Value::as_str).unwrap_or_default();
            if text.is_empty() {
                return Err(Refusal::bad_request("the key value is required"));
            }
            key.secret = base32_decode(text).ok_or_else(|| {
                Refusal::bad_request("invalid key value: illegal base32 data at input byte 0")
            })?;
            self.keys.insert(name.to_owned(), key);
            return Ok(Content::done());
        }
        let length = fields.get("key_size").map_or(Some(20), Value::as_u64).unwrap_or(0);
        if length == 0 {
            return Err(Refusal::bad_request("the key_size value must be greater than zero"));
        }
        key.secret = (0..length.min(512)).map(|_| state.random.u8(..)).collect();
        let mut shown = json!({ "url": key.url() });
        if fields.get("qr_size").map_or(Some(200), Value::as_u64).unwrap_or(0) > 0 {
            shown["barcode"] = STANDARD.encode(PNG).into();
        }
        self.keys.insert(name.to_owned(), key);
        let exported = fields.get("exported").and_then(Value::as_bool).unwrap_or(true);
        Ok(if exported { Content::data(shown) } else { Content::done() })
    }

    fn validate(&mut self, asked: &Asked, name: &str, now: u64) -> Result<Content, Refusal> {
        let key = self.key(name)?.clone();
        let code = asked.text("code").unwrap_or_default();
        if code.is_empty() {
            return Err(Refusal::bad_request("the code value is required"));
        }
        if code.trim() != code || code.len() as u64 != key.digits {
            return Err(Refusal::bad_request("invalid number of digits for the code"));
        }
        self.used.retain(|_, until| *until > now);
        let shown = (name.to_owned(), code);
        if self.used.contains_key(&shown) {
            return Err(Refusal::bad_request("code already used; wait until the next time period"));
        }
        let step = now / key.period;
        let valid = (step.saturating_sub(key.skew)..=step + key.skew).any(|step| key.code(step) == shown.1);
        self.used.insert(shown, now + key.period * (2 + key.skew));
        Ok(Content::data(json!({ "valid": valid })))
    }
}

impl Key {
    /// A key without its secret, in the order of the server's checks.
    fn read(fields: &Map<String, Value>) -> Result<Self, Refusal> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str, usual| fields.get(name).map_or(usual, |value| value.as_u64().unwrap_or(0));
        let key = Self {
            secret: Vec::new(),
            issuer: text("issuer"),
            account_name: text("account_name"),
            period: number("period", 30),
            algorithm: fields.get("algorithm").and_then(Value::as_str).unwrap_or("SHA1").to_owned(),
            digits: number("digits", 6),
            skew: number("skew", 1),
        };
        if fields.get("generate").and_then(Value::as_bool).unwrap_or(false) {
            for (value, name) in [(&key.account_name, "account_name"), (&key.issuer, "issuer")] {
                if value.is_empty() {
                    let text = format!("the {name} value is required for generated keys");
                    return Err(Refusal::bad_request(&text));
                }
            }
        }
        let fault = match &key {
            key if !matches!(key.digits, 6 | 8) => "the digits value can only be 6 or 8",
            key if !matches!(key.algorithm.as_str(), "SHA1" | "SHA256" | "SHA512") => {
                "the algorithm value is not valid"
            }
            key if key.period == 0 => "the period value must be greater than zero",
            key if key.skew > 1 => "the skew value must be 0 or 1",
            _ => return Ok(key),
        };
        Err(Refusal::bad_request(fault))
    }

    fn describe(&self) -> Value {
        json!({
            "account_name": self.account_name,
            "algorithm": self.algorithm,
            "digits": self.digits,
            "issuer": self.issuer,
            "period": self.period,
        })
    }

    fn url(&self) -> String {
        let escape =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::CONTROLS).to_string();
        format!(
            "otpauth://totp/{}:{}?algorithm={}&digits={}&issuer={}&period={}&secret={}",
            escape(&self.issuer).replace(' ', "%20"),
            escape(&self.account_name).replace(' ', "%20"),
            self.algorithm,
            self.digits,
            self.issuer.replace(' ', "%20"),
            self.period,
            base32_encode(&self.secret),
        )
    }

    /// RFC 6238.
    fn code(&self, step: u64) -> String {
        let algorithm = match self.algorithm.as_str() {
            "SHA256" => hmac::HMAC_SHA256,
            "SHA512" => hmac::HMAC_SHA512,
            _ => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, &self.secret), &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag.last().copied().unwrap_or(0) & 0xf);
        let number = tag.iter().skip(at).take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let width = usize::try_from(self.digits).unwrap_or(6);
        let modulus = 10_u32.pow(u32::try_from(self.digits).unwrap_or(6));
        format!("{:0width$}", (number & 0x7fff_ffff) % modulus)
    }
}

/// Puts what the URL says into the fields.
fn take_url(url: &str, fields: &mut Map<String, Value>) -> Result<(), Refusal> {
    let parsed: url::Url =
        url.parse().map_err(|_quoted| Refusal::bad_request("an error occurred while parsing url string"))?;
    let label =
        percent_encoding::percent_decode_str(parsed.path().trim_start_matches('/')).decode_utf8_lossy();
    let (issuer, account) = label.split_once(':').unwrap_or(("", &label));
    fields.insert("account_name".to_owned(), account.into());
    fields.insert("issuer".to_owned(), issuer.into());
    for (name, value) in parsed.query_pairs() {
        let number = value.parse::<u64>().ok();
        match (name.as_ref(), number) {
            ("secret", _) => fields.insert("key".to_owned(), value.into()),
            ("issuer" | "algorithm", _) => fields.insert(name.into_owned(), value.into()),
            ("period" | "digits", Some(number)) => fields.insert(name.into_owned(), number.into()),
            _ => None,
        };
    }
    Ok(())
}

fn go_period(seconds: u64) -> String {
    if seconds.is_multiple_of(60) { format!("{}m0s", seconds / 60) } else { format!("{seconds}s") }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32_encode(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits) & 31) as usize]));
    }
    text
}

fn base32_decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = BASE32.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        held = held << 5 | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        let key = |algorithm: &str, secret: &[u8]| Key {
            secret: secret.to_vec(),
            issuer: String::new(),
            account_name: String::new(),
            period: 30,
            algorithm: algorithm.to_owned(),
            digits: 8,
            skew: 1,
        };
        let seed = b"1234567890123456789012345678901234567890123456789012345678901234";
        for (algorithm, length, time, code) in [
            ("SHA1", 20, 59, "94287082"),
            ("SHA256", 32, 59, "46119246"),
            ("SHA512", 64, 59, "90693936"),
            ("SHA1", 20, 1_111_111_109, "07081804"),
            ("SHA1", 20, 20_000_000_000, "65353130"),
        ] {
            assert_eq!(key(algorithm, &seed[..length]).code(time / 30), code, "{algorithm} {time}");
        }
    }

    #[test]
    fn base32_goes_both_ways() {
        for length in 0..12_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            assert_eq!(base32_decode(&base32_encode(&bytes)).unwrap(), bytes);
        }
        assert_eq!(base32_encode(b"foobar"), "MZXW6YTBOI");
        assert!(base32_decode("!!!").is_none());
    }
}
