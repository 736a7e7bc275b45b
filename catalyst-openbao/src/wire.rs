//! The JSON of the server, read in one place.
//!
//! Secrets go from the body straight into [`Secret`]; the body itself is wiped when the answer is dropped. Unknown
//! fields are passed over, and what repeats the payload beside `data` with them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use catalyst_core::Secret;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, Visitor};
use serde::ser::{Serialize, Serializer};

/// What is around every answer.
#[derive(serde::Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Envelope<'a, T> {
    #[serde(default, borrow)]
    pub(crate) request_id: Text<'a>,
    #[serde(default, borrow)]
    pub(crate) lease_id: Text<'a>,
    #[serde(default)]
    pub(crate) renewable: bool,
    #[serde(default)]
    pub(crate) lease_duration: Seconds,
    #[serde(default = "nothing")]
    pub(crate) data: Option<T>,
    #[serde(default)]
    pub(crate) wrap_info: Option<WrapInfo>,
    #[serde(default)]
    pub(crate) warnings: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) auth: Option<Auth>,
}

/// The same, for an answer of which only the data counts.
#[derive(serde::Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct Enclosed<'a, T> {
    #[serde(default, borrow)]
    pub(crate) request_id: Text<'a>,
    #[serde(default = "nothing")]
    pub(crate) data: Option<T>,
    #[serde(default)]
    pub(crate) warnings: Option<Vec<String>>,
}

fn nothing<T>() -> Option<T> {
    None
}

/// What a login or a token renewal grants.
#[derive(serde::Deserialize)]
pub(crate) struct Auth {
    pub(crate) client_token: Secret,
    #[serde(default)]
    pub(crate) lease_duration: Seconds,
    #[serde(default)]
    pub(crate) renewable: bool,
}

/// What `lookup-self` says of a token.
#[derive(serde::Deserialize)]
pub(crate) struct TokenStatus {
    #[serde(default)]
    pub(crate) ttl: Seconds,
    #[serde(default)]
    pub(crate) expire_time: MaybeTime,
    #[serde(default)]
    pub(crate) renewable: bool,
}

#[derive(serde::Deserialize)]
pub(crate) struct WrapInfo {
    pub(crate) token: Secret,
    #[serde(default)]
    pub(crate) accessor: String,
    #[serde(default)]
    pub(crate) ttl: Seconds,
    pub(crate) creation_time: Time,
    #[serde(default)]
    pub(crate) creation_path: String,
}

/// The body of a refusal.
#[derive(Default, serde::Deserialize)]
pub(crate) struct Refused {
    #[serde(default)]
    pub(crate) errors: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) data: Option<Gone>,
    #[serde(default)]
    pub(crate) warnings: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) request_id: Option<String>,
}

/// An answer, as far as it tells whether it holds the results of a batch.
#[derive(serde::Deserialize)]
pub(crate) struct Batch {
    #[serde(default)]
    pub(crate) data: Option<BatchData>,
}

#[derive(serde::Deserialize)]
pub(crate) struct BatchData {
    #[serde(default)]
    pub(crate) batch_results: Option<IgnoredAny>,
}

/// What is left of a version of a secret. Anything else that a refusal carries is passed over.
#[derive(Default, serde::Deserialize)]
pub(crate) struct Gone {
    #[serde(default)]
    pub(crate) metadata: Option<GoneMetadata>,
}

#[derive(serde::Deserialize)]
pub(crate) struct GoneMetadata {
    #[serde(default)]
    pub(crate) destroyed: bool,
}

/// A text that is borrowed from the body where nothing in it is escaped; `null` is empty.
#[derive(Default)]
pub(crate) enum Text<'a> {
    #[default]
    Empty,
    Borrowed(&'a str),
    Owned(String),
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or null")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text::Owned(text.to_owned()))
            }
            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text::Empty)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Whole seconds; what is negative has run out and counts as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = i64::deserialize(deserializer)?;
        Ok(Self(Duration::from_secs(u64::try_from(seconds).unwrap_or(0))))
    }
}

/// A moment in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) SystemTime);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MaybeTime::deserialize(deserializer)?.0.map(Self).ok_or_else(|| D::Error::custom("a time is missing"))
    }
}

/// A moment, where `null` and the empty text mean none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MaybeTime(pub(crate) Option<SystemTime>);

impl<'de> Deserialize<'de> for MaybeTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        if text.as_str().is_empty() {
            return Ok(Self(None));
        }
        let time = read_time(text.as_str()).ok_or_else(|| D::Error::custom("expected a time in RFC 3339"))?;
        Ok(Self(Some(time)))
    }
}

/// Reads RFC 3339, with the offset that a server writes whose time zone is not UTC.
fn read_time(text: &str) -> Option<SystemTime> {
    if let Ok(time) = humantime::parse_rfc3339(text) {
        return Some(time);
    }
    // `+02:00` at the end: what stands before it is local time.
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let ahead = offset.strip_prefix('+');
    let (hours, minutes) = ahead.or_else(|| offset.strip_prefix('-'))?.split_once(':')?;
    let digits = |part: &str| (part.len() == 2).then(|| part.parse::<u64>().ok()).flatten();
    let offset_by = Duration::from_secs((digits(hours)? * 60 + digits(minutes)?) * 60);
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    if ahead.is_some() { local.checked_sub(offset_by) } else { local.checked_add(offset_by) }
}

/// A span of time as the server writes it: `1h2m3s`, `0s`, or a number of seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self(Duration::from_secs(seconds)));
        }
        let (mut rest, mut total) = (text, 0.0_f64);
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let number: f64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let (unit, seconds) = [
                ("ms", 0.001),
                ("us", 1e-6),
                ("µs", 1e-6),
                ("ns", 1e-9),
                ("h", 3600.0),
                ("m", 60.0),
                ("s", 1.0),
            ]
            .into_iter()
            .find(|(unit, _)| rest.starts_with(unit))?;
            rest = &rest[unit.len()..];
            total += number * seconds;
        }
        Duration::try_from_secs_f64(total).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time such as 1h30m, or seconds")
            }
            fn visit_u64<E>(self, seconds: u64) -> Result<Span, E> {
                Ok(Span(Duration::from_secs(seconds)))
            }
            fn visit_i64<E>(self, seconds: i64) -> Result<Span, E> {
                Ok(Span(Duration::from_secs(u64::try_from(seconds).unwrap_or(0))))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
                Span::read(text).ok_or_else(|| E::custom("expected a span of time such as 1h30m"))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Notes that may be `null`.
pub(crate) fn notes<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An answer's data that nobody reads.
pub(crate) type Ignored = IgnoredAny;

/// Writes a secret into the body of a request: with `data::Exposed` the only ways out.
#[derive(Clone, Copy)]
pub(crate) struct Exposed<'a>(pub(crate) &'a Secret);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_may_be_sparse_or_null_throughout() {
        for json in ["{}", r#"{"request_id":null,"lease_id":null,"data":null,"warnings":null,"auth":null}"#] {
            let envelope: Envelope<'_, TokenStatus> = serde_json::from_str(json).unwrap();
            assert!(envelope.data.is_none() && envelope.request_id.as_str().is_empty());
        }
    }

    #[test]
    fn spans_are_read_as_the_server_writes_them() {
        for (text, seconds) in
            [("0s", 0), ("3h25m19s", 12319), ("720h0m0s", 2_592_000), ("90", 90), ("1m", 60)]
        {
            assert_eq!(Span::read(text), Some(Span(Duration::from_secs(seconds))), "{text}");
        }
        for bad in ["h", "1x", "-1s", "1.2.3s", "1e3s"] {
            assert_eq!(Span::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_negative_term_has_run_out() {
        assert_eq!(serde_json::from_str::<Seconds>("-11").unwrap(), Seconds(Duration::ZERO));
    }

    #[test]
    fn times_are_read_and_an_empty_one_is_none() {
        assert_eq!(serde_json::from_str::<MaybeTime>("\"\"").unwrap(), MaybeTime(None));
        let time: Time = serde_json::from_str("\"2026-11-22T03:18:14.84071305Z\"").unwrap();
        let second = Duration::from_secs(1_795_317_494);
        assert_eq!(time.0.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), second.as_secs());
        let elsewhere: Time = serde_json::from_str("\"2026-11-22T05:18:14.84071305+02:00\"").unwrap();
        let behind: Time = serde_json::from_str("\"2026-11-21T21:48:14.84071305-05:30\"").unwrap();
        assert_eq!((elsewhere, behind), (time, time));
        for bad in [
            "yesterday",
            "2026-11-22T05:18:14+0200",
            "2026-11-22T05:18:14*02:00",
            "ä02:00",
            "xä2:00",
            "+02:00",
        ] {
            assert!(serde_json::from_str::<Time>(&format!("\"{bad}\"")).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_time_panic(text in "[0-9T:.Z+-]{0,40}|\\PC{0,12}") {
            let _read = read_time(&text);
        }

        #[test]
        fn no_text_makes_a_span_panic(text in "[0-9.hmsuµn-]{0,12}|\\PC{0,8}") {
            let _read = Span::read(&text);
        }
    }
}
