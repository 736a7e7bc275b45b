//! A key as the server keeps it: a component of the realm, whose name is ours to choose.
//!
//! The server drops settings that it does not know, and nothing else in a component is free. So the moments of a
//! rotation stand in its name, and any process can go on where another stopped.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::jose::Algorithm;

/// `ComponentRepresentation`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) provider_id: String,
    #[serde(default)]
    pub(super) config: Map<String, Value>,
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// A key, as far as a rotation is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) priority: i64,
    /// Whether it may sign.
    pub(super) active: bool,
    /// Whether its public half is published.
    pub(super) enabled: bool,
    /// Whether the server made it, so that nothing is lost that was brought from elsewhere.
    pub(super) generated: bool,
    /// What its name says, if we named it.
    pub(super) mark: Option<Mark>,
}

/// The moments of a key, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// When it was made and published.
    pub(super) published: u64,
    /// When it began to sign.
    pub(super) activated: Option<u64>,
}

impl Component {
    /// The key in it, if it signs with `algorithm`.
    pub(super) fn key(&self, algorithm: Algorithm) -> Option<Key> {
        let setting =
            |name: &str| self.config.get(name).and_then(|value| value.get(0)).and_then(Value::as_str);
        if self.algorithm(setting)? != algorithm.as_str() {
            return None;
        }
        Some(Key {
            id: self.id.clone(),
            priority: setting("priority").and_then(|text| text.parse().ok()).unwrap_or(0),
            active: setting("active") != Some("false"),
            enabled: setting("enabled") != Some("false"),
            generated: self.provider_id.ends_with("-generated"),
            mark: Mark::of(&self.name, algorithm),
        })
    }

    fn algorithm<'a>(&'a self, setting: impl Fn(&str) -> Option<&'a str>) -> Option<&'a str> {
        match self.provider_id.as_str() {
            "rsa-generated" | "rsa" => Some(setting("algorithm").unwrap_or("RS256")),
            "java-keystore" if setting("keyUse").is_none_or(|usage| usage.eq_ignore_ascii_case("sig")) => {
                Some(setting("algorithm").unwrap_or("RS256"))
            }
            "ecdsa-generated" => match setting("ecdsaEllipticCurveKey").unwrap_or("P-256") {
                "P-256" => Some("ES256"),
                "P-384" => Some("ES384"),
                _ => None,
            },
            "eddsa-generated" => {
                (setting("eddsaEllipticCurveKey").unwrap_or("Ed25519") == "Ed25519").then_some("EdDSA")
            }
            _ => None,
        }
    }
}

impl Mark {
    /// The name that says it: `catalyst RS256 published=1795387096 activated=1795390696`.
    pub(super) fn name(self, algorithm: Algorithm) -> String {
        let published = format!("catalyst {algorithm} published={}", self.published);
        match self.activated {
            Some(activated) => format!("{published} activated={activated}"),
            None => published,
        }
    }

    fn of(name: &str, algorithm: Algorithm) -> Option<Self> {
        let mut words = name.split(' ');
        if words.next() != Some("catalyst") || words.next() != Some(algorithm.as_str()) {
            return None;
        }
        let published = words.next()?.strip_prefix("published=")?.parse().ok()?;
        let activated = match words.next() {
            None => None,
            Some(word) => Some(word.strip_prefix("activated=")?.parse().ok()?),
        };
        words.next().is_none().then_some(Self { published, activated })
    }
}

/// The provider that makes keys for `algorithm`, and how it is told.
pub(super) fn generator(algorithm: Algorithm) -> (&'static str, Option<(&'static str, &'static str)>) {
    match algorithm {
        Algorithm::Es256 => ("ecdsa-generated", Some(("ecdsaEllipticCurveKey", "P-256"))),
        Algorithm::Es384 => ("ecdsa-generated", Some(("ecdsaEllipticCurveKey", "P-384"))),
        Algorithm::EdDsa => ("eddsa-generated", Some(("eddsaEllipticCurveKey", "Ed25519"))),
        rsa => ("rsa-generated", Some(("algorithm", rsa.as_str()))),
    }
}
