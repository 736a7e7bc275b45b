//! The client.

use std::sync::Arc;

use catalyst_core::{Error, ErrorKind};

use super::IssuerRef;
use crate::Mount;
use crate::api::Api;
use crate::ask::Ask;
use crate::issuing;
use crate::operation::Subject;
use crate::refusal::SERVICE;

/// The PKI engine at one mount; made by [`OpenBao::pki`](crate::OpenBao::pki). Cheap to clone.
///
/// Applications use its trait: [`CertificateAuthority`](crate::CertificateAuthority). Roles, issuers and the behaviour of
/// the mount are managed by its own functions. An issued certificate is the client identity of another client in one
/// line:
///
/// ```
/// use std::sync::Arc;
///
/// use catalyst_core::tls::TlsConfig;
/// use catalyst_openbao::pki::CertificateRequest;
/// use catalyst_openbao::{CertificateAuthority, Result, RoleName};
///
/// async fn tls(pki: &dyn CertificateAuthority, role: &RoleName) -> Result<TlsConfig> {
///     let issued = pki.issue(role, &CertificateRequest::new("orders.example.test")).await?;
///     Ok(TlsConfig::new().identity(Arc::new(issued.tls_identity()?)))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Pki {
    pub(crate) leasing: issuing::Issuer,
    pub(super) mount: Mount,
    /// The issuer to use; none is the default one.
    issuer: Option<IssuerRef>,
}

impl Pki {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { leasing: issuing::Issuer::new(api), mount, issuer: None }
    }

    /// The same with another issuer than the default one: it issues and signs, and chain and revocation list are its own.
    /// All else is of the whole mount. A role that names an issuer is overruled.
    #[must_use]
    pub fn by(&self, issuer: IssuerRef) -> Self {
        Self { issuer: Some(issuer), ..self.clone() }
    }

    pub(super) fn ask<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.leasing.api().at(Subject::Pki, operation, path)
    }

    /// The way to what an issuer does: behind the mount, or behind the issuer that is named.
    pub(super) fn way<'a>(&'a self, of_default: &'a str, of_named: &'a str) -> [&'a str; 4] {
        match &self.issuer {
            None => [self.mount.escaped(), "", "", of_default],
            Some(issuer) => [self.mount.escaped(), "/issuer/", issuer.escaped(), of_named],
        }
    }
}

pub(super) fn refused(
    kind: ErrorKind,
    operation: &'static str,
    code: &'static str,
    help: &'static str,
) -> Error {
    Error::new(kind, operation).with_service(SERVICE).with_code(code).with_help(help)
}
