//! Certificates, as an application asks for them.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::Result;
use serde::Serialize;

use super::{CertificatePem, CsrPem, IssuedCertificate, KeyAlgorithm, SerialNumber, SignedCertificate};
use crate::RoleName;
use crate::settings::{setters, whole_seconds};

/// Issues certificates: the PKI engine at one mount.
///
/// Errors common to all: codes `no_issuer`, `permission_denied`, `unknown_mount`, `sealed` and the others of the crate.
///
/// ```
/// use catalyst_openbao::pki::CertificateRequest;
/// use catalyst_openbao::{CertificateAuthority, Result, RoleName};
///
/// async fn files(pki: &dyn CertificateAuthority, role: &RoleName) -> Result<(String, String)> {
///     let issued = pki.issue(role, &CertificateRequest::new("orders.example.test")).await?;
///     Ok((issued.signed.with_chain_pem(), issued.private_key.expose().to_owned()))
/// }
/// ```
#[async_trait]
pub trait CertificateAuthority: fmt::Debug + Send + Sync + 'static {
    /// A certificate with a key that the server makes and forgets (`POST issue/:role`). Each call makes another one; not
    /// repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `unknown_role`; `name_not_allowed` if the role forbids a name, an address or a URI; `ttl_beyond_issuer` if it
    /// would outlive its issuer. A TTL beyond the maximum of the role is no error: it is cut, with a warning, so compare
    /// [`SignedCertificate::expires_at`].
    ///
    /// # Cancel safety
    /// A certificate may or may not have been issued, whose key nobody has.
    async fn issue(&self, role: &RoleName, request: &CertificateRequest) -> Result<IssuedCertificate>;

    /// A certificate for a key that the caller keeps (`POST sign/:role`). The names of the request for signing count
    /// where the role says so, and it does unless set otherwise; then those in `request` are passed over, with a warning.
    /// Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// As of [`CertificateAuthority::issue`], and `key_not_allowed` if the role wants another kind of key.
    ///
    /// # Cancel safety
    /// A certificate may or may not have been issued.
    async fn sign(
        &self,
        role: &RoleName,
        csr: &CsrPem,
        request: &CertificateRequest,
    ) -> Result<SignedCertificate>;

    /// Puts a certificate on the revocation list (`POST revoke`). One that is there already is a success, and so is one
    /// that has expired, which is left as it is. Repeated after passing faults.
    ///
    /// # Errors
    /// Codes `certificate_not_found`, also for those of roles that keep none: see
    /// [`Pki::revoke_certificate`](super::Pki::revoke_certificate); `own_revocation` for an issuer's own.
    ///
    /// # Cancel safety
    /// It may or may not be revoked; call it again.
    async fn revoke(&self, serial: &SerialNumber) -> Result<()>;

    /// The certificate of the issuer and those above it, as far as the mount knows them (`GET issuer/:ref/json`).
    /// Repeated after passing faults.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It changes nothing.
    async fn chain(&self) -> Result<Vec<CertificatePem>>;
}

/// What a certificate is to say.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::pki::CertificateRequest;
///
/// let request = CertificateRequest::new("orders.example.test")
///     .alt_names(["orders"])
///     .uri_sans(["spiffe://example.test/orders"])
///     .ttl(Duration::from_secs(3600));
/// # let _ = request;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateRequest {
    /// The common name: a name of DNS or an address of e-mail, which stands among the alternative names, too.
    pub common_name: Option<String>,
    /// Other names of DNS and addresses of e-mail. None may hold a comma.
    pub alt_names: Vec<String>,
    /// Addresses of IP.
    pub ip_sans: Vec<IpAddr>,
    /// URIs, such as SPIFFE identifiers.
    pub uri_sans: Vec<String>,
    /// Names of other kinds: `<oid>;UTF8:<text>`.
    pub other_sans: Vec<String>,
    /// User identifiers in the subject.
    pub user_ids: Vec<String>,
    /// How long it is good for, in whole seconds; that of the role unless set.
    pub ttl: Option<Duration>,
    /// When it ends, to the second, in the place of a TTL. The role's maximum does not count for this unless the role says
    /// so.
    pub not_after: Option<SystemTime>,
    /// Leaves the common name out of the alternative names.
    pub exclude_cn_from_sans: bool,
    /// The kind of key, for roles that take any.
    pub key: Option<KeyAlgorithm>,
    /// Puts self-signed certificates into the chain, too. Those who check have the root from elsewhere, so it is left out
    /// unless set; then the chain below a root is empty.
    pub with_root: bool,
}

impl CertificateRequest {
    /// A certificate of this name.
    pub fn new(common_name: impl Into<String>) -> Self {
        Self { common_name: Some(common_name.into()), ..Self::default() }
    }

    /// A certificate without a common name, for roles that do without, and for requests for signing that have one.
    pub fn unnamed() -> Self {
        Self::default()
    }

    setters! {
        /// Other names of DNS and addresses of e-mail.
        alt_names: list String;
        /// Addresses of IP.
        ip_sans: list IpAddr;
        /// URIs, such as SPIFFE identifiers.
        uri_sans: list String;
        /// Names of other kinds: `<oid>;UTF8:<text>`.
        other_sans: list String;
        /// User identifiers in the subject.
        user_ids: list String;
        /// How long it is good for, in whole seconds.
        ttl: some Duration;
        /// When it ends, to the second.
        not_after: some SystemTime;
        /// Whether the common name is left out of the alternative names.
        exclude_cn_from_sans: plain bool;
        /// The kind of key, for roles that take any.
        key: some KeyAlgorithm;
        /// Whether self-signed certificates stand in the chain, too.
        with_root: plain bool;
    }
}

/// As the server takes it.
#[derive(Serialize)]
pub(super) struct RequestBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    csr: Option<&'a CsrPem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<&'a str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    alt_names: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ip_sans: &'a [IpAddr],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    uri_sans: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    other_sans: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    user_ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    exclude_cn_from_sans: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    key: Option<super::algorithm::KeyWire>,
    remove_roots_from_chain: bool,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_format: Option<&'static str>,
}

impl CertificateRequest {
    pub(super) fn body<'a>(&'a self, csr: Option<&'a CsrPem>) -> RequestBody<'a> {
        RequestBody {
            csr,
            common_name: self.common_name.as_deref(),
            alt_names: self.alt_names.join(","),
            ip_sans: &self.ip_sans,
            uri_sans: &self.uri_sans,
            other_sans: &self.other_sans,
            user_ids: &self.user_ids,
            ttl: self.ttl.map(whole_seconds),
            not_after: self.not_after.map(|end| humantime::format_rfc3339_seconds(end).to_string()),
            exclude_cn_from_sans: self.exclude_cn_from_sans,
            key: self.key.map(KeyAlgorithm::wire),
            remove_roots_from_chain: !self.with_root,
            format: "pem",
            private_key_format: csr.is_none().then_some("pkcs8"),
        }
    }
}
