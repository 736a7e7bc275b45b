//! Certificates, as an application asks for them.

use std::fmt;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};
use serde::Deserialize;

use super::{Certificate, CertificateRequest, KeyType, PublicKey, Serial, SshIssuerRef};
use crate::RoleName;

/// Signs the keys of users and hosts: the SSH engine at one mount.
///
/// The server keeps nothing of what it signs, so all of it is repeated after passing faults.
///
/// Errors common to all: codes `unknown_issuer` (nobody signs yet), `permission_denied`, `unknown_mount`, `sealed` and the
/// others of the crate. Of [`sign`](Self::sign) and [`issue`](Self::issue), too: `unknown_role`; `not_allowed_by_role`,
/// where the server's words say what of the request the role forbids; `unsupported_by_key` if the role wants signatures
/// that the issuer's key cannot make.
///
/// # Cancel safety
/// A dropped call changes nothing.
///
/// ```
/// use catalyst_openbao::ssh::{CertificateRequest, Principal, PublicKey};
/// use catalyst_openbao::{Result, RoleName, SshAuthority};
///
/// /// What goes into `~/.ssh/id_ed25519-cert.pub`.
/// async fn let_in(ssh: &dyn SshAuthority, role: &RoleName, key: &PublicKey, user: Principal) -> Result<String> {
///     let signed = ssh.sign(role, key, &CertificateRequest::user().principal(user)).await?;
///     Ok(signed.certificate.to_string())
/// }
/// ```
#[async_trait]
pub trait SshAuthority: fmt::Debug + Send + Sync + 'static {
    /// The key of the default issuer, which hosts and clients are to trust (`GET public_key`). Asked without a token:
    /// everybody may know it.
    async fn public_key(&self) -> Result<PublicKey>;

    /// Has a key certified (`POST sign/<role>`).
    async fn sign(&self, role: &RoleName, key: &PublicKey, request: &CertificateRequest)
    -> Result<SignedKey>;

    /// A new key with its certificate (`POST issue/<role>`). Better is a key that was made where it is used, and
    /// [signed](Self::sign): its private half never travels.
    ///
    /// A role that lists sizes of keys issues no ECDSA keys: the server does not find them in its list.
    async fn issue(
        &self,
        role: &RoleName,
        key_type: KeyType,
        request: &CertificateRequest,
    ) -> Result<IssuedKey>;
}

/// A key that was certified.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SignedKey {
    /// The certificate.
    #[serde(rename = "signed_key")]
    pub certificate: Certificate,
    /// The issuer that signed it.
    #[serde(rename = "issuer_id")]
    pub issuer: SshIssuerRef,
}

impl SignedKey {
    /// A certificate of this issuer, for tests.
    pub fn new(certificate: Certificate, issuer: SshIssuerRef) -> Self {
        Self { certificate, issuer }
    }

    /// The number of the certificate.
    pub fn serial(&self) -> Serial {
        self.certificate.serial()
    }
}

/// A new key, and its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct IssuedKey {
    /// The private key, in PEM. The server shows it once.
    pub private_key: Secret,
    /// The certificate, and who signed it.
    #[serde(flatten)]
    pub signed: SignedKey,
}

impl IssuedKey {
    /// A key with its certificate, for tests.
    pub fn new(private_key: Secret, signed: SignedKey) -> Self {
        Self { private_key, signed }
    }
}
