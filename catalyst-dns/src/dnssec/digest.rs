//! Digests and tags of keys.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};
use catalyst_core::{Error, ErrorKind, Result};

use super::ZoneKey;
use crate::query::label_octets;
use crate::{Dnskey, DomainName, Ds, ZoneName};

/// How the key of a zone is digested for its parent (IANA). SHA-1 is no longer to be used (RFC 8624 section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-256 (RFC 4509): what every validator knows.
    Sha256,
    /// SHA-384 (RFC 6605).
    Sha384,
}

impl DigestAlgorithm {
    /// The number in the DS record.
    pub fn number(self) -> u8 {
        match self {
            Self::Sha256 => 2,
            Self::Sha384 => 4,
        }
    }

    /// The algorithm with this number, if it is one that is computed here.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Sha256, Self::Sha384].into_iter().find(|known| known.number() == number)
    }
}

impl Ds {
    /// The DS record that the parent of `zone` has for `key`, with a SHA-256 digest (RFC 4034 section 5.1.4, RFC 4509).
    ///
    /// ```
    /// use catalyst_dns::{Dnskey, Ds, RecordData, RecordType, ZoneName};
    ///
    /// let zone: ZoneName = "example.net".parse()?;
    /// let key = "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
    /// let RecordData::Dnskey(key) = RecordData::parse(RecordType::Dnskey, key)? else { unreachable!() };
    /// let ds = Ds::from_dnskey(&zone, &key);
    /// assert_eq!(ds.to_string(), "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17");
    /// # Ok::<(), catalyst_dns::Error>(())
    /// ```
    pub fn from_dnskey(zone: &ZoneName, key: &Dnskey) -> Self {
        Self::with_digest(zone, key, DigestAlgorithm::Sha256)
    }

    /// The same with another digest.
    pub fn with_digest(zone: &ZoneName, key: &Dnskey, algorithm: DigestAlgorithm) -> Self {
        let hash = match algorithm {
            DigestAlgorithm::Sha256 => &SHA256,
            DigestAlgorithm::Sha384 => &SHA384,
        };
        Self::with_hash(zone.apex(), key, algorithm.number(), hash)
    }

    fn with_hash(zone: &DomainName, key: &Dnskey, digest_type: u8, hash: &'static Algorithm) -> Self {
        let mut octets = wire(zone);
        octets.extend(rdata(key));
        Self {
            key_tag: key.key_tag(),
            algorithm: key.algorithm,
            digest_type,
            digest: digest(hash, &octets).as_ref().to_vec(),
        }
    }

    /// Whether this is the digest of `key` in `zone`; never for digests that are not computed here.
    pub fn is_of(&self, zone: &ZoneName, key: &Dnskey) -> bool {
        DigestAlgorithm::from_number(self.digest_type)
            .is_some_and(|algorithm| *self == Self::with_digest(zone, key, algorithm))
    }
}

/// Whether a DS that is in a parent already is the digest of `key`, even by SHA-1, which validators still take (RFC 8624
/// section 3.3) and which is never computed for a new one.
pub(crate) fn is_served_digest(ds: &Ds, zone: &DomainName, key: &Dnskey) -> bool {
    let hash = match ds.digest_type {
        1 => &SHA1_FOR_LEGACY_USE_ONLY,
        2 => &SHA256,
        4 => &SHA384,
        _ => return false,
    };
    *ds == Ds::with_hash(zone, key, ds.digest_type, hash)
}

/// Whether a DS may mean `key`: by its digest, or by its tag where the digest is not computed here.
pub(super) fn may_mean(ds: &Ds, zone: &ZoneName, key: &Dnskey) -> bool {
    let unknown = DigestAlgorithm::from_number(ds.digest_type).is_none();
    ds.is_of(zone, key) || (unknown && ds.key_tag == key.key_tag() && ds.algorithm == key.algorithm)
}

impl Dnskey {
    /// The tag by which signatures and DS records name the key (RFC 4034 appendix B).
    pub fn key_tag(&self) -> u16 {
        if self.algorithm == 1 {
            // RSA/MD5 takes the tag from the modulus (appendix B.1).
            let tail = self.public_key.len().checked_sub(3).and_then(|at| self.public_key.get(at..at + 2));
            return tail.map_or(0, |octets| u16::from_be_bytes([octets[0], octets[1]]));
        }
        let sum: u32 = rdata(self)
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
            .fold(0, u32::wrapping_add);
        u16::try_from((sum + (sum >> 16)) & 0xffff).unwrap_or(0)
    }

    /// Whether the key signs keys, and so stands in the parent (the SEP flag, RFC 4034 section 2.1.1).
    pub fn is_entry_point(&self) -> bool {
        self.flags & 1 == 1
    }

    /// Whether it signs the zone, and is not revoked (RFC 5011 section 3).
    pub fn is_zone_key(&self) -> bool {
        self.flags & 0x100 != 0 && self.flags & 0x80 == 0 && self.protocol == 3
    }
}

/// Compares the digests that a server offers for its key with what they must be.
pub(super) fn check(zone: &ZoneName, key: &ZoneKey) -> Result<()> {
    for offered in &key.ds {
        let Some(algorithm) = DigestAlgorithm::from_number(offered.digest_type) else { continue };
        let computed = Ds::with_digest(zone, &key.dnskey, algorithm);
        if computed != *offered {
            return Err(Error::new(ErrorKind::Decode, "compare the digest of a key")
                .with_code("ds_mismatch")
                .with_target(format!("{} key {}", zone.as_str(), key.id))
                .with_help(format!(
                    "the server offers DS {offered}, but its key has DS {computed}; give neither to the parent"
                )));
        }
    }
    Ok(())
}

/// The name as digests take it: lower case, without compression.
fn wire(name: &DomainName) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.as_str().len() + 1);
    for label in name.labels() {
        let octets = label_octets(label);
        // A label has at most 63 octets.
        out.push(u8::try_from(octets.len()).unwrap_or(u8::MAX));
        out.extend(octets);
    }
    out.push(0);
    out
}

fn rdata(key: &Dnskey) -> Vec<u8> {
    let mut out = key.flags.to_be_bytes().to_vec();
    out.extend([key.protocol, key.algorithm]);
    out.extend(&key.public_key);
    out
}
