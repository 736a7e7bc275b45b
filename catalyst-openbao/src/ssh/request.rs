//! What is asked for when a certificate is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{CertificateKind, OptionName, Principal};
use crate::settings::whole_seconds;

/// What a certificate is to say. What is left out is as the role has it.
///
/// ```
/// use std::time::Duration;
///
/// use catalyst_openbao::ssh::CertificateRequest;
///
/// let request = CertificateRequest::user()
///     .principal("ops".parse()?)
///     .ttl(Duration::from_secs(300))
///     .critical_option("source-address".parse()?, "10.0.0.0/8");
/// # let _ = request;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct CertificateRequest {
    /// Whose certificate it is.
    pub kind: CertificateKind,
    /// Whom it is for; the default user of the role if there are none.
    pub principals: Vec<Principal>,
    /// How long it is good, in whole seconds.
    pub ttl: Option<Duration>,
    /// What the log of a host calls who logs in with it; the role must let callers choose.
    pub key_id: Option<String>,
    /// What restricts it. Any at all take the place of all defaults of the role.
    pub critical_options: BTreeMap<OptionName, String>,
    /// What it allows beside the login. Any at all take the place of all defaults of the role.
    pub extensions: BTreeMap<OptionName, String>,
}

impl CertificateRequest {
    /// The certificate of somebody who logs in.
    pub fn user() -> Self {
        Self::default()
    }

    /// The certificate of a host.
    pub fn host() -> Self {
        Self { kind: CertificateKind::Host, ..Self::default() }
    }

    /// For this user or host, and those before.
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principals.push(principal);
        self
    }

    /// Good for so long, in whole seconds.
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Called so in the log of a host.
    pub fn key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into()), ..self }
    }

    /// Restricted by this: `source-address` with blocks of addresses, `force-command` with a command.
    pub fn critical_option(mut self, name: OptionName, value: impl Into<String>) -> Self {
        self.critical_options.insert(name, value.into());
        self
    }

    /// Allows this, too: `permit-pty`, whose value is empty.
    pub fn extension(mut self, name: OptionName, value: impl Into<String>) -> Self {
        self.extensions.insert(name, value.into());
        self
    }
}

/// As a part of a body.
impl Serialize for CertificateRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            cert_type: CertificateKind,
            #[serde(skip_serializing_if = "Option::is_none")]
            valid_principals: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            ttl: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            key_id: Option<&'a str>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            critical_options: BTreeMap<&'a str, &'a str>,
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            extensions: BTreeMap<&'a str, &'a str>,
        }
        let principals: Vec<&str> = self.principals.iter().map(Principal::as_str).collect();
        Body {
            cert_type: self.kind,
            valid_principals: (!principals.is_empty()).then(|| principals.join(",")),
            ttl: self.ttl.map(whole_seconds),
            key_id: self.key_id.as_deref(),
            critical_options: texts(&self.critical_options),
            extensions: texts(&self.extensions),
        }
        .serialize(serializer)
    }
}

fn texts(options: &BTreeMap<OptionName, String>) -> BTreeMap<&str, &str> {
    options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
