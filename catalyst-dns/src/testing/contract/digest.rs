//! The digest of a key, computed from the RFC and from nothing else.

use aws_lc_rs::digest;

use crate::{Dnskey, Ds, ZoneName};

/// The DS with SHA-256 of a zone's key (RFC 4034 section 5.1.4, RFC 4509). The zone's name has no escapes in it.
pub(super) fn sha256(zone: &ZoneName, key: &Dnskey) -> Ds {
    let mut rdata = key.flags.to_be_bytes().to_vec();
    rdata.extend([key.protocol, key.algorithm]);
    rdata.extend_from_slice(&key.public_key);
    let mut input = Vec::new();
    for label in zone.apex().labels() {
        input.extend(u8::try_from(label.len()));
        input.extend_from_slice(label.as_bytes());
    }
    input.push(0);
    input.extend_from_slice(&rdata);
    let (key_tag, algorithm) = (key_tag(&rdata), key.algorithm);
    let digest = digest::digest(&digest::SHA256, &input).as_ref().to_vec();
    Ds { key_tag, algorithm, digest_type: 2, digest }
}

/// RFC 4034 appendix B, as it stands there.
fn key_tag(rdata: &[u8]) -> u16 {
    let mut accumulated: u32 = 0;
    for (index, byte) in rdata.iter().enumerate() {
        accumulated += if index & 1 == 1 { u32::from(*byte) } else { u32::from(*byte) << 8 };
    }
    accumulated += (accumulated >> 16) & 0xffff;
    u16::try_from(accumulated & 0xffff).unwrap_or_default()
}
