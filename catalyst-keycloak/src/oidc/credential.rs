//! How a client proves who it is, as a sum type: there is not always a secret.

use std::fmt;
use std::sync::Arc;

use catalyst_core::{AssertionSource, Result, Secret};

use crate::jose::SigningKey;

/// The proof of a client at the token endpoint. `Debug` shows its kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientCredential {
    /// A secret, sent in the body (`client_secret_post`).
    Secret(Secret),
    /// A fresh assertion for each request, signed with this key (`private_key_jwt`, RFC 7523).
    PrivateKeyJwt(Arc<SigningKey>),
    /// The certificate that the TLS settings present (RFC 8705).
    MutualTls,
    /// A JWT-SVID, asked for each request (`jwt-spiffe`). Its one audience is the issuer.
    JwtSvid(Arc<dyn AssertionSource>),
    /// An assertion of another issuer, such as a Kubernetes service account token (`jwt-bearer`).
    Federated(Arc<dyn AssertionSource>),
    /// None: a public client.
    Public,
}

impl ClientCredential {
    /// Whether the server finds the client by the assertion, so that no identifier goes along.
    pub(crate) fn is_of_another_issuer(&self) -> bool {
        matches!(self, Self::JwtSvid(_) | Self::Federated(_))
    }

    /// Whether asking with `other` after a refusal would be asking the same again.
    pub(crate) fn is_same_secret(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Secret(one), Self::Secret(two)) => one == two,
            (Self::PrivateKeyJwt(one), Self::PrivateKeyJwt(two)) => Arc::ptr_eq(one, two),
            (Self::JwtSvid(one), Self::JwtSvid(two)) | (Self::Federated(one), Self::Federated(two)) => {
                Arc::ptr_eq(one, two)
            }
            (Self::MutualTls, Self::MutualTls) | (Self::Public, Self::Public) => true,
            _ => false,
        }
    }
}

/// Where the credential of the next request comes from: a fixed one, or one that rotates.
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// The credential in force now. Never waits.
    ///
    /// # Errors
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired) if there is none any more.
    fn credential(&self) -> Result<ClientCredential>;
}

impl CredentialSource for ClientCredential {
    fn credential(&self) -> Result<ClientCredential> {
        Ok(self.clone())
    }
}
