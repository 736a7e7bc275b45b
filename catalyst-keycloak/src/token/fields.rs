//! One pass over the claims: each known one is checked for its kind and remembered by its place.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::compact::Word;
use super::names::Names;
use super::{Refusal, scan};

/// Where a value stands in the payload, which is shorter than a token and thus than 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(u16, u16);

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self(u16::try_from(start).ok()?, u16::try_from(end).ok()?))
    }

    pub(super) fn of(self, payload: &str) -> &str {
        payload.get(usize::from(self.0)..usize::from(self.1)).unwrap_or_default()
    }
}

/// A text: its place, or itself where it is escaped in the JSON.
#[derive(Debug, PartialEq, Eq)]
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
#[derive(Debug, Default, PartialEq, Eq)]
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
        let (fields, names) = match scan::read(payload, platform) {
            Some(read) => read,
            None => Self::read_any(payload, platform)?,
        };
        if names.repeat(payload) {
            return Err(Refusal::Malformed("a claim is there twice"));
        }
        Ok(fields)
    }

    /// The same for every payload there can be, which takes longer.
    pub(super) fn read_any(payload: &str, platform: &str) -> Result<(Self, Names), Refusal> {
        let invalid = |_invalid| Refusal::Malformed("the claims are not a JSON object of the right kinds");
        let mut deserializer = serde_json::Deserializer::from_str(payload);
        let read = AllClaims { payload, platform }.deserialize(&mut deserializer).map_err(invalid)?;
        deserializer.end().map_err(invalid)?;
        Ok(read)
    }

    /// Where the claim `name` goes.
    pub(super) fn slot(&mut self, name: &str, platform: &str) -> Slot<'_> {
        match name {
            "iss" => Slot::Text(&mut self.iss),
            "sub" => Slot::Text(&mut self.sub),
            "azp" => Slot::Text(&mut self.azp),
            "client_id" => Slot::Text(&mut self.client_id),
            "typ" => Slot::Text(&mut self.typ),
            "jti" => Slot::Text(&mut self.jti),
            "sid" => Slot::Text(&mut self.sid),
            "scope" => Slot::Text(&mut self.scope),
            "nonce" => Slot::Text(&mut self.nonce),
            "at_hash" => Slot::Text(&mut self.at_hash),
            "preferred_username" => Slot::Text(&mut self.username),
            "email" => Slot::Text(&mut self.email),
            "exp" => Slot::Date(&mut self.exp),
            "iat" => Slot::Date(&mut self.iat),
            "nbf" => Slot::Date(&mut self.nbf),
            "auth_time" => Slot::Date(&mut self.auth_time),
            "email_verified" => Slot::Flag(&mut self.email_verified),
            "aud" => Slot::Value(&mut self.aud),
            "cnf" => Slot::Value(&mut self.cnf),
            "events" => Slot::Value(&mut self.events),
            "realm_access" => Slot::Value(&mut self.realm_access),
            "resource_access" => Slot::Value(&mut self.resource_access),
            "organization" => Slot::Value(&mut self.organization),
            name if name == platform => Slot::Text(&mut self.platform),
            _ => Slot::Nowhere,
        }
    }
}

/// The place of a claim, by its kind.
pub(super) enum Slot<'f> {
    Text(&'f mut Option<Text>),
    Date(&'f mut Option<i64>),
    Flag(&'f mut Option<bool>),
    Value(&'f mut Option<Span>),
    /// It is not known here.
    Nowhere,
}

#[derive(Clone, Copy)]
struct AllClaims<'p> {
    payload: &'p str,
    platform: &'p str,
}

impl<'p> DeserializeSeed<'p> for AllClaims<'p> {
    type Value = (Fields, Names);

    fn deserialize<D: Deserializer<'p>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'p> Visitor<'p> for AllClaims<'p> {
    type Value = (Fields, Names);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut fields, mut names) = (Fields::default(), Names::new());
        while let Some(name) = map.next_key::<Word<'p>>()? {
            names.meet(name.as_str());
            match fields.slot(name.as_str(), self.platform) {
                Slot::Text(place) => *place = self.text(&mut map)?,
                Slot::Date(place) => *place = date(&mut map)?,
                Slot::Flag(place) => *place = map.next_value()?,
                Slot::Value(place) => *place = self.value(&mut map)?,
                Slot::Nowhere => drop(map.next_value::<&'p RawValue>()?),
            }
        }
        Ok((fields, names))
    }
}

impl<'p> AllClaims<'p> {
    fn text<A: MapAccess<'p>>(self, map: &mut A) -> Result<Option<Text>, A::Error> {
        let Some(word) = map.next_value::<Option<Word<'p>>>()? else { return Ok(None) };
        Ok(Some(match word.into_inner() {
            Cow::Borrowed(text) => Text::At(self.place(text)?),
            Cow::Owned(text) => Text::Own(text.into()),
        }))
    }

    fn value<A: MapAccess<'p>>(self, map: &mut A) -> Result<Option<Span>, A::Error> {
        let value = map.next_value::<&'p RawValue>()?.get();
        if value == "null" { Ok(None) } else { self.place(value).map(Some) }
    }

    fn place<E: serde::de::Error>(self, part: &str) -> Result<Span, E> {
        let start = part.as_ptr().addr().wrapping_sub(self.payload.as_ptr().addr());
        Span::new(start, start.wrapping_add(part.len())).ok_or_else(|| E::custom("not a part of the payload"))
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
