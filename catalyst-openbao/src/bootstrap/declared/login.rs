//! Login methods.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::Secret;
use serde::Deserialize;

use super::span::span;

/// A login method, and its roles.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DeclaredLogin {
    /// Service accounts of a Kubernetes cluster, whose API server the server asks about each.
    Kubernetes {
        /// The address of the API server.
        host: String,
        /// The authority of its certificate in PEM; that of the pod's service account, if it is not said.
        #[serde(default)]
        ca: Option<String>,
        /// The token that the server asks with; that of the pod's service account, or the one logging in, if it is
        /// not said. The server does not show it: it is sent whenever something else is.
        #[serde(default)]
        reviewer_token: Option<Secret>,
        /// Roles by their names.
        #[serde(default)]
        roles: BTreeMap<String, KubernetesRole>,
    },
    /// Signed assertions: JWT-SVIDs of SPIFFE, or tokens of an issuer.
    Jwt {
        /// What they are checked with.
        keys: JwtKeys,
        /// Roles by their names.
        #[serde(default)]
        roles: BTreeMap<String, JwtRole>,
    },
}

/// Which service accounts may log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KubernetesRole {
    /// Their names.
    pub service_accounts: Vec<String>,
    /// Their namespaces.
    pub namespaces: Vec<String>,
    /// What the tokens may do.
    pub policies: Vec<String>,
    /// How long a token lives without a renewal; whole seconds.
    #[serde(deserialize_with = "span")]
    pub ttl: Duration,
    /// The audience that a service account's token must be for.
    #[serde(default)]
    pub audience: Option<String>,
}

impl KubernetesRole {
    /// The service account `name` in `namespace`.
    pub fn new(namespace: &str, name: &str, policies: &[&str], ttl: Duration) -> Self {
        Self {
            service_accounts: vec![name.to_owned()],
            namespaces: vec![namespace.to_owned()],
            policies: policies.iter().map(|&name| name.to_owned()).collect(),
            ttl,
            audience: None,
        }
    }
}

/// What assertions are checked with.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum JwtKeys {
    /// These public keys, in PEM.
    Pem(Vec<String>),
    /// What the issuer publishes by OpenID discovery, as SPIRE's provider does.
    Discovery {
        /// The address of the issuer.
        url: String,
        /// The authority of its certificate in PEM; the machine's roots, if it is not said.
        #[serde(default)]
        ca: Option<String>,
    },
    /// A key set at an address.
    Jwks {
        /// The address.
        url: String,
        /// The authority of its certificate in PEM; the machine's roots, if it is not said.
        #[serde(default)]
        ca: Option<String>,
    },
}

/// Whose assertions may log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JwtRole {
    /// The audiences, one of which an assertion must be for.
    pub audiences: Vec<String>,
    /// The subject: a SPIFFE ID.
    pub subject: String,
    /// What the tokens may do.
    pub policies: Vec<String>,
    /// How long a token lives without a renewal; whole seconds.
    #[serde(deserialize_with = "span")]
    pub ttl: Duration,
}

impl JwtRole {
    /// Assertions of `subject` for `audience`.
    pub fn new(audience: &str, subject: &str, policies: &[&str], ttl: Duration) -> Self {
        Self {
            audiences: vec![audience.to_owned()],
            subject: subject.to_owned(),
            policies: policies.iter().map(|&name| name.to_owned()).collect(),
            ttl,
        }
    }
}
