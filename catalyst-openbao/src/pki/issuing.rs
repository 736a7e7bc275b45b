//! Issuing over HTTP.

use async_trait::async_trait;
use catalyst_core::http::{Method, Request};
use catalyst_core::{ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::client::refused;
use super::issued::SignedWire;
use super::{
    CertificateAuthority, CertificatePem, CertificateRequest, CsrPem, IssuedCertificate, Pki, SerialNumber,
    SignedCertificate,
};
use crate::RoleName;
use crate::operation::{Operation, Subject};
use crate::transport::Call;

const ISSUE: &str = "issue certificate";

#[async_trait]
impl CertificateAuthority for Pki {
    async fn issue(&self, role: &RoleName, request: &CertificateRequest) -> Result<IssuedCertificate> {
        let [mount, issuer, which, action] = self.way("/issue/", "/issue/");
        let path = [mount, issuer, which, action, role.escaped()];
        let body = request.body(None);
        let body = |call: Request| call.json(&body);
        let call = Call::new(Operation::Of(Subject::Pki, ISSUE), Method::Post, &path).body(&body);
        let (mut wire, lease) = self.leasing.obtain::<SignedWire>(call, Some(role)).await?;
        let private_key = wire.private_key.take().ok_or_else(|| {
            refused(ErrorKind::Decode, ISSUE, "unreadable_answer", "the answer holds no private key")
        })?;
        Ok(IssuedCertificate { signed: wire.into_signed(lease), private_key })
    }

    async fn sign(
        &self,
        role: &RoleName,
        csr: &CsrPem,
        request: &CertificateRequest,
    ) -> Result<SignedCertificate> {
        self.sign_at("sign certificate", "/sign/", Some(role), csr, request).await
    }

    async fn revoke(&self, serial: &SerialNumber) -> Result<()> {
        let path = [self.mount.escaped(), "/revoke"];
        self.ask("revoke certificate", &path).write(&Revoked { serial_number: serial }).await
    }

    async fn chain(&self) -> Result<Vec<CertificatePem>> {
        let path = self.way("/issuer/default/json", "/json");
        Ok(self.ask("read certificate chain", &path).read::<Chain>().await?.ca_chain)
    }
}

impl Pki {
    /// A certificate that says what the request for signing says, whatever that is (`POST sign-verbatim/:role`). For those
    /// who may do everything: no name is checked. Of the role only its terms count; without one, those of the mount. Not
    /// repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `unknown_role`, `ttl_beyond_issuer`, `no_issuer`.
    ///
    /// # Cancel safety
    /// A certificate may or may not have been issued.
    pub async fn sign_verbatim(
        &self,
        role: Option<&RoleName>,
        csr: &CsrPem,
        request: &CertificateRequest,
    ) -> Result<SignedCertificate> {
        let way = if role.is_some() { "/sign-verbatim/" } else { "/sign-verbatim" };
        self.sign_at("sign certificate verbatim", way, role, csr, request).await
    }

    async fn sign_at(
        &self,
        operation: &'static str,
        way: &str,
        role: Option<&RoleName>,
        csr: &CsrPem,
        request: &CertificateRequest,
    ) -> Result<SignedCertificate> {
        let [mount, issuer, which, action] = self.way(way, way);
        let path = [mount, issuer, which, action, role.map_or("", RoleName::escaped)];
        let body = request.body(Some(csr));
        let body = |call: Request| call.json(&body);
        let call = Call::new(Operation::Of(Subject::Pki, operation), Method::Post, &path).body(&body);
        let (wire, lease) = self.leasing.obtain::<SignedWire>(call, role).await?;
        Ok(wire.into_signed(lease))
    }
}

#[derive(Serialize)]
struct Revoked<'a> {
    serial_number: &'a SerialNumber,
}

#[derive(Deserialize)]
struct Chain {
    ca_chain: Vec<CertificatePem>,
}
