//! Records with digests and keys in them: DS, DNSKEY, TLSA, SSHFP.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::Result;

use super::RecordType;
use super::fields::{Fields, refused};

/// The digest of a child zone's key (RFC 4034 section 5); also the data of CDS (RFC 7344).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Ds {
    /// The tag of the key (RFC 4034 appendix B).
    pub key_tag: u16,
    /// The algorithm of the key (IANA): 13 is ECDSA P-256 with SHA-256.
    pub algorithm: u8,
    /// The algorithm of the digest (IANA): 2 is SHA-256.
    pub digest_type: u8,
    /// The digest.
    pub digest: Vec<u8>,
}

impl Ds {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let (key_tag, algorithm) = (fields.parse("the key tag")?, fields.parse("the algorithm")?);
        let digest_type = fields.parse("the digest type")?;
        let digest = hex(fields, "the digest")?;
        let size = match digest_type {
            1 => 20,
            2 | 3 => 32,
            4 => 48,
            _ => digest.len(),
        };
        if digest.len() != size {
            return Err(refused(fields.kind, format!("a digest of type {digest_type} has {size} bytes")));
        }
        Ok(Self { key_tag, algorithm, digest_type, digest })
    }
}

impl fmt::Display for Ds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.key_tag, self.algorithm, self.digest_type)?;
        write_hex(&self.digest, f)
    }
}

/// A key that signs a zone (RFC 4034 section 2); also the data of CDNSKEY (RFC 7344).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Dnskey {
    /// 256 for a key that signs the zone, 257 for one that signs its keys (RFC 4034 section 2.1.1).
    pub flags: u16,
    /// Always 3.
    pub protocol: u8,
    /// The algorithm (IANA).
    pub algorithm: u8,
    /// The public key, in the form of its algorithm.
    pub public_key: Vec<u8>,
}

impl Dnskey {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let (flags, protocol) = (fields.parse("the flags")?, fields.parse("the protocol")?);
        let algorithm = fields.parse("the algorithm")?;
        let text: String = fields.rest().split([' ', '\t']).collect();
        let public_key =
            STANDARD.decode(text).map_err(|_invalid| refused(fields.kind, "the public key is not base64"))?;
        Ok(Self { flags, protocol, algorithm, public_key })
    }
}

impl fmt::Display for Dnskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode(&self.public_key);
        write!(f, "{} {} {} {key}", self.flags, self.protocol, self.algorithm)
    }
}

/// A certificate to expect (RFC 6698 section 2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Tlsa {
    /// How the certificate is used, 0 to 3: 3 is the server's own.
    pub usage: u8,
    /// 0 for the certificate, 1 for its public key.
    pub selector: u8,
    /// 0 for the data itself, 1 for SHA-256, 2 for SHA-512.
    pub matching: u8,
    /// The data.
    pub data: Vec<u8>,
}

impl Tlsa {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let (usage, selector) = (fields.parse("the usage")?, fields.parse("the selector")?);
        let matching = fields.parse("the matching type")?;
        let data = hex(fields, "the certificate data")?;
        let fits = match matching {
            1 => data.len() == 32,
            2 => data.len() == 64,
            _ => true,
        };
        if usage > 3 || selector > 1 || matching > 2 || !fits {
            return Err(refused(
                fields.kind,
                "usage is 0 to 3, selector 0 or 1, matching 0 to 2 with its digest",
            ));
        }
        Ok(Self { usage, selector, matching, data })
    }
}

impl fmt::Display for Tlsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.usage, self.selector, self.matching)?;
        write_hex(&self.data, f)
    }
}

/// The fingerprint of an SSH host key (RFC 4255 section 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Sshfp {
    /// The algorithm of the key (IANA): 4 is Ed25519.
    pub algorithm: u8,
    /// The algorithm of the fingerprint (IANA): 2 is SHA-256.
    pub fingerprint_type: u8,
    /// The fingerprint.
    pub fingerprint: Vec<u8>,
}

impl Sshfp {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let (algorithm, fingerprint_type) = (fields.parse("the algorithm")?, fields.parse("the type")?);
        let fingerprint = hex(fields, "the fingerprint")?;
        let fits = match fingerprint_type {
            1 => fingerprint.len() == 20,
            2 => fingerprint.len() == 32,
            _ => true,
        };
        if !fits {
            return Err(refused(fields.kind, "a fingerprint has 20 bytes (type 1) or 32 (type 2)"));
        }
        Ok(Self { algorithm, fingerprint_type, fingerprint })
    }
}

impl fmt::Display for Sshfp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.algorithm, self.fingerprint_type)?;
        write_hex(&self.fingerprint, f)
    }
}

/// The rest of the content as hexadecimal digits, in which white space may stand.
fn hex(fields: &mut Fields<'_>, what: &'static str) -> Result<Vec<u8>> {
    let kind: RecordType = fields.kind;
    let digits: Vec<u8> = fields.rest().bytes().filter(|byte| !matches!(byte, b' ' | b'\t')).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(value(*high)? << 4 | value(*low)?),
            _ => None,
        })
        .collect();
    bytes
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| refused(kind, format!("{what} is not an even number of hexadecimal digits")))
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
