//! What the mount keeps.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::engine::Pki;
use super::fields::Fields;
use crate::mock::model::Refusal;
use crate::pki::{CertificatePem, SerialNumber};

/// A certificate, read.
#[derive(Clone)]
pub(super) struct Parsed {
    /// Without a line end behind it.
    pub(super) pem: String,
    pub(super) der: Vec<u8>,
    pub(super) serial: String,
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    /// Seconds since 1970.
    pub(super) ends: u64,
    pub(super) is_authority: bool,
}

impl Parsed {
    pub(super) fn read(certificate: &CertificatePem) -> Option<Self> {
        let der = certificate.der().to_vec();
        let (_, read) = X509Certificate::from_der(&der).ok()?;
        let serial = SerialNumber::from_bytes(read.raw_serial()).ok()?.to_string();
        Some(Self {
            pem: certificate.as_str().to_owned(),
            serial,
            subject: read.subject().as_raw().to_vec(),
            issuer: read.issuer().as_raw().to_vec(),
            public_key: read.public_key().raw.to_vec(),
            ends: u64::try_from(read.validity().not_after.timestamp()).unwrap_or(0),
            is_authority: read.is_ca(),
            der,
        })
    }

    pub(super) fn is_root(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether `issuer` signed it.
    pub(super) fn is_signed_by(&self, issuer: &Self) -> bool {
        let (Ok((_, read)), Ok((_, above))) =
            (X509Certificate::from_der(&self.der), X509Certificate::from_der(&issuer.der))
        else {
            return false;
        };
        self.issuer == issuer.subject && read.verify_signature(Some(above.public_key())).is_ok()
    }
}

#[derive(Clone)]
pub(super) struct KeyRecord {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) pkcs8: Vec<u8>,
    /// As it stands in certificates.
    pub(super) public_key: Vec<u8>,
}

#[derive(Clone)]
pub(super) struct IssuerRecord {
    pub(super) name: String,
    /// Empty if the mount has none.
    pub(super) key: String,
    pub(super) certificate: Parsed,
    /// `err`, `truncate` or `permit`.
    pub(super) beyond: String,
    pub(super) usage: Vec<String>,
    pub(super) urls: Fields,
    /// Seconds since 1970.
    pub(super) revoked: Option<u64>,
    pub(super) lists: Option<Lists>,
}

/// The lists that were made last.
#[derive(Clone)]
pub(super) struct Lists {
    pub(super) whole: String,
    pub(super) delta: String,
    /// Seconds since 1970.
    pub(super) made: u64,
    /// The numbers in the whole one.
    pub(super) holds: Vec<String>,
}

#[derive(Clone)]
pub(super) struct CertificateRecord {
    pub(super) certificate: Parsed,
    /// The issuer's identifier.
    pub(super) issuer: String,
    /// Seconds since 1970.
    pub(super) revoked: Option<u64>,
    pub(super) lease: Option<String>,
    /// Kept so that the list can have it, but not found by its number before that.
    pub(super) hidden: bool,
}

impl Pki {
    /// The identifier of an issuer.
    pub(super) fn resolve(&self, reference: &str) -> Result<String, Refusal> {
        if reference == "default" {
            return match self.default_issuer.as_str() {
                "" => Err(Refusal::internal("no default issuer currently configured")),
                id => Ok(id.to_owned()),
            };
        }
        let named = |(id, issuer): &(&String, &IssuerRecord)| *id == reference || issuer.name == reference;
        self.issuers.iter().find(named).map(|(id, _)| id.clone()).ok_or_else(|| {
            Refusal::internal(&format!("unable to find PKI issuer for reference: {reference}"))
        })
    }

    /// The identifier of a key.
    pub(super) fn resolve_key(&self, reference: &str) -> Result<String, Refusal> {
        if reference == "default" {
            let id = self.resolve("default")?;
            return Ok(self.issuers[&id].key.clone());
        }
        let named = |(id, key): &(&String, &KeyRecord)| *id == reference || key.name == reference;
        let found = self.keys.iter().find(named).map(|(id, _)| id.clone());
        found.ok_or_else(|| Refusal::internal(&format!("unable to find PKI key for reference: {reference}")))
    }

    /// The certificate of an issuer and those above it.
    pub(super) fn chain_of(&self, issuer: &str) -> Vec<Parsed> {
        let mut chain: Vec<Parsed> =
            self.issuers.get(issuer).map(|issuer| issuer.certificate.clone()).into_iter().collect();
        while let Some(last) = chain.last().filter(|last| !last.is_root() && chain.len() < 10) {
            let above = self.issuers.values().find(|issuer| last.is_signed_by(&issuer.certificate));
            let Some(above) = above.map(|issuer| issuer.certificate.clone()) else { break };
            chain.push(above);
        }
        chain
    }
}
