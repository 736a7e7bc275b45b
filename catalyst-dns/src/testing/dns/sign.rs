//! Keys of signed zones, and signatures of record sets (RFC 4034 section 3).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use catalyst_core::{Error, ErrorKind, Result};

use super::reply::Rrset;
use super::wire;
use crate::dnssec::KeyRole;
use crate::{Dnskey, Ds, ZoneName};

/// ECDSA P-256 with SHA-256 (RFC 6605), the default of PowerDNS.
const ALGORITHM: u8 = 13;
const SHA_256: u8 = 2;
pub(super) const RRSIG: u16 = 46;
/// Signatures are valid from three hours ago, for clocks that are slow, to two weeks from now.
const BEFORE: u32 = 3 * 3600;
const AFTER: u32 = 14 * 86_400;

/// A key pair that signs a zone: ECDSA P-256 (algorithm 13). Cheap to clone.
///
/// ```
/// use catalyst_dns::dnssec::KeyRole;
/// use catalyst_dns::testing::dns::SigningKey;
///
/// let key = SigningKey::generate(KeyRole::Csk)?;
/// assert_eq!((key.dnskey().flags, key.dnskey().algorithm), (257, 13));
/// assert_eq!(key.ds(&"example.org".parse()?).digest.len(), 32);
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    role: KeyRole,
    pair: Arc<EcdsaKeyPair>,
    dnskey: Dnskey,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the machine has no randomness.
    pub fn generate(role: KeyRole) -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_unspecified| Error::new(ErrorKind::Other, "make a key of a zone"))?;
        // Without the octet that says that it is not compressed (RFC 6605 section 4).
        let public_key = pair.public_key().as_ref()[1..].to_vec();
        let flags = if role == KeyRole::Zsk { 256 } else { 257 };
        let dnskey = Dnskey { flags, protocol: 3, algorithm: ALGORITHM, public_key };
        Ok(Self { role, pair: Arc::new(pair), dnskey })
    }

    /// The key with this private half, as PKCS #8.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if it is no key of ECDSA P-256.
    pub(in crate::testing) fn from_pkcs8(role: KeyRole, dnskey: Dnskey, pkcs8: &[u8]) -> Result<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|_rejected| Error::new(ErrorKind::Other, "read a key of a zone"))?;
        Ok(Self { role, pair: Arc::new(pair), dnskey })
    }

    /// What it signs.
    pub fn role(&self) -> KeyRole {
        self.role
    }

    /// The public half, as the zone publishes it.
    pub fn dnskey(&self) -> &Dnskey {
        &self.dnskey
    }

    /// The tag (RFC 4034 appendix B).
    pub fn tag(&self) -> u16 {
        tag(&self.dnskey)
    }

    /// The digest for the parent zone (SHA-256).
    pub fn ds(&self, zone: &ZoneName) -> Ds {
        let mut data = wire::name(zone.apex());
        data.extend(wire::dnskey(&self.dnskey));
        let digest = digest(&SHA256, &data).as_ref().to_vec();
        Ds { key_tag: self.tag(), algorithm: ALGORITHM, digest_type: SHA_256, digest }
    }

    /// The data of an RRSIG over `set`; `None` if the machine has no randomness.
    pub(super) fn sign(&self, zone: &ZoneName, set: &Rrset, now: u32) -> Option<Vec<u8>> {
        let labels = set.source.labels().filter(|label| *label != "*").count();
        let mut rrsig = set.kind.to_be_bytes().to_vec();
        rrsig.extend([ALGORITHM, u8::try_from(labels).unwrap_or(u8::MAX)]);
        rrsig.extend(set.ttl.to_be_bytes());
        rrsig.extend(now.saturating_add(AFTER).to_be_bytes());
        rrsig.extend(now.saturating_sub(BEFORE).to_be_bytes());
        rrsig.extend(self.tag().to_be_bytes());
        rrsig.extend(wire::name(zone.apex()));
        let mut signed = rrsig.clone();
        let owner = wire::name(&set.source);
        let mut data: Vec<_> = set.data.iter().collect();
        data.sort_unstable();
        data.dedup();
        for data in data {
            signed.extend(&owner);
            signed.extend(set.kind.to_be_bytes());
            signed.extend(1_u16.to_be_bytes());
            signed.extend(set.ttl.to_be_bytes());
            signed.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
            signed.extend(data);
        }
        let signature = self.pair.sign(&SystemRandom::new(), &signed).ok()?;
        rrsig.extend(signature.as_ref());
        Some(rrsig)
    }
}

/// The sum of the key's octets (RFC 4034 appendix B).
pub(super) fn tag(key: &Dnskey) -> u16 {
    let data = wire::dnskey(key);
    let sum = data.chunks(2).fold(0_u32, |sum, pair| {
        sum + (u32::from(pair[0]) << 8) + u32::from(pair.get(1).copied().unwrap_or(0))
    });
    u16::try_from((sum + (sum >> 16 & 0xffff)) & 0xffff).unwrap_or(0)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("role", &self.role)
            .field("tag", &self.tag())
            .finish_non_exhaustive()
    }
}

impl PartialEq for SigningKey {
    fn eq(&self, other: &Self) -> bool {
        self.dnskey == other.dnskey
    }
}

impl Eq for SigningKey {}
