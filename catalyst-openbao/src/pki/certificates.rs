//! Certificates that were issued.

use std::time::SystemTime;

use catalyst_core::{ErrorKind, Result, Secret};
use serde::{Deserialize, Serialize};

use super::authority::maybe_name;
use super::client::refused;
use super::issued::UnixTime;
use super::{CertificatePem, IssuerRef, Pki, SerialNumber};
use crate::wire::Exposed;

const READ: &str = "read certificate";

/// A certificate that the mount keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// Its number.
    pub serial: SerialNumber,
    /// The certificate.
    pub certificate: CertificatePem,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
    /// Who issued it; the server says so of those that are revoked.
    pub issuer: Option<IssuerRef>,
}

impl Pki {
    /// A certificate (`GET cert/:serial`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `certificate_not_found`, also for those of roles that keep none.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn certificate(&self, serial: &SerialNumber) -> Result<Certificate> {
        let path = [self.mount.escaped(), "/cert/", serial.as_str()];
        let found: Option<CertificateWire> = self.ask(READ, &path).read_maybe().await?;
        let wire = found.ok_or_else(|| {
            let help = "the number is wrong, the certificate was tidied away, or its role keeps none";
            refused(ErrorKind::NotFound, READ, "certificate_not_found", help)
        })?;
        Ok(Certificate {
            serial: serial.clone(),
            certificate: wire.certificate,
            revoked_at: wire.revocation_time.map(|time| time.0).filter(|at| *at > SystemTime::UNIX_EPOCH),
            issuer: wire.issuer_id,
        })
    }

    /// At most `limit` numbers of certificates that the mount keeps, those of its issuers among them, which follow `after`
    /// in the order of numbers (`LIST certs`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn certificates(&self, after: Option<&SerialNumber>, limit: u32) -> Result<Vec<SerialNumber>> {
        self.page("list certificates", "/certs", after, limit).await
    }

    /// The same of those that are revoked (`LIST certs/revoked`). Repeated after passing faults.
    ///
    /// # Errors
    /// Those of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn revoked(&self, after: Option<&SerialNumber>, limit: u32) -> Result<Vec<SerialNumber>> {
        self.page("list revoked certificates", "/certs/revoked", after, limit).await
    }

    async fn page(
        &self,
        operation: &'static str,
        way: &str,
        after: Option<&SerialNumber>,
        limit: u32,
    ) -> Result<Vec<SerialNumber>> {
        let query = match after {
            Some(after) => format!("?after={after}&limit={limit}"),
            None => format!("?limit={limit}"),
        };
        let path = [self.mount.escaped(), way, &query];
        let listed: Option<Serials> = self.ask(operation, &path).list_maybe().await?;
        Ok(listed.map(|listed| listed.keys).unwrap_or_default())
    }

    /// Revokes a certificate that need not be kept here, only issued (`POST revoke`). One that is revoked or has expired is
    /// a success. Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `foreign_certificate` if no issuer of this mount signed it, `own_revocation` for an issuer's own.
    ///
    /// # Cancel safety
    /// It may or may not be revoked; call it again.
    pub async fn revoke_certificate(&self, certificate: &CertificatePem) -> Result<()> {
        let path = [self.mount.escaped(), "/revoke"];
        self.ask("revoke certificate", &path).write(&Presented { certificate }).await
    }

    /// Revokes a certificate as its owner may, who shows that they have its key, in PEM (`POST revoke-with-key`). Repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Code `key_mismatch` if it is not its key; and those of [`Pki::revoke_certificate`].
    ///
    /// # Cancel safety
    /// It may or may not be revoked; call it again.
    pub async fn revoke_with_key(&self, certificate: &CertificatePem, key: &Secret) -> Result<()> {
        let path = [self.mount.escaped(), "/revoke-with-key"];
        let body = Owned { certificate, private_key: Exposed(key) };
        self.ask("revoke certificate with its key", &path).write(&body).await
    }
}

#[derive(Deserialize)]
struct CertificateWire {
    certificate: CertificatePem,
    #[serde(default)]
    revocation_time: Option<UnixTime>,
    #[serde(default, deserialize_with = "maybe_name")]
    issuer_id: Option<IssuerRef>,
}

#[derive(Deserialize)]
struct Serials {
    #[serde(default)]
    keys: Vec<SerialNumber>,
}

#[derive(Serialize)]
struct Presented<'a> {
    certificate: &'a CertificatePem,
}

#[derive(Serialize)]
struct Owned<'a> {
    certificate: &'a CertificatePem,
    private_key: Exposed<'a>,
}
