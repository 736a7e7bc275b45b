//! Roles: what may be asked for.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{CaRole, OtpRole};

/// What a role is for. Settings that this crate does not know are kept when a role that was read is written again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SshRole {
    /// Certificates.
    Ca(Box<CaRole>),
    /// One-time passwords.
    Otp(OtpRole),
}

impl From<CaRole> for SshRole {
    fn from(role: CaRole) -> Self {
        Self::Ca(Box::new(role))
    }
}

impl From<OtpRole> for SshRole {
    fn from(role: OtpRole) -> Self {
        Self::Otp(role)
    }
}

impl Serialize for SshRole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a, T> {
            key_type: &'static str,
            #[serde(flatten)]
            role: &'a T,
        }
        match self {
            Self::Ca(role) => Body { key_type: "ca", role: role.as_ref() }.serialize(serializer),
            Self::Otp(role) => Body { key_type: "otp", role }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SshRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut settings = serde_json::Map::<String, Value>::deserialize(deserializer)?;
        let kind = settings.remove("key_type");
        let settings = Value::Object(settings);
        match kind.as_ref().and_then(Value::as_str) {
            Some("ca") => CaRole::deserialize(settings).map(Self::from).map_err(D::Error::custom),
            Some("otp") => OtpRole::deserialize(settings).map(Self::from).map_err(D::Error::custom),
            _ => Err(D::Error::custom("expected a role for certificates or one-time passwords")),
        }
    }
}

/// Settings that this crate does not know.
pub(super) type Others = BTreeMap<String, Value>;
