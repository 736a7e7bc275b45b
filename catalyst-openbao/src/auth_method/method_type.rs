//! The types of login methods.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

/// What kind of login method is mounted somewhere, as `sys/auth` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthMethodType {
    /// `approle`
    AppRole,
    /// `cert`
    Cert,
    /// `jwt`
    Jwt,
    /// `kubernetes`
    Kubernetes,
    /// `oidc`: the same as `jwt`, under another name.
    Oidc,
    /// `token`; always there.
    Token,
    /// `userpass`
    Userpass,
    /// A plugin, by its name.
    Plugin(String),
}

impl AuthMethodType {
    /// As the server names it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AppRole => "approle",
            Self::Cert => "cert",
            Self::Jwt => "jwt",
            Self::Kubernetes => "kubernetes",
            Self::Oidc => "oidc",
            Self::Token => "token",
            Self::Userpass => "userpass",
            Self::Plugin(name) => name,
        }
    }
}

impl FromStr for AuthMethodType {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] if it cannot be the name of a plugin.
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "approle" => Self::AppRole,
            "cert" => Self::Cert,
            "jwt" => Self::Jwt,
            "kubernetes" => Self::Kubernetes,
            "oidc" => Self::Oidc,
            "token" => Self::Token,
            "userpass" => Self::Userpass,
            name if !name.is_empty() && name.len() <= 128 && name.chars().all(|c| c.is_ascii_graphic()) => {
                Self::Plugin(name.to_owned())
            }
            _ => {
                return Err(Error::new(ErrorKind::Config, "read auth method type")
                    .with_help("expected the name of a login method or a plugin, in printable ASCII"));
            }
        })
    }
}

impl fmt::Display for AuthMethodType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
