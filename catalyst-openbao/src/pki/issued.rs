//! What was issued.

use std::time::{Duration, SystemTime};

use catalyst_core::tls::TlsIdentity;
use catalyst_core::{Result, Secret};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::pem::private_key;
use super::{CertificatePem, SerialNumber};
use crate::Lease;

/// A certificate, without its key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedCertificate {
    /// The certificate.
    pub certificate: CertificatePem,
    /// What stands between it and a root, its issuer first. See
    /// [`CertificateRequest::with_root`](super::CertificateRequest::with_root).
    pub chain: Vec<CertificatePem>,
    /// The certificate of its issuer.
    pub issuing_ca: CertificatePem,
    /// Its number, by which it is revoked.
    pub serial: SerialNumber,
    /// From when it is good, if the server says so: some seconds ago, for clocks that differ.
    pub not_before: Option<SystemTime>,
    /// Until when it is good, by the server's clock.
    pub expires_at: SystemTime,
    /// Where the role makes leases: when this one ends, also with its session, the certificate is revoked. It cannot be
    /// prolonged.
    pub lease: Option<Lease<()>>,
}

impl SignedCertificate {
    /// The certificate with its chain, as servers present it.
    pub fn with_chain(&self) -> Vec<CertificatePem> {
        std::iter::once(&self.certificate).chain(&self.chain).cloned().collect()
    }

    /// The same as one text in PEM.
    pub fn with_chain_pem(&self) -> String {
        let mut text = String::new();
        for certificate in std::iter::once(&self.certificate).chain(&self.chain) {
            text.push_str(certificate.as_str());
            text.push('\n');
        }
        text
    }
}

/// A certificate with its key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedCertificate {
    /// The certificate.
    pub signed: SignedCertificate,
    /// Its key: PKCS #8 in PEM. The server does not keep it.
    pub private_key: Secret,
}

impl IssuedCertificate {
    /// What a client presents to servers, or a server to clients: certificate, chain and key.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`](crate::ErrorKind::Tls) if TLS does not know such a key, or it is not that of the certificate.
    pub fn tls_identity(&self) -> Result<TlsIdentity> {
        let chain = std::iter::once(&self.signed.certificate).chain(&self.signed.chain);
        TlsIdentity::from_der(chain.map(|one| one.der().to_vec()).collect(), &private_key(&self.private_key)?)
    }
}

/// As the server answers. With `private_key` only where it made one.
#[derive(Deserialize)]
pub(super) struct SignedWire {
    certificate: CertificatePem,
    issuing_ca: CertificatePem,
    #[serde(default)]
    ca_chain: Option<Vec<CertificatePem>>,
    serial_number: SerialNumber,
    #[serde(default)]
    not_before: Option<UnixTime>,
    expiration: UnixTime,
    #[serde(default)]
    pub(super) private_key: Option<Secret>,
}

impl SignedWire {
    pub(super) fn into_signed(self, lease: Option<Lease<()>>) -> SignedCertificate {
        let mut chain = self.ca_chain.unwrap_or_default();
        // That of an intermediate begins with itself.
        chain.retain(|one| *one != self.certificate);
        SignedCertificate {
            certificate: self.certificate,
            chain,
            issuing_ca: self.issuing_ca,
            serial: self.serial_number,
            not_before: self.not_before.map(|time| time.0),
            expires_at: self.expiration.0,
            lease,
        }
    }
}

/// Seconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct UnixTime(pub(super) SystemTime);

impl<'de> Deserialize<'de> for UnixTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = Duration::from_secs(u64::deserialize(deserializer)?);
        let time = SystemTime::UNIX_EPOCH.checked_add(seconds).map(Self);
        time.ok_or_else(|| D::Error::custom("no such time"))
    }
}
