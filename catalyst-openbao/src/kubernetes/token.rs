//! Tokens of service accounts, as a service.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use crate::{Lease, LeaseId, RoleName};

/// A token of a service account.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ServiceAccountToken {
    /// The account.
    #[serde(rename = "service_account_name")]
    pub account: String,
    /// Its namespace.
    #[serde(rename = "service_account_namespace")]
    pub namespace: String,
    /// The token, for `Authorization: Bearer`.
    #[serde(rename = "service_account_token")]
    pub token: Secret,
}

impl fmt::Debug for ServiceAccountToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountToken")
            .field("account", &self.account)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// What token is wanted.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::TokenRequest;
///
/// let request = TokenRequest::in_namespace("shop").ttl(Duration::from_secs(600)).audience("registry");
/// assert_eq!(request.namespace, "shop");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct TokenRequest {
    /// The namespace of the account, which the role must allow.
    #[serde(rename = "kubernetes_namespace")]
    pub namespace: String,
    /// Whether the account that is made is bound in the whole cluster instead of in its namespace.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cluster_role_binding: bool,
    /// How long it is to live, in whole seconds; the role's default if not set.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    pub ttl: Option<Duration>,
    /// Whom it is for; the role's default if empty.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "comma_separated")]
    pub audiences: Vec<String>,
}

impl TokenRequest {
    /// A token of an account in `namespace`.
    pub fn in_namespace(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), cluster_role_binding: false, ttl: None, audiences: Vec::new() }
    }

    /// Binds the account that is made in the whole cluster.
    pub fn cluster_role_binding(mut self) -> Self {
        self.cluster_role_binding = true;
        self
    }

    /// Asks for this life.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Asks for one more audience.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }
}

#[allow(clippy::ref_option, reason = "the signature that serde calls")]
fn seconds<S: serde::Serializer>(ttl: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(ttl.map_or(0, |ttl| ttl.as_secs().max(1)))
}

fn comma_separated<S: serde::Serializer>(audiences: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&audiences.join(","))
}

/// Makes tokens of service accounts that live as long as their lease.
///
/// Kubernetes cannot take a token back: one of an account that existed before lives to its own end, whatever becomes
/// of the lease. What the engine made for the lease (an account, a role, a binding) goes with it.
#[async_trait]
pub trait ServiceAccountTokens: fmt::Debug + Send + Sync + 'static {
    /// Makes a token by `role`. Repeated only when it is certain that the request had no effect.
    ///
    /// # Errors
    /// Codes `unknown_role`, `backend_down` and `backend_refused` (Kubernetes), `permission_denied` if the role does
    /// not allow the namespace.
    ///
    /// # Cancel safety
    /// One token may have been made that nobody knows; it ends with its term.
    async fn issue(&self, role: &RoleName, request: &TokenRequest) -> Result<Lease<ServiceAccountToken>>;

    /// Ends a lease, and removes what was made for it. One that has ended already is a success.
    ///
    /// # Errors
    /// Codes `backend_down` and `backend_refused`; the lease is then still there, and the server tries again.
    ///
    /// # Cancel safety
    /// The lease may or may not have been ended; call it again.
    async fn revoke(&self, lease: &LeaseId) -> Result<()>;
}
