//! Where the `jwt` method takes its keys from.

use serde::{Deserialize, Serialize};

use crate::RoleName;
use crate::settings::{list, maybe_text, setters};

/// Whose tokens the method trusts.
///
/// ```
/// use catalyst_openbao::auth_method::{JwtConfig, JwtKeys};
///
/// let config = JwtConfig::new(JwtKeys::jwks("https://spire.internal/keys")).bound_issuer("https://spire.internal");
/// # let _ = config;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwtConfig {
    /// Where the keys come from.
    pub keys: JwtKeys,
    /// Who must have issued a token.
    pub bound_issuer: Option<String>,
    /// The role of logins that name none.
    pub default_role: Option<RoleName>,
    /// The algorithms that are accepted: `RS256`, `ES256` and so on. Empty is the server's choice.
    pub algorithms: Vec<String>,
}

/// Where the keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtKeys {
    /// Public keys in PEM.
    Pem(Vec<String>),
    /// A set of keys at an address that the server reads when it is configured, and again when it meets a key that it
    /// does not know.
    Jwks {
        /// The address.
        url: String,
        /// The authority of its certificate, in PEM; none for those that the server's system trusts.
        ca_pem: Option<String>,
    },
    /// An issuer with OpenID Connect discovery, which the server asks when it is configured.
    Discovery {
        /// The issuer, without `/.well-known`.
        url: String,
        /// The authority of its certificate, in PEM; none for those that the server's system trusts.
        ca_pem: Option<String>,
    },
}

/// What the server shows of its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwtStatus {
    /// What is set.
    pub config: JwtConfig,
    /// What the server says of it: `valid`, or why not.
    pub status: Option<String>,
}

impl JwtKeys {
    /// Public keys in PEM.
    pub fn pem(keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Pem(keys.into_iter().map(Into::into).collect())
    }

    /// A set of keys at `url`.
    pub fn jwks(url: impl Into<String>) -> Self {
        Self::Jwks { url: url.into(), ca_pem: None }
    }

    /// An issuer with OpenID Connect discovery.
    pub fn discovery(url: impl Into<String>) -> Self {
        Self::Discovery { url: url.into(), ca_pem: None }
    }

    /// The authority of the address's certificate, in PEM. Public keys have no address, and are left as they are.
    #[must_use]
    pub fn trusting(self, authority: impl Into<String>) -> Self {
        let ca_pem = Some(authority.into());
        match self {
            Self::Pem(keys) => Self::Pem(keys),
            Self::Jwks { url, .. } => Self::Jwks { url, ca_pem },
            Self::Discovery { url, .. } => Self::Discovery { url, ca_pem },
        }
    }

    fn same_as(&self, other: &Self) -> bool {
        let same_pem = |ours: &Option<String>, theirs: &Option<String>| {
            ours.as_deref().map(str::trim) == theirs.as_deref().map(str::trim)
        };
        match (self, other) {
            (Self::Pem(ours), Self::Pem(theirs)) => {
                let has = |all: &[String], one: &str| all.iter().any(|other| other.trim() == one.trim());
                ours.iter().all(|one| has(theirs, one)) && theirs.iter().all(|one| has(ours, one))
            }
            (Self::Jwks { url, ca_pem }, Self::Jwks { url: their_url, ca_pem: their_ca })
            | (Self::Discovery { url, ca_pem }, Self::Discovery { url: their_url, ca_pem: their_ca }) => {
                url == their_url && same_pem(ca_pem, their_ca)
            }
            _ => false,
        }
    }
}

impl JwtConfig {
    /// Tokens that one of these keys signed.
    pub fn new(keys: JwtKeys) -> Self {
        Self { keys, bound_issuer: None, default_role: None, algorithms: Vec::new() }
    }

    setters! {
        /// Who must have issued a token.
        bound_issuer: text String;
        /// The role of logins that name none.
        default_role: some RoleName;
        /// The algorithms that are accepted. Empty is the server's choice.
        algorithms: list String;
    }

    /// Whether `found` is the same. A write puts everything in place, so that nothing may differ.
    pub fn is_met_by(&self, found: &JwtStatus) -> bool {
        let theirs = &found.config;
        self.keys.same_as(&theirs.keys)
            && self.bound_issuer == theirs.bound_issuer
            && self.default_role == theirs.default_role
            && self.algorithms == theirs.algorithms
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct JwtConfigWire {
    #[serde(deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    jwt_validation_pubkeys: Vec<String>,
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    jwks_url: Option<String>,
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    jwks_ca_pem: Option<String>,
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    oidc_discovery_url: Option<String>,
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    oidc_discovery_ca_pem: Option<String>,
    #[serde(deserialize_with = "maybe_text")]
    bound_issuer: Option<String>,
    #[serde(deserialize_with = "maybe_text")]
    default_role: Option<String>,
    #[serde(deserialize_with = "list")]
    jwt_supported_algs: Vec<String>,
    #[serde(deserialize_with = "maybe_text", skip_serializing)]
    status: Option<String>,
}

impl JwtConfigWire {
    pub(super) fn of(config: &JwtConfig) -> Self {
        // An empty text is how a value is taken back.
        let text = |text: Option<&str>| Some(text.unwrap_or_default().to_owned());
        let mut wire = Self {
            bound_issuer: text(config.bound_issuer.as_deref()),
            default_role: text(config.default_role.as_ref().map(RoleName::as_str)),
            jwt_supported_algs: config.algorithms.clone(),
            ..Self::default()
        };
        match &config.keys {
            JwtKeys::Pem(keys) => wire.jwt_validation_pubkeys.clone_from(keys),
            JwtKeys::Jwks { url, ca_pem } => {
                (wire.jwks_url, wire.jwks_ca_pem) = (Some(url.clone()), ca_pem.clone());
            }
            JwtKeys::Discovery { url, ca_pem } => {
                (wire.oidc_discovery_url, wire.oidc_discovery_ca_pem) = (Some(url.clone()), ca_pem.clone());
            }
        }
        wire
    }

    pub(super) fn status(self) -> catalyst_core::Result<JwtStatus> {
        let keys = match (self.jwks_url, self.oidc_discovery_url) {
            (Some(url), _) => JwtKeys::Jwks { url, ca_pem: self.jwks_ca_pem },
            (None, Some(url)) => JwtKeys::Discovery { url, ca_pem: self.oidc_discovery_ca_pem },
            (None, None) => JwtKeys::Pem(self.jwt_validation_pubkeys),
        };
        let config = JwtConfig {
            keys,
            bound_issuer: self.bound_issuer,
            default_role: self.default_role.map(|role| role.parse()).transpose()?,
            algorithms: self.jwt_supported_algs,
        };
        Ok(JwtStatus { config, status: self.status })
    }
}
