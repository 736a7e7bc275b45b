//! Labels of Kubernetes.

use std::collections::BTreeMap;

use catalyst_core::{Error, ErrorKind, Result};

use super::ResourceName;
use super::yaml::Map;

/// Labels on a resource, or that a resource must have; in the order of their keys.
///
/// ```
/// use catalyst_sdk::manifest::Labels;
///
/// let labels = Labels::new().with("openova.io/organization", "acme-shop")?;
/// assert!(labels.with("has spaces", "x").is_err());
/// # Ok::<(), catalyst_sdk::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<Box<str>, Box<str>>);

impl Labels {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more, in the place of another of the same key.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if Kubernetes would refuse the key (`name` or `prefix/name`) or the value: up to 63 of
    /// letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
    pub fn with(mut self, key: &str, value: &str) -> Result<Self> {
        let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
        let prefixed = prefix.is_none_or(|prefix| prefix.parse::<ResourceName>().is_ok());
        let named = !name.is_empty() && is_label_text(name);
        if !prefixed || !named || !is_label_text(value) {
            return Err(Error::new(ErrorKind::Config, "read label").with_help(
                "a label is up to 63 of letters, digits, -, _ and . with a letter or digit at both ends; its key may \
                 have a DNS subdomain and a slash before it",
            ));
        }
        self.0.insert(key.into(), value.into());
        Ok(self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As the schema has them; nothing if there are none.
    pub(super) fn node(&self) -> Option<Map> {
        let all = || self.0.iter().fold(Map::new(), |map, (key, value)| map.entry(key, &**value));
        (!self.is_empty()).then(all)
    }
}

fn is_label_text(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_kubernetes_would_refuse_are_refused() {
        let long = "a".repeat(64);
        for bad in ["-a", "a-", "a b", "a\nb", "ä", &long] {
            assert!(Labels::new().with("app", bad).is_err(), "{bad:?}");
            assert!(Labels::new().with(bad, "x").is_err(), "{bad:?}");
        }
        for bad in ["", "/a", "a/", "a/b/c", "A_/b"] {
            assert!(Labels::new().with(bad, "x").is_err(), "{bad:?}");
        }
        assert!(Labels::new().with("app.kubernetes.io/part-of", "").is_ok());
    }
}
