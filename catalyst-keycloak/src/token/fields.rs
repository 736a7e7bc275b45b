//! One pass over the claims: each known one is checked for its kind and remembered by its place.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Refusal;
use super::compact::Word;

/// Where a value stands in the payload, which is shorter than a token and thus than 64 KiB.
#[derive(Clone, Copy)]
pub(super) struct Span(u16, u16);

impl Span {
    pub(super) fn of(self, payload: &str) -> &str {
        payload.get(usize::from(self.0)..usize::from(self.1)).unwrap_or_default()
    }
}

/// A text: its place, or itself where it is escaped in the JSON.
pub(super) enum Text {
    At(Span),
    Own(Box<str>),
}

impl Text {
    pub(super) fn of<'a>(&'a self, payload: &'a str) -> &'a str {
        match self {
            Self::At(span) => span.of(payload),
            Self::Own(text) => text,
        }
    }
}

/// The claims that are known here. Texts are texts and dates are dates; the rest is JSON, read when it is asked for.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) iss: Option<Text>,
    pub(super) sub: Option<Text>,
    pub(super) azp: Option<Text>,
    pub(super) client_id: Option<Text>,
    pub(super) typ: Option<Text>,
    pub(super) jti: Option<Text>,
    pub(super) sid: Option<Text>,
    pub(super) scope: Option<Text>,
    pub(super) nonce: Option<Text>,
    pub(super) at_hash: Option<Text>,
    pub(super) username: Option<Text>,
    pub(super) email: Option<Text>,
    pub(super) exp: Option<i64>,
    pub(super) iat: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) auth_time: Option<i64>,
    pub(super) email_verified: Option<bool>,
    pub(super) aud: Option<Span>,
    pub(super) cnf: Option<Span>,
    pub(super) events: Option<Span>,
    pub(super) realm_access: Option<Span>,
    pub(super) resource_access: Option<Span>,
    pub(super) organization: Option<Span>,
    /// The platform's own claim, whose name is configured.
    pub(super) platform: Option<Text>,
}

impl Fields {
    /// Reads `payload`, in which `platform` is the name of the platform's claim.
    pub(super) fn read(payload: &str, platform: &str) -> Result<Self, Refusal> {
        let invalid = |_invalid| Refusal::Malformed("the claims are not a JSON object of the right kinds");
        let mut deserializer = serde_json::Deserializer::from_str(payload);
        let (fields, suspicious) =
            AllClaims { payload, platform }.deserialize(&mut deserializer).map_err(invalid)?;
        deserializer.end().map_err(invalid)?;
        if suspicious && has_duplicates(payload) {
            return Err(Refusal::Malformed("a claim is there twice"));
        }
        Ok(fields)
    }
}

#[derive(Clone, Copy)]
struct AllClaims<'p> {
    payload: &'p str,
    platform: &'p str,
}

impl<'p> DeserializeSeed<'p> for AllClaims<'p> {
    type Value = (Fields, bool);

    fn deserialize<D: Deserializer<'p>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'p> Visitor<'p> for AllClaims<'p> {
    type Value = (Fields, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut fields, mut names) = (Fields::default(), Names::new());
        while let Some(name) = map.next_key::<Word<'p>>()? {
            names.meet(name.as_str());
            self.visit_claim(name.as_str(), &mut fields, &mut map)?;
        }
        Ok((fields, names.suspicious))
    }
}

impl<'p> AllClaims<'p> {
    fn visit_claim<A: MapAccess<'p>>(
        self,
        name: &str,
        fields: &mut Fields,
        map: &mut A,
    ) -> Result<(), A::Error> {
        match name {
            "iss" => fields.iss = self.text(map)?,
            "sub" => fields.sub = self.text(map)?,
            "azp" => fields.azp = self.text(map)?,
            "client_id" => fields.client_id = self.text(map)?,
            "typ" => fields.typ = self.text(map)?,
            "jti" => fields.jti = self.text(map)?,
            "sid" => fields.sid = self.text(map)?,
            "scope" => fields.scope = self.text(map)?,
            "nonce" => fields.nonce = self.text(map)?,
            "at_hash" => fields.at_hash = self.text(map)?,
            "preferred_username" => fields.username = self.text(map)?,
            "email" => fields.email = self.text(map)?,
            "exp" => fields.exp = date(map)?,
            "iat" => fields.iat = date(map)?,
            "nbf" => fields.nbf = date(map)?,
            "auth_time" => fields.auth_time = date(map)?,
            "email_verified" => fields.email_verified = map.next_value()?,
            "aud" => fields.aud = self.value(map)?,
            "cnf" => fields.cnf = self.value(map)?,
            "events" => fields.events = self.value(map)?,
            "realm_access" => fields.realm_access = self.value(map)?,
            "resource_access" => fields.resource_access = self.value(map)?,
            "organization" => fields.organization = self.value(map)?,
            name if name == self.platform => fields.platform = self.text(map)?,
            _ => drop(map.next_value::<&'p RawValue>()?),
        }
        Ok(())
    }

    fn text<A: MapAccess<'p>>(self, map: &mut A) -> Result<Option<Text>, A::Error> {
        let Some(word) = map.next_value::<Option<Word<'p>>>()? else { return Ok(None) };
        Ok(Some(match word.into_inner() {
            std::borrow::Cow::Borrowed(text) => Text::At(self.place(text)?),
            std::borrow::Cow::Owned(text) => Text::Own(text.into()),
        }))
    }

    fn value<A: MapAccess<'p>>(self, map: &mut A) -> Result<Option<Span>, A::Error> {
        let value = map.next_value::<&'p RawValue>()?.get();
        if value == "null" { Ok(None) } else { self.place(value).map(Some) }
    }

    fn place<E: serde::de::Error>(self, part: &str) -> Result<Span, E> {
        let start = part.as_ptr().addr().wrapping_sub(self.payload.as_ptr().addr());
        let span = (u16::try_from(start), u16::try_from(start.wrapping_add(part.len())));
        let (Ok(start), Ok(end)) = span else { return Err(E::custom("not a part of the payload")) };
        Ok(Span(start, end))
    }
}

/// Past the year 30,000,000: no date.
const FAR: f64 = 1e15;

/// A `NumericDate` in whole seconds, rounded down (RFC 7519 section 2).
fn date<'p, A: MapAccess<'p>>(map: &mut A) -> Result<Option<i64>, A::Error> {
    let Some(number) = map.next_value::<Option<serde_json::Number>>()? else { return Ok(None) };
    if let Some(whole) = number.as_i64() {
        return Ok(Some(whole));
    }
    match number.as_f64() {
        #[allow(clippy::cast_possible_truncation, reason = "bounded right here, and rounding down is meant")]
        Some(fraction) if fraction.abs() < FAR => Ok(Some(fraction.floor() as i64)),
        _ => Err(A::Error::custom("no date")),
    }
}

/// The names met so far, as fingerprints: two alike ask for an exact look.
struct Names {
    met: [u64; 64],
    count: usize,
    suspicious: bool,
}

impl Names {
    fn new() -> Self {
        Self { met: [0; 64], count: 0, suspicious: false }
    }

    fn meet(&mut self, name: &str) {
        let fingerprint = fingerprint(name.as_bytes());
        let met = self.met.get(..self.count).unwrap_or_default();
        self.suspicious |= met.contains(&fingerprint);
        match self.met.get_mut(self.count) {
            Some(free) => *free = fingerprint,
            None => self.suspicious = true,
        }
        self.count += 1;
    }
}

/// The first and the last eight bytes and the length, mixed.
fn fingerprint(name: &[u8]) -> u64 {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let (first, last) = (name.first_chunk::<8>(), name.last_chunk::<8>());
    match (first, last) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first).rotate_left(29)
                ^ u64::from_le_bytes(*last).wrapping_mul(0x9e37_79b9_7f4a_7c15)
                ^ name.len() as u64
        }
        _ => word(name) << 8 | name.len() as u64,
    }
}

fn has_duplicates(payload: &str) -> bool {
    struct Exact;
    impl<'p> Visitor<'p> for Exact {
        type Value = bool;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("claims")
        }
        fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<bool, A::Error> {
            let (mut met, mut twice) = (HashSet::new(), false);
            while let Some(name) = map.next_key::<Word<'p>>()? {
                twice |= !met.insert(name.into_inner());
                map.next_value::<&'p RawValue>()?;
            }
            Ok(twice)
        }
    }
    serde_json::Deserializer::from_str(payload).deserialize_map(Exact).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_claim_that_is_there_twice_is_found_known_or_not() {
        for payload in [
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"x":1,"y":2,"x":1}"#,
            r#"{"sub":"a","s\u0075b":"b"}"#,
            r#"{"https://claims.test/one":1,"https://claims.test/one":1}"#,
        ] {
            assert!(Fields::read(payload, "org").is_err(), "{payload}");
        }
        // The same fingerprint, other names.
        assert!(Fields::read(r#"{"abcdefgh1ijklmnop":1,"abcdefgh2ijklmnop":1}"#, "org").is_ok());
        let many: Vec<_> = (0..200).map(|index| format!("\"claim-{index}\":{index}")).collect();
        assert!(Fields::read(&format!("{{{}}}", many.join(",")), "org").is_ok());
        assert!(Fields::read(&format!("{{{},{}}}", many.join(","), many[3]), "org").is_err());
    }

    #[test]
    fn a_claim_of_the_wrong_kind_is_refused_and_null_is_absent() {
        for payload in [
            r#"{"sub":5}"#,
            r#"{"exp":"soon"}"#,
            r#"{"exp":1e300}"#,
            r#"{"iat":[]}"#,
            "[]",
            r#"{"a":1} x"#,
            "",
        ] {
            assert!(Fields::read(payload, "org").is_err(), "{payload}");
        }
        let payload = r#"{"sub":null,"cnf":null,"exp":1795317365.9,"org":"acme","email":"a\u0040b"}"#;
        let fields = Fields::read(payload, "org").unwrap();
        assert!(fields.sub.is_none() && fields.cnf.is_none());
        assert_eq!(fields.exp, Some(1_795_317_365));
        assert_eq!(fields.platform.unwrap().of(payload), "acme");
        assert_eq!(fields.email.unwrap().of(payload), "a@b");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(payload in ".{0,200}") {
            drop(Fields::read(&payload, "org"));
        }

        #[test]
        fn what_is_remembered_is_what_was_written(sub in ".{0,40}", email in ".{0,40}", exp in any::<i32>()) {
            let payload = serde_json::json!({"sub": sub, "email": email, "exp": exp, "deep": [[{}]]}).to_string();
            let fields = Fields::read(&payload, "org").unwrap();
            prop_assert_eq!(fields.sub.as_ref().unwrap().of(&payload), sub);
            prop_assert_eq!(fields.email.as_ref().unwrap().of(&payload), email);
            prop_assert_eq!(fields.exp, Some(i64::from(exp)));
        }
    }
}
