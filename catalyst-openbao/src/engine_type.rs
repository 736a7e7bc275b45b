//! The types of engines.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

/// What kind of engine is mounted somewhere, as `sys/mounts` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EngineType {
    /// `cubbyhole`: a store of each token's own; always there.
    Cubbyhole,
    /// `database`
    Database,
    /// `identity`; always there.
    Identity,
    /// `kubernetes`
    Kubernetes,
    /// `kv`, of either version.
    Kv,
    /// `pki`
    Pki,
    /// `rabbitmq`
    RabbitMq,
    /// `ssh`
    Ssh,
    /// `system`; always there.
    System,
    /// `totp`
    Totp,
    /// `transit`
    Transit,
    /// A plugin, by its name.
    Plugin(String),
}

impl EngineType {
    /// As the server names it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cubbyhole => "cubbyhole",
            Self::Database => "database",
            Self::Identity => "identity",
            Self::Kubernetes => "kubernetes",
            Self::Kv => "kv",
            Self::Pki => "pki",
            Self::RabbitMq => "rabbitmq",
            Self::Ssh => "ssh",
            Self::System => "system",
            Self::Totp => "totp",
            Self::Transit => "transit",
            Self::Plugin(name) => name,
        }
    }
}

impl FromStr for EngineType {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] if it cannot be the name of a plugin.
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "cubbyhole" => Self::Cubbyhole,
            "database" => Self::Database,
            "identity" => Self::Identity,
            "kubernetes" => Self::Kubernetes,
            "kv" => Self::Kv,
            "pki" => Self::Pki,
            "rabbitmq" => Self::RabbitMq,
            "ssh" => Self::Ssh,
            "system" => Self::System,
            "totp" => Self::Totp,
            "transit" => Self::Transit,
            name if !name.is_empty() && name.len() <= 128 && name.chars().all(|c| c.is_ascii_graphic()) => {
                Self::Plugin(name.to_owned())
            }
            _ => {
                return Err(Error::new(ErrorKind::Config, "read engine type")
                    .with_help("expected the name of an engine or a plugin, in printable ASCII"));
            }
        })
    }
}

impl fmt::Display for EngineType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
