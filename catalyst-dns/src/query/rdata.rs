//! The data of records as they came on the wire, in our types.
//!
//! Everything goes through the content that a zone file would have, so that there is one form of each: what was
//! read from the server's API equals what it answers.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::{Error, ErrorKind, Result};
use hickory_proto::rr::{RData, Record, RecordType as WireType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

use super::AnswerRecord;
use super::types;
use super::wire::Wire;
use crate::record::quote;
use crate::{DomainName, Mx, OtherData, RecordData, RecordType, Soa, Srv, Text, Ttl};

/// One record of an answer.
pub(crate) fn answer_record(record: &Record) -> Result<AnswerRecord> {
    let name = types::from_wire(&record.name)?;
    // A TTL with its highest bit set counts as zero (RFC 2181 section 8).
    let ttl = Ttl::from_secs(record.ttl).unwrap_or(Ttl::ZERO);
    Ok(AnswerRecord { name, ttl, data: data(&record.data)? })
}

fn data(data: &RData) -> Result<RecordData> {
    let name = |name| types::from_wire(name);
    Ok(match data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(target) => RecordData::Cname(name(&target.0)?),
        RData::NS(target) => RecordData::Ns(name(&target.0)?),
        RData::PTR(target) => RecordData::Ptr(name(&target.0)?),
        RData::MX(mx) => RecordData::Mx(Mx { preference: mx.preference, exchange: name(&mx.exchange)? }),
        RData::SRV(srv) => {
            let (priority, weight, port) = (srv.priority, srv.weight, srv.port);
            RecordData::Srv(Srv { priority, weight, port, target: name(&srv.target)? })
        }
        RData::SOA(soa) => RecordData::Soa(Soa {
            primary: name(&soa.mname)?,
            mailbox: name(&soa.rname)?,
            serial: crate::Serial(soa.serial),
            // The wire has no sign; hickory gives these three one.
            refresh: soa.refresh.cast_unsigned(),
            retry: soa.retry.cast_unsigned(),
            expire: soa.expire.cast_unsigned(),
            minimum: soa.minimum,
        }),
        RData::TXT(text) => RecordData::Txt(Text::new(text.txt_data.concat())?),
        other => of_octets(types::kind(other.record_type()), &octets(other)?),
    })
}

/// The data as an answer would have it: what this crate does not read is kept as octets there, and as the server
/// writes it elsewhere. `None` if the octets are not known.
pub(crate) fn as_answered(record: &RecordData) -> Option<RecordData> {
    let RecordData::Other(other) = record else { return Some(record.clone()) };
    if other.content().starts_with("\\# ") {
        return Some(record.clone());
    }
    let wire = WireType::from(types::code(other.kind()).ok()?);
    data(&RData::try_from_str(wire, other.content()).ok()?).ok()
}

/// The data without compression, as RFC 3597 writes it.
fn octets(data: &RData) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = BinEncoder::new(&mut out);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    data.emit(&mut encoder).map_err(|_invalid| garbage("the data of a record cannot be written again"))?;
    Ok(out)
}

/// Data of the other types: typed where this crate reads the type and the data keeps its rules.
fn of_octets(kind: RecordType, octets: &[u8]) -> RecordData {
    let parsed = content(kind, octets).and_then(|content| RecordData::parse(kind, &content).ok());
    parsed.unwrap_or_else(|| RecordData::Other(OtherData::from_wire(kind, octets)))
}

/// The content as a zone file has it; `None` where the octets are not what the type promises.
fn content(kind: RecordType, octets: &[u8]) -> Option<String> {
    let mut wire = Wire(octets);
    Some(match kind {
        RecordType::Caa => {
            let (flags, length) = (wire.u8()?, wire.u8()?);
            let tag = std::str::from_utf8(wire.take(length.into())?).ok()?;
            let mut content = format!("{flags} {tag} ");
            quote(wire.rest(), &mut content).ok()?;
            content
        }
        RecordType::Ds | RecordType::Cds => {
            format!("{} {} {} {}", wire.u16()?, wire.u8()?, wire.u8()?, hex(wire.rest()))
        }
        RecordType::Dnskey | RecordType::Cdnskey => {
            format!("{} {} {} {}", wire.u16()?, wire.u8()?, wire.u8()?, STANDARD.encode(wire.rest()))
        }
        RecordType::Tlsa => format!("{} {} {} {}", wire.u8()?, wire.u8()?, wire.u8()?, hex(wire.rest())),
        RecordType::Sshfp => format!("{} {} {}", wire.u8()?, wire.u8()?, hex(wire.rest())),
        RecordType::Dname => wire.name()?.as_str().to_owned(),
        RecordType::Svcb | RecordType::Https => service(&mut wire)?,
        _ => return None,
    })
}

/// SVCB and HTTPS (RFC 9460 section 2.2).
fn service(wire: &mut Wire<'_>) -> Option<String> {
    let priority = wire.u16()?;
    let target: DomainName = wire.name()?;
    let mut content = format!("{priority} {}", target.as_str());
    while !wire.0.is_empty() {
        let (key, length) = (wire.u16()?, wire.u16()?);
        let value = parameter(key, wire.take(length.into())?)?;
        content.push(' ');
        content.push_str(&key_name(key));
        if !value.is_empty() {
            write!(content, "={value}").ok()?;
        }
    }
    Some(content)
}

fn key_name(key: u16) -> String {
    let known = match key {
        0 => "mandatory",
        1 => "alpn",
        2 => "no-default-alpn",
        3 => "port",
        4 => "ipv4hint",
        5 => "ech",
        6 => "ipv6hint",
        _ => return format!("key{key}"),
    };
    known.to_owned()
}

/// The value of one parameter (RFC 9460 section 14.3.2).
fn parameter(key: u16, octets: &[u8]) -> Option<String> {
    let mut wire = Wire(octets);
    let mut list = Vec::new();
    match key {
        2 => return octets.is_empty().then(String::new),
        3 => {
            let port = wire.u16()?;
            return wire.0.is_empty().then(|| port.to_string());
        }
        5 => return Some(STANDARD.encode(octets)),
        0 | 1 | 4 | 6 => {}
        _ => return plain(octets).map(str::to_owned),
    }
    while !wire.0.is_empty() {
        list.push(match key {
            0 => key_name(wire.u16()?),
            1 => {
                let length = wire.u8()?;
                plain(wire.take(length.into())?).filter(|alpn| !alpn.contains(','))?.to_owned()
            }
            4 => Ipv4Addr::from(<[u8; 4]>::try_from(wire.take(4)?).ok()?).to_string(),
            _ => Ipv6Addr::from(<[u8; 16]>::try_from(wire.take(16)?).ok()?).to_string(),
        });
    }
    (!list.is_empty()).then(|| list.join(","))
}

/// Text that needs neither quotes nor escapes.
fn plain(octets: &[u8]) -> Option<&str> {
    let fits = octets.iter().all(|octet| octet.is_ascii_graphic() && !matches!(octet, b'"' | b'\\'));
    std::str::from_utf8(octets).ok().filter(|_| fits)
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut out, octet| {
        out.extend([octet >> 4, octet & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')));
        out
    })
}

/// An answer that cannot be read.
pub(crate) fn garbage(help: &'static str) -> Error {
    Error::new(ErrorKind::Decode, "read a DNS answer").with_code("invalid_answer").with_help(help)
}
