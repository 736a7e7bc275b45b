//! Roots and intermediates that are to be made.

use std::time::{Duration, SystemTime};

use catalyst_core::Secret;
use serde::{Deserialize, Serialize};

use super::issued::UnixTime;
use super::{CertificatePem, CsrPem, IssuerKeyRef, IssuerRef, KeyAlgorithm, SerialNumber};
use crate::settings::{maybe_text, seconds, setters};

/// What the certificate of an authority is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorityTerms {
    /// Its name.
    pub common_name: String,
    /// How long it is good for, in whole seconds; that of the mount unless set, and at most its maximum.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// How many levels of authorities may be below it; any number unless set. None below is zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_path_length: Option<u32>,
    /// It, and those below, issue for names in these domains only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permitted_dns_domains: Vec<String>,
    /// Organisations in the subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organization: Vec<String>,
    /// Units of organisations in the subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ou: Vec<String>,
    /// Countries in the subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub country: Vec<String>,
    /// To sign, the subject and the alternative names are those of the request for signing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub use_csr_values: bool,
    /// A name of an authority is none of a host, although it may look like one.
    exclude_cn_from_sans: bool,
}

impl AuthorityTerms {
    /// An authority of this name.
    pub fn new(common_name: impl Into<String>) -> Self {
        Self {
            common_name: common_name.into(),
            ttl: None,
            max_path_length: None,
            permitted_dns_domains: Vec::new(),
            organization: Vec::new(),
            ou: Vec::new(),
            country: Vec::new(),
            use_csr_values: false,
            exclude_cn_from_sans: true,
        }
    }

    setters! {
        /// How long it is good for, in whole seconds.
        ttl: some Duration;
        /// How many levels of authorities may be below it.
        max_path_length: some u32;
        /// It, and those below, issue for names in these domains only.
        permitted_dns_domains: list String;
        /// Organisations in the subject.
        organization: list String;
        /// Units of organisations in the subject.
        ou: list String;
        /// Countries in the subject.
        country: list String;
        /// Whether, to sign, subject and alternative names are those of the request for signing.
        use_csr_values: plain bool;
    }
}

/// The key of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorityKey {
    /// A new one, which never leaves the server.
    Internal(KeyAlgorithm),
    /// A new one, which is shown once.
    Exported(KeyAlgorithm),
    /// One that the mount has.
    Existing(IssuerKeyRef),
}

impl AuthorityKey {
    /// As it stands in the path.
    pub(super) fn way(&self) -> &'static str {
        match self {
            Self::Internal(_) => "internal",
            Self::Exported(_) => "exported",
            Self::Existing(_) => "existing",
        }
    }
}

/// An authority that is to be made. By default with a new key on the curve P-256 that never leaves the server.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::pki::{AuthorityTerms, NewAuthority};
///
/// let ten_years = Duration::from_secs(10 * 365 * 24 * 3600);
/// let root = NewAuthority::new(AuthorityTerms::new("Example Root").ttl(ten_years)).issuer_name("root-2026".parse()?);
/// # let _ = root;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewAuthority {
    /// What its certificate is to say.
    pub terms: AuthorityTerms,
    /// Its key.
    pub key: AuthorityKey,
    /// How the mount is to name the issuer; not for requests for signing.
    pub issuer_name: Option<IssuerRef>,
    /// How the mount is to name the key, if it is new.
    pub key_name: Option<IssuerKeyRef>,
}

impl NewAuthority {
    /// An authority.
    pub fn new(terms: AuthorityTerms) -> Self {
        let key = AuthorityKey::Internal(KeyAlgorithm::default());
        Self { terms, key, issuer_name: None, key_name: None }
    }

    setters! {
        /// Its key.
        key: plain AuthorityKey;
        /// How the mount is to name the issuer.
        issuer_name: some IssuerRef;
        /// How the mount is to name the key.
        key_name: some IssuerKeyRef;
    }

    pub(super) fn body(&self) -> NewAuthorityBody<'_> {
        let (key, key_ref) = match &self.key {
            AuthorityKey::Internal(algorithm) | AuthorityKey::Exported(algorithm) => {
                (Some(algorithm.wire()), None)
            }
            AuthorityKey::Existing(key) => (None, Some(key)),
        };
        NewAuthorityBody {
            terms: &self.terms,
            key,
            key_ref,
            issuer_name: self.issuer_name.as_ref(),
            key_name: self.key_name.as_ref(),
            private_key_format: "pkcs8",
        }
    }
}

/// As the server takes it.
#[derive(Serialize)]
pub(super) struct NewAuthorityBody<'a> {
    #[serde(flatten)]
    terms: &'a AuthorityTerms,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    key: Option<super::algorithm::KeyWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_ref: Option<&'a IssuerKeyRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_name: Option<&'a IssuerRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_name: Option<&'a IssuerKeyRef>,
    private_key_format: &'static str,
}

/// A root that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GeneratedAuthority {
    /// Its certificate.
    pub certificate: CertificatePem,
    /// The number of its certificate.
    pub serial: SerialNumber,
    /// Until when it is good, by the server's clock.
    pub expires_at: SystemTime,
    /// The issuer that it is now.
    pub issuer: IssuerRef,
    /// The key of the issuer.
    pub key: IssuerKeyRef,
    /// PKCS #8 in PEM, if it was to be [exported](AuthorityKey::Exported).
    pub private_key: Option<Secret>,
}

#[derive(Deserialize)]
pub(super) struct GeneratedWire {
    certificate: CertificatePem,
    serial_number: SerialNumber,
    expiration: UnixTime,
    issuer_id: IssuerRef,
    key_id: IssuerKeyRef,
    #[serde(default)]
    private_key: Option<Secret>,
}

impl From<GeneratedWire> for GeneratedAuthority {
    fn from(wire: GeneratedWire) -> Self {
        Self {
            certificate: wire.certificate,
            serial: wire.serial_number,
            expires_at: wire.expiration.0,
            issuer: wire.issuer_id,
            key: wire.key_id,
            private_key: wire.private_key,
        }
    }
}

/// The request for signing of an intermediate, whose key the mount keeps.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct IntermediateCsr {
    /// To be signed elsewhere; what comes back goes to [`Pki::set_signed`](super::Pki::set_signed).
    pub csr: CsrPem,
    /// The key.
    #[serde(rename = "key_id")]
    pub key: IssuerKeyRef,
    /// PKCS #8 in PEM, if it was to be [exported](AuthorityKey::Exported).
    #[serde(default)]
    pub private_key: Option<Secret>,
}

/// A name that may be empty.
pub(super) fn maybe_name<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err = catalyst_core::Error>,
{
    let text = maybe_text(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}
