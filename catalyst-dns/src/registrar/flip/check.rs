//! Whether the new servers are ready to be asked by the world.

use std::collections::BTreeSet;

use catalyst_core::{Error, ErrorKind, Result};

use super::view::ask_all;
use crate::dnssec::is_served_digest;
use crate::query::{DnsAnswer, DnsClient, NameServer, Question, ResponseCode};
use crate::registrar::{NameServers, RegisteredDomain};
use crate::{Dnskey, DomainName, Ds, RecordData, RecordType, Serial};

/// The code of an error about servers that would take the domain down.
const NOT_READY: &str = "new_servers_not_ready";

/// Asks the new servers for the zone: each must have authority, all one serial, and the zone must name just them.
pub(crate) async fn new_servers(
    dns: &dyn DnsClient,
    servers: &[NameServer],
    domain: &RegisteredDomain,
    set: &NameServers,
) -> Result<Serial> {
    let soa = by_server(dns, servers, Question::new(domain.name().clone(), RecordType::Soa)).await;
    let mut serials = BTreeSet::new();
    let mut faults = Vec::new();
    for (server, answer) in soa {
        match answer.and_then(|answer| serial(&answer)) {
            Ok(serial) => {
                serials.insert(serial);
            }
            Err(fault) => faults.push(format!("{server}: {fault}")),
        }
    }
    let ns = by_server(dns, servers, Question::new(domain.name().clone(), RecordType::Ns)).await;
    for (server, answer) in ns {
        match answer.and_then(|answer| apex(&answer, domain.name())) {
            Ok(apex) if apex == *set => {}
            Ok(apex) => faults.push(format!("{server}: the zone names {apex} as its servers, not {set}")),
            Err(fault) => faults.push(format!("{server}: {fault}")),
        }
    }
    faults.dedup();
    if serials.len() > 1 {
        let all: Vec<_> = serials.iter().map(ToString::to_string).collect();
        faults.push(format!("the servers have different versions of the zone: {}", all.join(", ")));
    }
    match (serials.first(), faults.is_empty()) {
        (Some(serial), true) => Ok(*serial),
        _ => Err(not_ready(domain, &faults)),
    }
}

/// Asks the new servers for their keys: for each algorithm in `ds`, each must serve a key that it is the digest of.
pub(crate) async fn keys(
    dns: &dyn DnsClient,
    servers: &[NameServer],
    domain: &RegisteredDomain,
    ds: &[Ds],
) -> Result<()> {
    let question = Question::new(domain.name().clone(), RecordType::Dnskey);
    let mut faults = Vec::new();
    for (server, answer) in by_server(dns, servers, question).await {
        let fault = match answer {
            Ok(answer) => key_fault(&answer, domain.name(), ds),
            Err(fault) => Some(fault),
        };
        faults.extend(fault.map(|fault| format!("{server}: {fault}")));
    }
    if faults.is_empty() { Ok(()) } else { Err(not_ready(domain, &faults)) }
}

/// One answer for each server: the first that is a fault among its addresses, unless that one is only silent and
/// another one speaks.
async fn by_server(
    dns: &dyn DnsClient,
    servers: &[NameServer],
    question: Question,
) -> Vec<(DomainName, std::result::Result<DnsAnswer, String>)> {
    let mut found: Vec<(DomainName, std::result::Result<DnsAnswer, String>)> = Vec::new();
    for (server, address, answer) in ask_all(dns, servers, &question).await {
        let answer = answer.map_err(|error| format!("no answer from {address} ({})", error.kind()));
        match found.iter_mut().find(|(name, _)| *name == server) {
            None => found.push((server, answer)),
            Some((_, kept)) => match (&kept, &answer) {
                (Err(_), Ok(_)) => *kept = answer,
                (Ok(one), Ok(another)) if fault_of(one).is_none() && fault_of(another).is_some() => {
                    *kept = answer;
                }
                _ => {}
            },
        }
    }
    found
}

fn fault_of(answer: &DnsAnswer) -> Option<String> {
    if answer.code != ResponseCode::NoError {
        return Some(format!("the answer is {:?}", answer.code));
    }
    if !answer.authoritative {
        return Some("it does not serve the zone (no authoritative answer)".to_owned());
    }
    None
}

fn serial(answer: &DnsAnswer) -> std::result::Result<Serial, String> {
    match fault_of(answer) {
        Some(fault) => Err(fault),
        None => answer.serial().ok_or_else(|| "it has no SOA for the zone".to_owned()),
    }
}

fn apex(answer: &DnsAnswer, domain: &DomainName) -> std::result::Result<NameServers, String> {
    if let Some(fault) = fault_of(answer) {
        return Err(fault);
    }
    let servers = answer.answers.iter().filter_map(|record| match &record.data {
        RecordData::Ns(server) if record.name == *domain => Some(server.clone()),
        _ => None,
    });
    Ok(NameServers::from_registrar(servers))
}

fn key_fault(answer: &DnsAnswer, domain: &DomainName, ds: &[Ds]) -> Option<String> {
    if let Some(fault) = fault_of(answer) {
        return Some(fault);
    }
    let keys: Vec<&Dnskey> = answer
        .data(RecordType::Dnskey)
        .filter_map(|data| if let RecordData::Dnskey(key) = data { Some(key) } else { None })
        .collect();
    let matched = |ds: &Ds| keys.iter().any(|key| is_served_digest(ds, domain, key));
    let missing: BTreeSet<u8> = ds.iter().map(|ds| ds.algorithm).collect();
    let missing =
        missing.into_iter().find(|algorithm| !ds.iter().any(|ds| ds.algorithm == *algorithm && matched(ds)));
    missing.map(|algorithm| format!("it serves no key for the DS of algorithm {algorithm}"))
}

fn not_ready(domain: &RegisteredDomain, faults: &[String]) -> Error {
    let shown: Vec<&str> = faults.iter().map(String::as_str).take(8).collect();
    Error::new(ErrorKind::Unavailable, "check the new name servers")
        .with_code(NOT_READY)
        .with_target(domain.as_str())
        .with_help(format!("nothing was changed; {}", shown.join("; ")))
}
