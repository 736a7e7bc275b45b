//! What a secondary's secret says of its origin, in its own custom metadata.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::SecretMetadata;

/// The name in the custom metadata.
pub(crate) const NAME: &str = "catalyst-replica";
/// As long as a value of custom metadata may be.
const MAX_BYTES: usize = 512;

/// Which secret of the primary this is a copy of, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Tells a secret from a later one at the same path.
    pub(super) origin: Origin,
    /// We wrote the versions up to this one.
    pub(super) version: u64,
    /// Versions that stand for deleted ones, whose values could not be read; all of them may, if they are too many to
    /// name.
    pub(super) placeholders: Placeholders,
}

/// When the secret was made, in the region where it was first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin(u128);

impl Origin {
    /// Several secrets may have been copied there; no secret is this one.
    pub(super) const SEVERAL: Self = Self(u128::MAX);

    pub(super) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Placeholders {
    These(BTreeSet<u64>),
    Any,
}

impl Mark {
    /// The mark of a secret, if it has a good one.
    pub(super) fn of(secret: &SecretMetadata) -> Option<Self> {
        Self::read(&secret.custom)
    }

    /// The mark in some custom metadata.
    pub(super) fn read(custom: &BTreeMap<String, String>) -> Option<Self> {
        Self::parse(custom.get(NAME)?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("1;")?.split(';');
        let origin = Origin::parse(parts.next()?)?;
        let version = parts.next()?.parse().ok()?;
        let placeholders = match parts.next()? {
            "*" => Placeholders::Any,
            "" => Placeholders::These(BTreeSet::new()),
            listed => {
                let numbers = listed.split(',').map(|number| number.parse().ok());
                Placeholders::These(numbers.collect::<Option<_>>()?)
            }
        };
        parts.next().is_none().then_some(Self { origin, version, placeholders })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = format!("1;{};{};", self.origin, self.version);
        let listed = match &self.placeholders {
            Placeholders::Any => "*".to_owned(),
            Placeholders::These(versions) => {
                versions.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
            }
        };
        let listed = if head.len() + listed.len() > MAX_BYTES { "*".to_owned() } else { listed };
        write!(f, "{head}{listed}")
    }
}

/// Where a secret comes from: what its mark says, or the moment it was made.
pub(super) fn origin(secret: &SecretMetadata) -> Origin {
    match Mark::of(secret) {
        Some(mark) => mark.origin,
        None => Origin(nanos(secret.created_at)),
    }
}

fn nanos(at: SystemTime) -> u128 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// Custom metadata as its owner wrote it.
pub(crate) fn without(custom: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let others = custom.iter().filter(|(name, _)| *name != NAME);
    others.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mark_comes_back_from_its_text_and_fits(
            origin in any::<u64>(),
            version in any::<u64>(),
            placeholders in proptest::collection::btree_set(any::<u64>(), 0..60),
        ) {
            let mark = Mark { origin: Origin(origin.into()), version, placeholders: Placeholders::These(placeholders.clone()) };
            let text = mark.to_string();
            prop_assert!(text.len() <= MAX_BYTES);
            let read = Mark::parse(&text).unwrap();
            prop_assert_eq!((read.origin, read.version), (mark.origin, version));
            match read.placeholders {
                Placeholders::These(read) => prop_assert_eq!(read, placeholders),
                Placeholders::Any => prop_assert!(placeholders.len() > 20, "only where they do not fit"),
            }
        }

        #[test]
        fn no_text_makes_the_reader_fall(text in "\\PC{0,40}|1;[0-9;,*]{0,30}") {
            if let Some(mark) = Mark::parse(&text) {
                prop_assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
            }
        }
    }
}
