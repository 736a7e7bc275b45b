//! Names that stand in lists with commas, parsed once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name, in bytes.
const MAX_BYTES: usize = 1024;

macro_rules! listed {
    ($($(#[doc = $docs:literal])* $name:ident, $what:literal;)*) => {$(
        $(#[doc = $docs])*
        ///
        /// At most 1,024 bytes; no comma, which would make two of it, no space at either end, no control character.
        /// Cheap to clone.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// [`ErrorKind::Config`], saying what is wrong with the name.
            fn from_str(text: &str) -> Result<Self> {
                match fault(text) {
                    None => Ok(Self(text.into())),
                    Some(fault) => Err(Error::new(ErrorKind::Config, concat!("read ", $what)).with_help(fault)),
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Error;

            fn try_from(text: &str) -> Result<Self> {
                text.parse()
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

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl Member for $name {
            fn listed(text: &str) -> Self {
                Self(text.into())
            }
        }
    )*};
}

listed! {
    /// Whom a certificate is for: a user of the host, or the name of a host.
    ///
    /// ```
    /// use catalyst_openbao::ssh::Principal;
    ///
    /// assert_eq!("ops".parse::<Principal>()?.as_str(), "ops");
    /// assert!("ops,root".parse::<Principal>().is_err());
    /// # Ok::<(), catalyst_openbao::Error>(())
    /// ```
    Principal, "SSH principal";

    /// The name of an extension or of a critical option: `permit-pty`, `source-address`.
    OptionName, "SSH option";
}

/// What stands in lists of the server.
pub(super) trait Member {
    /// As the server has it, whatever it is.
    fn listed(text: &str) -> Self;
}

fn fault(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("it is empty"),
        "*" => Some("it means everything; say so where that is allowed"),
        _ if text.len() > MAX_BYTES => Some("it is longer than 1,024 bytes"),
        _ if text.contains(',') => Some("it holds a comma"),
        _ if text.trim() != text => Some("it begins or ends with a space"),
        _ if text.chars().any(char::is_control) => Some("it holds a control character"),
        _ => None,
    }
}

/// What a role allows: everything, or what it lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowed<T> {
    /// Everything.
    Any,
    /// These only, which may be none.
    Only(Vec<T>),
}

impl<T> Allowed<T> {
    /// Nothing.
    pub fn none() -> Self {
        Self::Only(Vec::new())
    }

    /// These only.
    pub fn only(these: impl IntoIterator<Item = T>) -> Self {
        Self::Only(these.into_iter().collect())
    }
}

impl<T> Default for Allowed<T> {
    fn default() -> Self {
        Self::none()
    }
}

impl<T: AsRef<str>> Serialize for Allowed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("*"),
            Self::Only(these) => joined(these, serializer),
        }
    }
}

impl<'de, T: Member> Deserialize<'de> for Allowed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        Ok(if text == "*" { Self::Any } else { Self::Only(split(&text).map(T::listed).collect()) })
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// A list as one text.
pub(super) fn joined<T: AsRef<str>, S: Serializer>(these: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let texts: Vec<&str> = these.iter().map(T::as_ref).collect();
    serializer.serialize_str(&texts.join(","))
}

/// The same, read.
pub(super) fn apart<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Member,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    Ok(split(&text).map(T::listed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_name_that_would_be_another_list_is_refused() {
        let long = "a".repeat(MAX_BYTES + 1);
        for bad in ["", "*", "a,b", " a", "a ", "a\nb", &long] {
            let error = bad.parse::<Principal>().unwrap_err();
            assert!(error.kind() == ErrorKind::Config && error.help().is_some(), "{bad:?}");
        }
    }

    #[test]
    fn everything_is_told_from_nothing_and_from_a_list() {
        for (text, allowed) in [
            ("*", Allowed::Any),
            ("", Allowed::none()),
            ("a,b", Allowed::only(["a".parse::<Principal>().unwrap(), "b".parse().unwrap()])),
        ] {
            assert_eq!(serde_json::to_value(&allowed).unwrap(), json!(text));
            assert_eq!(serde_json::from_value::<Allowed<Principal>>(json!(text)).unwrap(), allowed);
        }
        let loose: Allowed<Principal> = serde_json::from_value(json!(" a,, * ")).unwrap();
        assert_eq!(serde_json::to_value(&loose).unwrap(), json!("a,*"));
        assert_eq!(serde_json::from_value::<Allowed<OptionName>>(json!(null)).unwrap(), Allowed::none());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_one_member_of_a_list(text in "\\PC{0,12}|[a*, ]{0,4}") {
            if let Ok(name) = text.parse::<OptionName>() {
                let allowed = Allowed::only([name.clone()]);
                let sent = serde_json::to_value(&allowed).unwrap();
                prop_assert_eq!(&sent, &json!(name.as_str()));
                prop_assert_eq!(serde_json::from_value::<Allowed<OptionName>>(sent).unwrap(), allowed);
            }
        }
    }
}
