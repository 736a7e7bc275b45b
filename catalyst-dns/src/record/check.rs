//! What a server or a resolver would refuse, found before anything is sent.

use std::net::Ipv4Addr;

use super::{RecordData, RecordType};
use crate::DomainName;

/// What is wrong with `records` at `name`, if anything is. Names follow PowerDNS' own checks (measured on 4.7.3): any
/// owner is made of letters, digits, `-`, `_`, `/` and a first label `*`; what MX, NS and SRV point to is a host.
pub(super) fn fault(name: &DomainName, records: &[RecordData]) -> Option<&'static str> {
    owner_fault(name, records.first()?.kind())
        .or_else(|| records.iter().find_map(|record| data_fault(name, record)))
        .or_else(|| no_host_beside_hosts(records))
}

fn owner_fault(name: &DomainName, kind: RecordType) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
    let below = name.as_str().strip_prefix('*').unwrap_or(name.as_str());
    if !below.bytes().all(allowed) || (name.as_str().starts_with('*') && !name.is_wildcard()) {
        return Some("the owner has letters, digits, '-', '_' and '/', and '*' as its whole first label");
    }
    let address = matches!(kind, RecordType::A | RecordType::Aaaa);
    if address && !name.labels().skip(usize::from(name.is_wildcard())).all(|label| is_host_label(label, true))
    {
        return Some("the owner of addresses is a host: no '/', and no label begins or ends with '-'");
    }
    if name.is_root() {
        return Some("nothing of ours stands at the root");
    }
    None
}

fn data_fault(name: &DomainName, record: &RecordData) -> Option<&'static str> {
    match record {
        RecordData::Cname(target) | RecordData::Alias(target) | RecordData::Dname(target)
            if target == name =>
        {
            Some("a name cannot point to itself")
        }
        RecordData::Cname(target) | RecordData::Alias(target) => {
            target.is_wildcard().then_some("the target is a wildcard, which no query for it would mean")
        }
        RecordData::Ns(target) if target.is_root() => Some("the root is no name server"),
        RecordData::Ns(target) => host_fault(target),
        RecordData::Mx(mx) if mx.exchange.is_root() => {
            (mx.preference != 0).then_some("an MX that takes no mail is written 0 . (RFC 7505)")
        }
        RecordData::Mx(mx) => host_fault(&mx.exchange),
        RecordData::Srv(srv) if srv.target.is_root() => None,
        RecordData::Srv(srv) => host_fault(&srv.target),
        RecordData::Svcb(svcb) | RecordData::Https(svcb) => svcb
            .target()
            .is_wildcard()
            .then_some("the target is a wildcard, which no query for it would mean"),
        _ => None,
    }
}

/// A null MX stands alone (RFC 7505 section 3), and so does an SRV without a target (RFC 2782).
fn no_host_beside_hosts(records: &[RecordData]) -> Option<&'static str> {
    let none = |record: &RecordData| match record {
        RecordData::Mx(mx) => mx.exchange.is_root(),
        RecordData::Srv(srv) => srv.target.is_root(),
        _ => false,
    };
    (records.len() > 1 && records.iter().any(none)).then_some("a record with the target '.' stands alone")
}

fn host_fault(target: &DomainName) -> Option<&'static str> {
    if target.is_wildcard() {
        Some("the target is a wildcard, not a host")
    } else if target.without_dot().parse::<Ipv4Addr>().is_ok() {
        Some("the target is an address; it must be the name of a host")
    } else if !target.labels().all(|label| is_host_label(label, false)) {
        Some(
            "the target is no host: its labels have letters, digits and inner hyphens (RFC 1123 section 2.1)",
        )
    } else {
        None
    }
}

fn is_host_label(label: &str, underscore: bool) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || underscore && byte == b'_';
    label.bytes().all(known) && !label.starts_with('-') && !label.ends_with('-')
}
