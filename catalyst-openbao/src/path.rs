//! Names that go into URLs and headers, parsed once.
//!
//! What has one of these types cannot leave its place in a URL: no `..`, no empty segment, nothing to unescape.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::http::path_segment;
use catalyst_core::{Error, ErrorKind, Result};

/// The longest name, in bytes.
const MAX_BYTES: usize = 512;

macro_rules! names {
    ($($(#[doc = $docs:literal])* $name:ident, $what:literal, $allowed:expr;)*) => {$(
        $(#[doc = $docs])*
        ///
        /// A slash at either end is ignored. At most 512 bytes; no empty segment, no `.` or `..`, no control
        /// character. Cheap to clone.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Checked);

        impl $name {
            /// The name, without slashes at its ends.
            pub fn as_str(&self) -> &str {
                &self.0.text
            }

            /// As it stands in the path of a URL.
            #[allow(dead_code, reason = "a namespace stands in a header")]
            pub(crate) fn escaped(&self) -> &str {
                self.0.escaped.as_deref().unwrap_or(&self.0.text)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// [`ErrorKind::Config`], saying what is wrong with the name.
            fn from_str(text: &str) -> Result<Self> {
                Checked::read(text, concat!("read ", $what), $allowed).map(Self)
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
                f.write_str(&self.0.text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.text)
            }
        }
    )*};
}

names! {
    /// Where an engine or a login method is mounted: `secret`, `database`, `team/kv`.
    ///
    /// ```
    /// use catalyst_openbao::Mount;
    ///
    /// let mount: Mount = "team/kv/".parse()?;
    /// assert_eq!(mount.as_str(), "team/kv");
    /// assert!("secret/../sys".parse::<Mount>().is_err());
    /// # Ok::<(), catalyst_openbao::Error>(())
    /// ```
    Mount, "mount", |c| !c.is_control();

    /// Where a secret lies below its mount: `orders/db`.
    SecretPath, "secret path", |c| !c.is_control();

    /// The name of a role of the database engine or of a login method: `orders-rw`.
    RoleName, "role name", |c| !c.is_control();

    /// The name of a key of the transit or of the TOTP engine: `orders`. Letters and digits of ASCII, `_`, `-` and `.`;
    /// keys of the TOTP engine may have an `@`, too.
    KeyName, "key name", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');

    /// The name of a policy: `orders-read`. The server makes its letters small.
    PolicyName, "policy name", |c| !c.is_control();

    /// A path of the API below `/v1/`: `sys/loggers/core`. Parameters of the query are given apart.
    ApiPath, "API path", |c| !c.is_control() && c != '?' && c != '#';

    /// The name of a plugin: `postgresql-database-plugin`.
    PluginName, "plugin name", |c| !c.is_control();

    /// The name of a database connection: `orders-db`. Letters and digits of ASCII, `_`, `-` and `.`.
    ConnectionName, "connection name", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');

    /// The identifier of an entity, which the server made.
    EntityId, "entity identifier", |c| c.is_ascii_alphanumeric() || c == '-' || c == '.';

    /// The identifier of an alias of an entity or a group, which the server made.
    AliasId, "alias identifier", |c| c.is_ascii_alphanumeric() || c == '-' || c == '.';

    /// The identifier of a group, which the server made.
    GroupId, "group identifier", |c| c.is_ascii_alphanumeric() || c == '-' || c == '.';

    /// The name of an entity or a group: `orders`.
    IdentityName, "name of an entity or group", |c| !c.is_control();

    /// An issuer of the PKI engine, by its name or its identifier; `default` is the one that is used when none is named.
    /// Letters and digits of ASCII, `_`, `-` and `.`.
    IssuerRef, "issuer reference", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');

    /// A key of the PKI engine, by its name or its identifier; `default` is that of the default issuer. Letters and digits
    /// of ASCII, `_`, `-` and `.`.
    IssuerKeyRef, "key reference", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');

    /// The identifier of a key with which an ACME account is bound to an account elsewhere, which the server made.
    EabKeyId, "identifier of an ACME binding", |c| c.is_ascii_alphanumeric() || c == '-';

    /// The name of a quota: `whole-server`.
    QuotaName, "quota name", |c| !c.is_control();

    /// The name of a user of the `userpass` method: `anna`. The server makes its letters small.
    UserName, "user name", |c| !c.is_control();

    /// The name of a region: `muscat`. Letters, digits, `-` and `_`.
    RegionName, "region name", |c| c.is_ascii_alphanumeric() || c == '-' || c == '_';

    /// An issuer of the SSH engine, by its identifier or its name: `hosts-2026`. Letters and digits of ASCII, `_`, `-` and
    /// `.`.
    SshIssuerRef, "SSH issuer", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');

    /// A namespace: `team-a` or `team-a/dev`. Printable ASCII without spaces, for it stands in a header.
    Namespace, "namespace", |c| c.is_ascii_graphic();
}

/// Names that stand in bodies and answers, too.
macro_rules! written {
    ($($name:ident)*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

written! { AliasId ConnectionName EabKeyId EntityId GroupId IdentityName IssuerKeyRef IssuerRef SshIssuerRef }

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Checked {
    text: Arc<str>,
    /// Only where it differs from the text.
    escaped: Option<Arc<str>>,
}

impl Checked {
    fn read(text: &str, operation: &'static str, allowed: fn(char) -> bool) -> Result<Self> {
        let text = text.strip_prefix('/').unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        if let Some(fault) = fault(text, allowed) {
            return Err(Error::new(ErrorKind::Config, operation).with_help(fault));
        }
        let escaped = text.split('/').map(path_segment).collect::<Vec<_>>().join("/");
        Ok(Self { text: text.into(), escaped: (escaped != text).then(|| escaped.into()) })
    }
}

fn fault(text: &str, allowed: fn(char) -> bool) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_BYTES {
        return Some("it is longer than 512 bytes");
    }
    if !text.chars().all(allowed) {
        return Some("it holds a character that is not allowed here");
    }
    for segment in text.split('/') {
        match segment {
            "" => return Some("it holds two slashes in a row"),
            "." | ".." => return Some("it holds a segment \".\" or \"..\""),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slashes_at_the_ends_are_ignored() {
        for text in ["a/b", "/a/b", "a/b/", "/a/b/"] {
            assert_eq!(text.parse::<Mount>().unwrap().as_str(), "a/b");
        }
    }

    #[test]
    fn names_that_could_leave_their_place_are_refused() {
        let long = "a".repeat(MAX_BYTES + 1);
        for bad in ["", "/", "//", "a//b", "..", "a/../b", "a/.", "./a", "a\nb", "a\0", &long] {
            let error = bad.parse::<SecretPath>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad:?}");
            assert!(error.help().is_some());
        }
    }

    #[test]
    fn a_namespace_is_what_a_header_can_carry() {
        assert!("team-a/dev".parse::<Namespace>().is_ok());
        for bad in ["team a", "täm", "a\tb"] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_name_stays_below_its_prefix_and_comes_back_unchanged(text in "\\PC{0,40}|[a./%\\\\?#]{1,12}") {
            if let Ok(path) = text.parse::<SecretPath>() {
                let url = url::Url::parse(&format!("https://bao.test/v1/kv/data/{}", path.escaped())).unwrap();
                let below = url.path().strip_prefix("/v1/kv/data/").unwrap();
                prop_assert_eq!(below, path.escaped());
                prop_assert_eq!(below.split('/').count(), path.as_str().split('/').count());
                prop_assert!(url.query().is_none() && url.fragment().is_none());
                prop_assert_eq!(path.to_string().parse::<SecretPath>().unwrap(), path);
            }
        }
    }
}
