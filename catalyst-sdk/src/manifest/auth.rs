//! How the operator logs in to OpenBao.

use catalyst_openbao::{Mount, RoleName};

use super::yaml::Map;
use super::{NamespaceName, SecretKeyRef, ServiceAccountRef};

/// How the operator logs in. Credentials are named by where they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// With the token of a service account, which OpenBao has Kubernetes review.
    Kubernetes {
        /// Where the method is mounted.
        mount: Mount,
        /// The role to log in to.
        role: RoleName,
        /// Whose token.
        service_account: ServiceAccountRef,
    },
    /// With a JWT that OpenBao checks by itself.
    Jwt {
        /// Where the method is mounted.
        mount: Mount,
        /// The role to log in to.
        role: RoleName,
        /// Where the JWT comes from.
        token: JwtSource,
    },
    /// With a role's identifier and secret.
    AppRole {
        /// Where the method is mounted.
        mount: Mount,
        /// Where the identifier lies.
        role_id: SecretKeyRef,
        /// Where the secret lies.
        secret_id: SecretKeyRef,
    },
    /// With a client certificate, at the mount `cert`.
    Cert {
        /// Where the certificate lies.
        certificate: SecretKeyRef,
        /// Where its key lies.
        key: SecretKeyRef,
    },
    /// With a token that somebody renews.
    Token(SecretKeyRef),
}

/// Where a JWT comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtSource {
    /// Kubernetes issues it for a service account.
    ServiceAccount(ServiceAccountRef),
    /// It lies in a secret, such as one that holds a JWT-SVID.
    Secret(SecretKeyRef),
}

impl Auth {
    pub(super) fn node(&self) -> Map {
        match self {
            Self::Kubernetes { mount, role, service_account } => {
                let method = Map::new()
                    .field("mountPath", mount.as_str())
                    .field("role", role.as_str())
                    .field("serviceAccountRef", service_account.node());
                Map::new().field("kubernetes", method)
            }
            Self::Jwt { mount, role, token } => {
                let method = Map::new().field("path", mount.as_str()).field("role", role.as_str());
                let method = match token {
                    JwtSource::ServiceAccount(account) => method.field(
                        "kubernetesServiceAccountToken",
                        Map::new().field("serviceAccountRef", account.node()),
                    ),
                    JwtSource::Secret(key) => method.field("secretRef", key.node()),
                };
                Map::new().field("jwt", method)
            }
            Self::AppRole { mount, role_id, secret_id } => {
                let method = Map::new()
                    .field("path", mount.as_str())
                    .field("roleRef", role_id.node())
                    .field("secretRef", secret_id.node());
                Map::new().field("appRole", method)
            }
            Self::Cert { certificate, key } => {
                let method =
                    Map::new().field("clientCert", certificate.node()).field("secretRef", key.node());
                Map::new().field("cert", method)
            }
            Self::Token(key) => Map::new().field("tokenSecretRef", key.node()),
        }
    }

    /// The namespaces that it names.
    pub(super) fn namespaces(&self) -> Vec<&NamespaceName> {
        let named: [Option<&NamespaceName>; 2] = match self {
            Self::Kubernetes { service_account: account, .. }
            | Self::Jwt { token: JwtSource::ServiceAccount(account), .. } => {
                [account.namespace.as_ref(), None]
            }
            Self::Jwt { token: JwtSource::Secret(key), .. } | Self::Token(key) => {
                [key.namespace.as_ref(), None]
            }
            Self::AppRole { role_id: one, secret_id: other, .. }
            | Self::Cert { certificate: one, key: other } => {
                [one.namespace.as_ref(), other.namespace.as_ref()]
            }
        };
        named.into_iter().flatten().collect()
    }
}
