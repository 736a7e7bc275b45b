//! Whether a DS is the digest of a key (RFC 4034 sections 5.1.4 and appendix B, RFC 4509, RFC 6605).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};

use crate::{Dnskey, DomainName, Ds};

/// Whether `ds` is the digest of `key` of the zone `owner`. A digest of an unknown type matches nothing.
pub(crate) fn matches(owner: &DomainName, key: &Dnskey, ds: &Ds) -> bool {
    let algorithm = match ds.digest_type {
        1 => &SHA1_FOR_LEGACY_USE_ONLY,
        2 => &SHA256,
        4 => &SHA384,
        _ => return false,
    };
    let data = rdata(key);
    if ds.algorithm != key.algorithm || ds.key_tag != key_tag(&data) {
        return false;
    }
    let mut message = wire_name(owner);
    message.extend_from_slice(&data);
    digest(algorithm, &message).as_ref() == ds.digest
}

fn rdata(key: &Dnskey) -> Vec<u8> {
    let mut data = key.flags.to_be_bytes().to_vec();
    data.extend([key.protocol, key.algorithm]);
    data.extend_from_slice(&key.public_key);
    data
}

fn key_tag(data: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for (index, byte) in data.iter().enumerate() {
        sum = sum.wrapping_add(if index % 2 == 0 { u32::from(*byte) << 8 } else { u32::from(*byte) });
    }
    let folded = sum.wrapping_add(sum >> 16 & 0xffff) & 0xffff;
    u16::try_from(folded).unwrap_or_default()
}

/// The name of a registered domain on the wire. It has letters, digits and hyphens only, so that there are no escapes.
fn wire_name(name: &DomainName) -> Vec<u8> {
    let mut wire = Vec::with_capacity(name.as_str().len() + 1);
    for label in name.labels() {
        wire.push(u8::try_from(label.len()).unwrap_or_default());
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordData, RecordType};

    fn parsed(key: &str, ds: &str) -> (Dnskey, Ds) {
        let key = RecordData::parse(RecordType::Dnskey, key).unwrap();
        let ds = RecordData::parse(RecordType::Ds, ds).unwrap();
        let (RecordData::Dnskey(key), RecordData::Ds(ds)) = (key, ds) else { panic!("other types") };
        (key, ds)
    }

    #[test]
    fn the_vectors_of_rfc_6605_match_their_keys_and_no_other() {
        let owner = "example.net".parse().unwrap();
        let (key, ds) = parsed(
            "257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
            "55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17",
        );
        assert!(matches(&owner, &key, &ds));
        assert!(!matches(&"example.org".parse().unwrap(), &key, &ds));
        assert!(!matches(&owner, &Dnskey { flags: 256, ..key }, &ds));
        let (key, ds) = parsed(
            "257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
            "10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6",
        );
        assert!(matches(&owner, &key, &ds));
    }
}
