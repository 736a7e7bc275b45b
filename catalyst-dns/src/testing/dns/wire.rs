//! Record data as octets, without compression and in lower case: what is sent, and what is signed (RFC 4034 section
//! 6.2).

use std::str::FromStr as _;

use hickory_proto::rr::{Name, RData, RecordType as WireType};
use hickory_proto::serialize::binary::{BinEncodable as _, BinEncoder, NameEncoding};

use crate::{Dnskey, DomainName, OtherData, RecordData, RecordType, SvcParam, Svcb};

/// A name.
pub(super) fn name(name: &DomainName) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.as_str().len() + 2);
    for label in name.octets() {
        out.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        out.extend(label);
    }
    out.push(0);
    out
}

pub(super) fn dnskey(key: &Dnskey) -> Vec<u8> {
    let mut out = key.flags.to_be_bytes().to_vec();
    out.extend([key.protocol, key.algorithm]);
    out.extend(&key.public_key);
    out
}

/// The number of a type; `None` for a name that hickory does not know either.
pub(super) fn code(kind: RecordType) -> Option<u16> {
    kind.code().or_else(|| WireType::from_str(kind.as_str()).ok().map(u16::from))
}

/// A name of a question, as ours.
pub(super) fn from_wire(name: &Name) -> Option<DomainName> {
    read_labels(name.iter())
}

/// A name from octets without compression.
pub(super) fn read_name(mut octets: &[u8]) -> Option<DomainName> {
    let mut labels = Vec::new();
    while let Some((length, rest)) = octets.split_first().filter(|(length, _)| **length > 0) {
        let (label, after) = rest.split_at_checked(usize::from(*length))?;
        labels.push(label);
        octets = after;
    }
    read_labels(labels.into_iter())
}

fn read_labels<'a>(labels: impl Iterator<Item = &'a [u8]>) -> Option<DomainName> {
    let mut text = String::new();
    for label in labels {
        for octet in label {
            text.push('\\');
            text.extend([octet / 100, octet / 10 % 10, octet % 10].map(|digit| char::from(b'0' + digit)));
        }
        text.push('.');
    }
    DomainName::from_server(if text.is_empty() { "." } else { &text }).ok()
}

/// A name of ours, for an answer.
pub(super) fn to_wire(name: &DomainName) -> Option<Name> {
    Name::from_labels(name.octets()).ok().map(|mut name| {
        name.set_fqdn(true);
        name
    })
}

/// The octets of `data`; `None` for what has none: types of PowerDNS' own, and types whose data cannot be read.
pub(super) fn data(data: &RecordData) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match data {
        RecordData::A(address) => out.extend(address.octets()),
        RecordData::Aaaa(address) => out.extend(address.octets()),
        RecordData::Cname(target)
        | RecordData::Ns(target)
        | RecordData::Ptr(target)
        | RecordData::Dname(target) => {
            out = name(target);
        }
        RecordData::Txt(text) => {
            let strings = text.as_bytes().chunks(255);
            let empty = text.as_bytes().is_empty().then_some(&[] as &[u8]);
            strings.chain(empty).for_each(|string| write_string(string, &mut out));
        }
        RecordData::Mx(mx) => {
            out.extend(mx.preference.to_be_bytes());
            out.extend(name(&mx.exchange));
        }
        RecordData::Srv(srv) => {
            out.extend([srv.priority, srv.weight, srv.port].map(u16::to_be_bytes).concat());
            out.extend(name(&srv.target));
        }
        RecordData::Caa(caa) => {
            out.push(caa.flags());
            write_string(caa.tag().as_bytes(), &mut out);
            out.extend(caa.value().as_bytes());
        }
        RecordData::Ds(ds) | RecordData::Cds(ds) => {
            out.extend(ds.key_tag.to_be_bytes());
            out.extend([ds.algorithm, ds.digest_type]);
            out.extend(&ds.digest);
        }
        RecordData::Tlsa(tlsa) => {
            out.extend([tlsa.usage, tlsa.selector, tlsa.matching]);
            out.extend(&tlsa.data);
        }
        RecordData::Sshfp(sshfp) => {
            out.extend([sshfp.algorithm, sshfp.fingerprint_type]);
            out.extend(&sshfp.fingerprint);
        }
        RecordData::Dnskey(key) | RecordData::Cdnskey(key) => out = dnskey(key),
        RecordData::Soa(soa) => {
            out.extend(name(&soa.primary));
            out.extend(name(&soa.mailbox));
            let numbers = [soa.serial.0, soa.refresh, soa.retry, soa.expire, soa.minimum];
            out.extend(numbers.map(u32::to_be_bytes).concat());
        }
        RecordData::Svcb(svcb) | RecordData::Https(svcb) => service(svcb, &mut out)?,
        RecordData::Other(other) => return self::other(other),
        RecordData::Alias(_) | RecordData::Lua(_) => return None,
    }
    Some(out)
}

fn write_string(string: &[u8], out: &mut Vec<u8>) {
    out.push(u8::try_from(string.len()).unwrap_or(u8::MAX));
    out.extend(string);
}

/// SVCB and HTTPS (RFC 9460 section 2.2).
fn service(svcb: &Svcb, out: &mut Vec<u8>) -> Option<()> {
    out.extend(svcb.priority().to_be_bytes());
    out.extend(name(svcb.target()));
    for param in svcb.params() {
        let mut value = Vec::new();
        match param {
            SvcParam::Mandatory(keys) => keys.iter().for_each(|key| value.extend(key.0.to_be_bytes())),
            SvcParam::Alpn(names) => names.iter().for_each(|name| write_string(name.as_bytes(), &mut value)),
            SvcParam::NoDefaultAlpn => {}
            SvcParam::Port(port) => value.extend(port.to_be_bytes()),
            SvcParam::Ipv4Hint(list) => list.iter().for_each(|address| value.extend(address.octets())),
            SvcParam::Ech(octets) | SvcParam::Other(_, octets) => value.extend(octets),
            SvcParam::Ipv6Hint(list) => list.iter().for_each(|address| value.extend(address.octets())),
        }
        out.extend(param.key().0.to_be_bytes());
        out.extend(u16::try_from(value.len()).ok()?.to_be_bytes());
        out.extend(value);
    }
    Some(())
}

/// `\# 4 aabbccdd` (RFC 3597 section 5), or whatever hickory reads.
fn other(other: &OtherData) -> Option<Vec<u8>> {
    if let Some(generic) = other.content().strip_prefix("\\# ") {
        let (length, digits) = generic.split_once(' ').unwrap_or((generic, ""));
        let digits: Vec<_> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
        let octets: Vec<u8> =
            digits.chunks_exact(2).filter_map(|two| u8::try_from(two[0] << 4 | two[1]).ok()).collect();
        return Some(octets).filter(|octets| length.parse() == Ok(octets.len()));
    }
    let kind = WireType::from_str(other.kind().as_str()).ok()?;
    let data = RData::try_from_str(kind, other.content()).ok()?;
    let mut out = Vec::new();
    let mut encoder = BinEncoder::new(&mut out);
    encoder.set_name_encoding(NameEncoding::UncompressedLowercase);
    data.emit(&mut encoder).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().fold(String::new(), |text, octet| format!("{text}{octet:02x}"))
    }

    /// RFC 9460 appendix D.
    #[test]
    fn service_bindings_are_written_as_in_the_rfc() {
        const FOO: &str = "03666f6f076578616d706c6503636f6d00";
        let cases = [
            ("0 foo.example.com.", format!("0000{FOO}")),
            ("1 .", "000100".to_owned()),
            ("16 foo.example.com. port=53", format!("0010{FOO}000300020035")),
            ("1 foo.example.com. key667=hello", format!("0001{FOO}029b000568656c6c6f")),
            (r#"1 foo.example.com. key667="hello\210qoo""#, format!("0001{FOO}029b000968656c6c6fd2716f6f")),
            (
                r#"1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1""#,
                format!("0001{FOO}0006002020010db800000000000000000000000120010db8000000000000000000530001"),
            ),
            (
                "16 foo.example.com. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
                format!("0010{FOO}0000000400010004000100090268320568332d313900040004c0000201"),
            ),
        ];
        for (content, wire) in cases {
            let read = RecordData::parse(RecordType::Svcb, content).unwrap();
            assert_eq!(hex(&data(&read).unwrap()), wire, "{content}");
        }
    }

    /// RFC 4509 section 2.3.
    #[test]
    fn the_digest_of_a_key_is_that_of_the_rfc() {
        let key = "256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAph\
                   XdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
        let RecordData::Dnskey(key) = RecordData::parse(RecordType::Dnskey, key).unwrap() else { panic!() };
        let mut octets = name(&"dskey.example.com".parse().unwrap());
        octets.extend(dnskey(&key));
        let wanted = "d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a";
        assert_eq!(hex(digest(&SHA256, &octets).as_ref()), wanted);
        assert_eq!(super::super::sign::tag(&key), 60485);
    }

    #[test]
    fn names_come_back_from_their_octets() {
        for text in [".", "a\\.b.example", "\\000\\255.x", "*.xn--bcher-kva.example"] {
            let read: DomainName = text.parse().unwrap();
            assert_eq!(read_name(&name(&read)), Some(read.clone()));
            assert_eq!(from_wire(&to_wire(&read).unwrap()), Some(read));
        }
    }
}
