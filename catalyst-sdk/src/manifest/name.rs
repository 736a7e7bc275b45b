//! Names of Kubernetes, parsed once.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

use crate::label::is_dns_label;

macro_rules! names {
    ($($(#[doc = $docs:literal])* $name:ident, $what:literal, $help:literal, $allowed:expr;)*) => {$(
        $(#[doc = $docs])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// [`ErrorKind::Config`], saying what is allowed; the text itself is not repeated.
            fn from_str(text: &str) -> Result<Self> {
                let allowed: fn(&str) -> bool = $allowed;
                if allowed(text) {
                    return Ok(Self(text.into()));
                }
                Err(Error::new(ErrorKind::Config, concat!("read ", $what)).with_help($help))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

names! {
    /// The name of a resource, a DNS subdomain of RFC 1123: 1 to 253 of a-z, 0-9, `-` and `.`.
    ///
    /// ```
    /// use catalyst_sdk::manifest::ResourceName;
    ///
    /// let name: ResourceName = "orders-db".parse()?;
    /// assert_eq!(name.as_str(), "orders-db");
    /// assert!("Orders_DB".parse::<ResourceName>().is_err());
    /// # Ok::<(), catalyst_sdk::Error>(())
    /// ```
    ResourceName, "name of a resource", "a DNS subdomain: 1 to 253 of a-z, 0-9, - and .", is_dns_subdomain;

    /// The name of a namespace, a DNS label of RFC 1123: 1 to 63 of a-z, 0-9 and `-`.
    NamespaceName, "namespace", "a DNS label: 1 to 63 of a-z, 0-9 and -", is_dns_label;

    /// A key in a Kubernetes secret or configuration map: 1 to 253 of letters, digits, `-`, `_` and `.`.
    SecretKey, "key of a secret", "1 to 253 of letters, digits, -, _ and .", is_secret_key;

    /// A field of a secret in OpenBao: 1 to 253 characters, none of them a control character.
    Property, "property", "1 to 253 characters without control characters", is_property;

    /// Whom a token is for: 1 to 253 printable characters of ASCII, such as `vault` or an address.
    Audience, "audience", "1 to 253 printable characters of ASCII", is_printable;

    /// A regular expression over names, as Go reads it: 1 to 253 printable characters of ASCII.
    NamePattern, "pattern of names", "1 to 253 printable characters of ASCII", is_printable;
}

fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_dns_label)
}

fn is_secret_key(key: &str) -> bool {
    (1..=253).contains(&key.len())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !matches!(key, "." | "..")
}

fn is_property(name: &str) -> bool {
    (1..=253).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

fn is_printable(pattern: &str) -> bool {
    (1..=253).contains(&pattern.len()) && pattern.chars().all(|c| matches!(c, ' '..='~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kubernetes_would_refuse_are_refused() {
        let long = "a".repeat(254);
        for bad in ["", "A", "a_b", "a\nb", "-a", "a-", "a..b", ".a", "a: b", "ä", &long] {
            assert!(bad.parse::<ResourceName>().is_err(), "{bad:?}");
            assert!(bad.parse::<NamespaceName>().is_err(), "{bad:?}");
        }
        assert!("a.b".parse::<NamespaceName>().is_err() && "a".repeat(64).parse::<NamespaceName>().is_err());
        assert!("a.b-c.0".parse::<ResourceName>().is_ok());
        for bad in ["", ".", "..", "a b", "a/b", "ä", &long] {
            assert!(bad.parse::<SecretKey>().is_err(), "{bad:?}");
        }
        assert!("tls.CRT_-1".parse::<SecretKey>().is_ok());
    }

    #[test]
    fn a_refused_name_is_not_repeated() {
        let error = "canary value".parse::<SecretKey>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
        assert!(error.help().is_some());
    }

    #[test]
    fn properties_and_patterns_hold_no_control_characters() {
        assert!("pass word/ä".parse::<Property>().is_ok());
        assert!("a\nb".parse::<Property>().is_err() && "".parse::<Property>().is_err());
        assert!("^db-.*$".parse::<NamePattern>().is_ok() && "ä".parse::<NamePattern>().is_err());
    }
}
