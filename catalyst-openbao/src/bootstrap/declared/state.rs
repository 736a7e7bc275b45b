//! The whole of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{DeclaredEngine, DeclaredLogin};

/// What a server is to be like: engines, policies, login methods with their roles, audit.
///
/// What is declared is made, or changed until it is as declared; what is not declared is left alone, also a field of
/// something declared. Read it from a file with any format of serde.
///
/// ```
/// use catalyst_openbao::bootstrap::{Declared, DeclaredEngine};
///
/// let declared = Declared::new()
///     .engine("secret", DeclaredEngine::Kv)
///     .policy("external-secrets-read", "path \"secret/data/*\" { capabilities = [\"read\"] }");
/// declared.check()?;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Declared {
    /// Engines by their mounts.
    pub engines: BTreeMap<String, DeclaredEngine>,
    /// ACL policies by their names, in the server's language.
    pub policies: BTreeMap<String, String>,
    /// Login methods by their mounts.
    pub logins: BTreeMap<String, DeclaredLogin>,
    /// Audit devices by their names. OpenBao declares them in its own configuration; here it is verified that they
    /// are there and write.
    pub audit: BTreeMap<String, DeclaredAudit>,
}

/// What is expected of an audit device.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DeclaredAudit {
    /// Its kind, such as `file`; any, if it is not said.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where its log can be read here, if it can: then the hash of a value just sent must turn up at its end.
    pub log: Option<PathBuf>,
}

impl Declared {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an engine at `mount`.
    #[must_use]
    pub fn engine(mut self, mount: &str, engine: DeclaredEngine) -> Self {
        self.engines.insert(mount.to_owned(), engine);
        self
    }

    /// Adds a policy.
    #[must_use]
    pub fn policy(mut self, name: &str, text: &str) -> Self {
        self.policies.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Adds a login method at `mount`.
    #[must_use]
    pub fn login(mut self, mount: &str, login: DeclaredLogin) -> Self {
        self.logins.insert(mount.to_owned(), login);
        self
    }

    /// Adds an audit device.
    #[must_use]
    pub fn audit(mut self, name: &str, device: DeclaredAudit) -> Self {
        self.audit.insert(name.to_owned(), device);
        self
    }
}

impl DeclaredAudit {
    /// It is there.
    pub fn present() -> Self {
        Self::default()
    }

    /// It is there, and writes to the file at `log`.
    pub fn writes_to(log: impl Into<PathBuf>) -> Self {
        Self { kind: None, log: Some(log.into()) }
    }
}
