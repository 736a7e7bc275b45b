//! The keys of a zone: made for real, so that what they sign can be validated.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::SecretBytes;
use serde_json::{Value, json};

use super::Refusal;
use crate::dnssec::{KeyId, KeyRole, ZoneKey};
use crate::{Dnskey, DomainName, Ds};

/// ECDSA P-256 with SHA-256 (RFC 6605), the only algorithm here.
pub(super) const ALGORITHM: u8 = 13;
/// The flags of a key that the parent's DS points to (RFC 4034 section 2.1.1).
pub(super) const SECURE_ENTRY: u16 = 257;

/// A key of a zone.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: u32,
    pub(crate) flags: u16,
    pub(crate) active: bool,
    pub(crate) published: bool,
    /// The private half, as PKCS #8.
    pkcs8: SecretBytes,
    public: Vec<u8>,
}

/// A key that is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewKey {
    pub(crate) flags: u16,
    pub(crate) active: bool,
    pub(crate) published: bool,
}

impl Key {
    pub(super) fn generate(id: u32, spec: NewKey) -> Result<Self, Refusal> {
        let broken = |_no_entropy| Refusal::status_only(500);
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(broken)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(broken)?;
        // The first byte says that the point is not compressed; DNS leaves it out (RFC 6605 section 4).
        let public = pair.public_key().as_ref().get(1..).unwrap_or_default().to_vec();
        let NewKey { flags, active, published } = spec;
        let pkcs8 = SecretBytes::new(pkcs8.as_ref().to_vec());
        Ok(Self { id, flags, active, published, pkcs8, public })
    }

    pub(crate) fn pkcs8(&self) -> &[u8] {
        self.pkcs8.expose()
    }

    pub(crate) fn dnskey(&self) -> Dnskey {
        Dnskey { flags: self.flags, protocol: 3, algorithm: ALGORITHM, public_key: self.public.clone() }
    }

    /// The digests that the server offers: SHA-1, SHA-256, SHA-384.
    fn digests(&self, zone: &DomainName) -> Vec<Ds> {
        let key = self.dnskey();
        let rdata = rdata(&key);
        let mut input = wire_name(zone);
        input.extend_from_slice(&rdata);
        let kinds: [(u8, &'static digest::Algorithm); 3] =
            [(1, &digest::SHA1_FOR_LEGACY_USE_ONLY), (2, &digest::SHA256), (4, &digest::SHA384)];
        let ds = |(digest_type, algorithm)| Ds {
            key_tag: key_tag(&rdata),
            algorithm: ALGORITHM,
            digest_type,
            digest: digest::digest(algorithm, &input).as_ref().to_vec(),
        };
        kinds.into_iter().map(ds).collect()
    }

    /// As ISC's tools write private keys.
    fn private(&self) -> Option<String> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, self.pkcs8()).ok()?;
        let scalar = pair.private_key().as_be_bytes().ok()?;
        let key = STANDARD.encode(scalar.as_ref());
        Some(format!("Private-key-format: v1.2\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: {key}\n"))
    }

    /// As the list of keys shows it; alone, it comes with its private half.
    pub(super) fn show(&self, zone: &DomainName, separate: bool, private: bool) -> Value {
        let mut shown = json!({
            "type": "Cryptokey", "id": self.id, "active": self.active, "published": self.published,
            "keytype": self.word(separate), "flags": self.flags, "dnskey": self.dnskey().to_string(),
            "algorithm": "ECDSAP256SHA256", "bits": 256,
        });
        if self.word(separate) != "zsk" {
            let digests: Vec<String> = self.digests(zone).iter().map(Ds::to_string).collect();
            shown["ds"] = digests.into();
        }
        if private {
            shown["privatekey"] = self.private().into();
        }
        shown
    }

    /// What the server calls the key. `separate` says that active keys of both flags share the work.
    pub(super) fn word(&self, separate: bool) -> &'static str {
        match (separate, self.flags) {
            (false, _) => "csk",
            (true, SECURE_ENTRY) => "ksk",
            (true, _) => "zsk",
        }
    }

    /// In this crate's own terms: what can only sign records is no CSK, whatever the server calls it.
    pub(crate) fn shown(&self, zone: &DomainName, separate: bool) -> ZoneKey {
        let role = match (self.flags, separate) {
            (SECURE_ENTRY, true) => KeyRole::Ksk,
            (SECURE_ENTRY, false) => KeyRole::Csk,
            _ => KeyRole::Zsk,
        };
        let ds = if self.word(separate) == "zsk" { Vec::new() } else { self.digests(zone) };
        let (active, published) = (self.active, self.published);
        ZoneKey { id: KeyId(self.id), role, active, published, dnskey: self.dnskey(), ds }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("flags", &self.flags)
            .field("active", &self.active)
            .field("published", &self.published)
            .finish_non_exhaustive()
    }
}

fn rdata(key: &Dnskey) -> Vec<u8> {
    let mut rdata = key.flags.to_be_bytes().to_vec();
    rdata.extend([key.protocol, key.algorithm]);
    rdata.extend_from_slice(&key.public_key);
    rdata
}

/// RFC 4034 appendix B.
fn key_tag(rdata: &[u8]) -> u16 {
    let sum: u32 = rdata
        .iter()
        .enumerate()
        .map(|(index, byte)| if index % 2 == 0 { u32::from(*byte) << 8 } else { u32::from(*byte) })
        .sum();
    u16::try_from((sum + (sum >> 16)) & 0xffff).unwrap_or(0)
}

/// The name on the wire, in lower case (RFC 4034 section 6.2).
fn wire_name(name: &DomainName) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name.labels() {
        let octets = unescaped(label);
        wire.push(u8::try_from(octets.len()).unwrap_or(0));
        wire.extend(octets);
    }
    wire.push(0);
    wire
}

/// The octets of a label as it is written.
fn unescaped(label: &str) -> Vec<u8> {
    let (mut octets, mut rest) = (Vec::new(), label.bytes());
    while let Some(byte) = rest.next() {
        let octet = match (byte, rest.clone().next()) {
            (b'\\', Some(first)) if first.is_ascii_digit() => {
                let digits = rest.by_ref().take(3);
                let value = digits.fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0'));
                u8::try_from(value).unwrap_or(0)
            }
            (b'\\', Some(_)) => rest.next().unwrap_or(0),
            _ => byte,
        };
        octets.push(octet.to_ascii_lowercase());
    }
    octets
}
