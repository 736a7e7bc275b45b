//! Issuers.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::authority::maybe_name;
use super::issued::UnixTime;
use super::{AuthorityUrls, CertificatePem, IssuerKeyRef, IssuerRef, SerialNumber};
use crate::settings::setters;

/// What becomes of a certificate that would outlive its issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BeyondIssuer {
    /// It is refused.
    #[default]
    #[serde(rename = "err")]
    Refuse,
    /// It ends with its issuer.
    Truncate,
    /// It is issued as it is.
    Permit,
}

/// What an issuer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IssuerUsage {
    /// Be read.
    ReadOnly,
    /// Issue certificates.
    IssuingCertificates,
    /// Sign lists of revoked certificates.
    CrlSigning,
    /// Sign answers by OCSP.
    OcspSigning,
}

impl IssuerUsage {
    const ALL: [Self; 4] = [Self::ReadOnly, Self::IssuingCertificates, Self::CrlSigning, Self::OcspSigning];

    fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::IssuingCertificates => "issuing-certificates",
            Self::CrlSigning => "crl-signing",
            Self::OcspSigning => "ocsp-signing",
        }
    }
}

/// An issuer of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedIssuer {
    /// Its identifier.
    pub id: IssuerRef,
    /// Its name, if it has one.
    pub name: Option<IssuerRef>,
    /// Its key, if the mount has it.
    pub key: Option<IssuerKeyRef>,
    /// The number of its certificate.
    pub serial: SerialNumber,
    /// Whether it issues where none is named.
    pub is_default: bool,
}

#[derive(serde::Deserialize)]
pub(super) struct ListedIssuers {
    #[serde(default)]
    key_info: BTreeMap<IssuerRef, ListedWire>,
}

#[derive(serde::Deserialize)]
struct ListedWire {
    #[serde(default, deserialize_with = "maybe_name")]
    issuer_name: Option<IssuerRef>,
    #[serde(default, deserialize_with = "maybe_name")]
    key_id: Option<IssuerKeyRef>,
    serial_number: SerialNumber,
    #[serde(default)]
    is_default: bool,
}

impl From<ListedIssuers> for Vec<ListedIssuer> {
    fn from(wire: ListedIssuers) -> Self {
        let listed = wire.key_info.into_iter().map(|(id, wire)| ListedIssuer {
            id,
            name: wire.issuer_name,
            key: wire.key_id,
            serial: wire.serial_number,
            is_default: wire.is_default,
        });
        listed.collect()
    }
}

/// What is known of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issuer {
    /// Its identifier.
    pub id: IssuerRef,
    /// Its name, if it has one.
    pub name: Option<IssuerRef>,
    /// Its key, if the mount has it.
    pub key: Option<IssuerKeyRef>,
    /// Its certificate.
    pub certificate: CertificatePem,
    /// Its certificate and those above it, as far as the mount knows them.
    pub chain: Vec<CertificatePem>,
    /// What becomes of certificates that would outlive it.
    pub beyond: BeyondIssuer,
    /// What it may do.
    pub usage: Vec<IssuerUsage>,
    /// The addresses that stand in its certificates, where it has its own.
    pub urls: AuthorityUrls,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
}

#[derive(serde::Deserialize)]
struct IssuerWire {
    issuer_id: IssuerRef,
    #[serde(default, deserialize_with = "maybe_name")]
    issuer_name: Option<IssuerRef>,
    #[serde(default, deserialize_with = "maybe_name")]
    key_id: Option<IssuerKeyRef>,
    certificate: CertificatePem,
    #[serde(default)]
    ca_chain: Option<Vec<CertificatePem>>,
    #[serde(default)]
    leaf_not_after_behavior: BeyondIssuer,
    #[serde(default)]
    usage: String,
    #[serde(flatten)]
    urls: AuthorityUrls,
    #[serde(default)]
    revocation_time: Option<UnixTime>,
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = IssuerWire::deserialize(deserializer)?;
        let has = |usage: &IssuerUsage| wire.usage.split(',').any(|word| word == usage.as_str());
        Ok(Self {
            usage: IssuerUsage::ALL.into_iter().filter(has).collect(),
            id: wire.issuer_id,
            name: wire.issuer_name,
            key: wire.key_id,
            certificate: wire.certificate,
            chain: wire.ca_chain.unwrap_or_default(),
            beyond: wire.leaf_not_after_behavior,
            urls: wire.urls,
            revoked_at: wire.revocation_time.map(|time| time.0),
        })
    }
}

/// What is to change of an issuer; the rest stays.
///
/// ```
/// use catalyst_openbao::pki::{BeyondIssuer, IssuerUpdate};
///
/// let update = IssuerUpdate::new().name("root-2026".parse()?).beyond(BeyondIssuer::Truncate);
/// # let _ = update;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IssuerUpdate {
    /// Its name.
    #[serde(rename = "issuer_name", skip_serializing_if = "Option::is_none")]
    pub name: Option<IssuerRef>,
    /// What becomes of certificates that would outlive it.
    #[serde(rename = "leaf_not_after_behavior", skip_serializing_if = "Option::is_none")]
    pub beyond: Option<BeyondIssuer>,
    /// What it may do; empty leaves it as it is.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "words")]
    pub usage: Vec<IssuerUsage>,
    /// The addresses that stand in its certificates.
    #[serde(flatten)]
    pub urls: Option<AuthorityUrls>,
}

impl IssuerUpdate {
    /// Nothing changes.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Its name.
        name: some IssuerRef;
        /// What becomes of certificates that would outlive it.
        beyond: some BeyondIssuer;
        /// What it may do.
        usage: list IssuerUsage;
        /// The addresses that stand in its certificates.
        urls: some AuthorityUrls;
    }
}

fn words<S: Serializer>(usage: &[IssuerUsage], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&usage.iter().map(|usage| usage.as_str()).collect::<Vec<_>>().join(","))
}

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[non_exhaustive]
pub struct Imported {
    /// Issuers that are new.
    #[serde(rename = "imported_issuers", default, deserialize_with = "some")]
    pub issuers: Vec<IssuerRef>,
    /// Keys that are new.
    #[serde(rename = "imported_keys", default, deserialize_with = "some")]
    pub keys: Vec<IssuerKeyRef>,
    /// Issuers that were there.
    #[serde(default, deserialize_with = "some")]
    pub existing_issuers: Vec<IssuerRef>,
    /// Keys that were there.
    #[serde(default, deserialize_with = "some")]
    pub existing_keys: Vec<IssuerKeyRef>,
}

fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
