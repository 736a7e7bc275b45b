//! Names of the service, parsed once: what has one of these types cannot leave its place in a URL.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::http::path_segment;
use catalyst_core::{Error, ErrorKind, Result};

macro_rules! names {
    ($($(#[doc = $docs:literal])* $name:ident, $what:literal, $check:path;)*) => {$(
        $(#[doc = $docs])*
        ///
        /// Cheap to clone.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it is.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// [`ErrorKind::Config`], saying what is wrong with the name.
            fn from_str(text: &str) -> Result<Self> {
                match $check(text) {
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
    )*};
}

names! {
    /// The name of a realm: `acme`, `catalyst-admin`. 1 to 255 bytes, no slash, no control character.
    ///
    /// ```
    /// use catalyst_keycloak::RealmName;
    ///
    /// assert!("acme".parse::<RealmName>().is_ok());
    /// assert!("acme/../master".parse::<RealmName>().is_err());
    /// ```
    RealmName, "realm name", realm_fault;

    /// The identifier of a client that its users know (`clientId`, RFC 6749 section 2.2): `wordpress`. 1 to 255
    /// bytes, printable.
    ClientId, "client id", client_fault;

    /// The slug of an Organization of the platform: `^[a-z][a-z0-9-]{2,31}$`, none of the reserved words.
    OrganizationSlug, "organization slug", organization_fault;

    /// Who a client belongs to, kept on the client itself: `acme/prod/wordpress`. 1 to 200 bytes, printable ASCII
    /// without spaces, quotes and colons.
    Owner, "owner", owner_fault;
}

impl ClientId {
    /// The client of Keycloak's own command line tool.
    pub(crate) fn admin_cli() -> Self {
        Self("admin-cli".into())
    }
}

impl RealmName {
    /// The realm of Keycloak's own administrators.
    pub fn master() -> Self {
        Self("master".into())
    }

    pub(crate) fn segment(&self) -> String {
        path_segment(&self.0)
    }
}

fn realm_fault(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("a realm name is not empty"),
        "." | ".." => Some("a realm name is not a path"),
        _ if text.len() > 255 => Some("a realm name has at most 255 bytes"),
        _ if text.contains(|c: char| c == '/' || c == '\\' || c.is_control()) => {
            Some("a realm name has no slash and no control character")
        }
        _ => None,
    }
}

fn client_fault(text: &str) -> Option<&'static str> {
    match text {
        "" => Some("a client id is not empty"),
        _ if text.len() > 255 => Some("a client id has at most 255 bytes"),
        _ if text.contains(char::is_control) => Some("a client id is printable"),
        _ => None,
    }
}

fn organization_fault(text: &str) -> Option<&'static str> {
    const RESERVED: [&str; 5] = ["system", "flux", "crossplane", "catalyst", "gitea"];
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.starts_with(|c: char| c.is_ascii_lowercase())
        || !(3..=32).contains(&text.len())
        || !text.chars().all(known)
    {
        return Some("a slug has 3 to 32 of a-z, 0-9 and -, and begins with a letter");
    }
    if RESERVED.contains(&text) || text.starts_with("kube-") {
        return Some("this slug is reserved by the platform");
    }
    None
}

fn owner_fault(text: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | ':' | '\\');
    match text {
        "" => Some("an owner is not empty"),
        _ if text.len() > 200 => Some("an owner has at most 200 bytes"),
        _ if !text.chars().all(allowed) => {
            Some("an owner is printable ASCII without spaces, quotes and colons")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_their_place_are_refused() {
        for bad in ["", "..", "a/b", "a\nb", "a\\b"] {
            assert!(bad.parse::<RealmName>().is_err(), "{bad:?}");
        }
        for bad in ["", "ab", "Acme", "1acme", "acme_x", "system", "kube-x", &"a".repeat(33)] {
            assert!(bad.parse::<OrganizationSlug>().is_err(), "{bad:?}");
        }
        for bad in ["", "a b", "a:b", "\"a\"", &"a".repeat(201)] {
            assert!(bad.parse::<Owner>().is_err(), "{bad:?}");
        }
        assert!("https://app.test/saml?x=1".parse::<ClientId>().is_ok(), "a client id may be a URL");
    }
}
