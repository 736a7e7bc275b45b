//! Whether the chain of a zone holds: from the parent's DS to the zone's signatures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::{Clock, Error, ErrorKind, Result};
use futures_util::future::join_all;

use super::signature::SignedSet;
use super::{Bogus, DigestAlgorithm, Validation, Verdict};
use crate::query::{DnsAnswer, DnsClient, NameServer, Question, ResponseCode, type_code};
use crate::{Dnskey, DomainName, Ds, RecordData, RecordKey, RecordType, ZoneName};

/// Verifies the chain of a zone on each of its servers, without any cache in between.
///
/// The anchor is what the parent's servers say now; that the parent itself is signed is not looked at, nor are proofs
/// that a name or type does not exist.
///
/// ```no_run
/// use std::sync::Arc;
/// use catalyst_core::Clock;
/// use catalyst_dns::dnssec::Validator;
/// use catalyst_dns::query::{NameServer, NameServerClient};
///
/// # async fn example(parents: &[NameServer], servers: &[NameServer]) -> catalyst_dns::Result<()> {
/// let validator = Validator::new(Arc::new(NameServerClient::new()), Clock::system());
/// let found = validator.validate(&"example.org".parse()?, parents, servers).await?;
/// println!("{found}");
/// assert!(!found.is_bogus());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Validator {
    client: Arc<dyn DnsClient>,
    clock: Clock,
}

impl Validator {
    /// Asks through `client`, whose answers must have come on the wire; `clock` says which signatures hold.
    pub fn new(client: Arc<dyn DnsClient>, clock: Clock) -> Self {
        Self { client, clock }
    }

    /// The chain down to the SOA of the zone.
    ///
    /// # Errors
    /// Of the parent's servers only: those of [`parent_ds`](Self::parent_ds). What the zone's servers do is part of
    /// the result.
    pub async fn validate(
        &self,
        zone: &ZoneName,
        parents: &[NameServer],
        servers: &[NameServer],
    ) -> Result<Validation> {
        let apex = RecordKey { name: zone.apex().clone(), kind: RecordType::Soa };
        self.validate_set(zone, &apex, parents, servers).await
    }

    /// The chain down to one record set of the zone.
    ///
    /// # Errors
    /// `InvalidRequest` with code `not_in_zone`; those of [`validate`](Self::validate).
    pub async fn validate_set(
        &self,
        zone: &ZoneName,
        key: &RecordKey,
        parents: &[NameServer],
        servers: &[NameServer],
    ) -> Result<Validation> {
        if !zone.contains(&key.name) {
            return Err(Error::new(ErrorKind::InvalidRequest, OPERATION)
                .with_code("not_in_zone")
                .with_target(key.to_string())
                .with_help(format!("it does not lie in {zone}")));
        }
        let ds = self.parent_ds(zone, parents).await?;
        Ok(self.follow_all(zone, key, ds, servers).await)
    }

    /// Makes sure that the chain would hold on every server if the parent had these DS records.
    pub(super) async fn holds_with(&self, zone: &ZoneName, ds: &[Ds], servers: &[NameServer]) -> Result<()> {
        let apex = RecordKey { name: zone.apex().clone(), kind: RecordType::Soa };
        let found = self.follow_all(zone, &apex, ds.to_vec(), servers).await;
        if found.is_secure() || ds.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, OPERATION)
            .with_code("chain_would_break")
            .with_target(zone.as_str())
            .with_help(format!("the step is not taken, the chain would not hold afterwards: {found}")))
    }

    async fn follow_all(
        &self,
        zone: &ZoneName,
        key: &RecordKey,
        ds: Vec<Ds>,
        servers: &[NameServer],
    ) -> Validation {
        let verdicts = NameServer::targets(servers).map(|(server, address)| {
            let ds = &ds;
            async move { (server.clone(), address, self.verdict(zone, key, ds, address).await) }
        });
        let servers = join_all(verdicts).await;
        Validation { zone: zone.clone(), ds, servers }
    }

    /// The DS records that the parent's servers have for `zone`.
    ///
    /// # Errors
    /// `Unavailable` with code `parent_disagrees` if they differ, `not_the_parent` if one of them answers for the zone
    /// itself only or not at all; those of [`DnsClient::ask`].
    pub async fn parent_ds(&self, zone: &ZoneName, parents: &[NameServer]) -> Result<Vec<Ds>> {
        let mut all = self.every_ds(zone, parents).await?;
        all.dedup();
        match all.len() {
            1 => Ok(all.remove(0)),
            0 => Err(parent_error(
                zone,
                "not_the_parent",
                "there is no server of the parent to ask".to_owned(),
            )),
            _ => {
                let help =
                    "the parent's servers have different DS records; ask again when they agree".to_owned();
                Err(parent_error(zone, "parent_disagrees", help))
            }
        }
    }

    /// The DS records of each of the parent's servers, sorted.
    pub(super) async fn every_ds(&self, zone: &ZoneName, parents: &[NameServer]) -> Result<Vec<Vec<Ds>>> {
        let asked = NameServer::targets(parents).map(|(_, address)| async move {
            let answer = self.ask(address, zone.apex(), RecordType::Ds).await?;
            // The zone itself says that it has no DS, with its own SOA: that means nothing (RFC 4035 section 3.1.4.1).
            let soa_of_child = answer
                .authority
                .iter()
                .any(|record| record.data.kind() == RecordType::Soa && record.name == *zone.apex());
            if !answer.authoritative || answer.code != ResponseCode::NoError || soa_of_child {
                let help =
                    format!("{address} does not answer for the parent of the zone ({:?})", answer.code);
                return Err(parent_error(zone, "not_the_parent", help));
            }
            let mut ds: Vec<Ds> = of_apex(&answer, zone).filter_map(as_ds).collect();
            ds.sort();
            Ok(ds)
        });
        join_all(asked).await.into_iter().collect()
    }

    /// The keys that one server of the zone publishes, sorted.
    pub(super) async fn every_dnskey(
        &self,
        zone: &ZoneName,
        servers: &[NameServer],
    ) -> Result<Vec<Vec<Dnskey>>> {
        let asked = NameServer::targets(servers).map(|(_, address)| async move {
            let answer = self.ask(address, zone.apex(), RecordType::Dnskey).await?;
            speaks_for(&answer, address, zone)?;
            let mut keys: Vec<Dnskey> = of_apex(&answer, zone).filter_map(as_dnskey).collect();
            keys.sort();
            Ok(keys)
        });
        join_all(asked).await.into_iter().collect()
    }

    async fn verdict(&self, zone: &ZoneName, key: &RecordKey, ds: &[Ds], server: SocketAddr) -> Verdict {
        let supported = |ds: &&Ds| {
            DigestAlgorithm::from_number(ds.digest_type).is_some() && matches!(ds.algorithm, 8 | 10 | 13..=15)
        };
        let ds: Vec<&Ds> = ds.iter().filter(supported).collect();
        if ds.is_empty() {
            return Verdict::Insecure;
        }
        match self.follow(zone, key, &ds, server).await {
            Ok(Ok(until)) => Verdict::Secure { until },
            Ok(Err(bogus)) => Verdict::Bogus(bogus),
            Err(error) => Verdict::Unanswered(error),
        }
    }

    /// DS, the key that it names, the signature of the keys by that key, the signature of the set by one of the keys.
    async fn follow(
        &self,
        zone: &ZoneName,
        key: &RecordKey,
        ds: &[&Ds],
        server: SocketAddr,
    ) -> Result<Result<SystemTime, Bogus>> {
        let answer = self.ask(server, zone.apex(), RecordType::Dnskey).await?;
        speaks_for(&answer, server, zone)?;
        let keys: Vec<Dnskey> = of_apex(&answer, zone).filter_map(as_dnskey).collect();
        if keys.is_empty() {
            return Ok(Err(Bogus::NoKey));
        }
        let named = |key: &&Dnskey| ds.iter().any(|ds| ds.is_of(zone, key));
        let entry: Vec<Dnskey> = keys.iter().filter(named).cloned().collect();
        if entry.is_empty() {
            return Ok(Err(Bogus::NoMatchingKey));
        }
        let now = self.clock.now();
        let dnskey = RecordKey { name: zone.apex().clone(), kind: RecordType::Dnskey };
        let keys_until = match signed_set(&answer, &dnskey, server)?.verify(zone, &entry, now) {
            Ok(until) => until,
            Err(bogus) => return Ok(Err(bogus)),
        };
        let answer = self.ask(server, &key.name, key.kind).await?;
        speaks_for(&answer, server, zone)?;
        let until = signed_set(&answer, key, server)?.verify(zone, &keys, now);
        Ok(until.map(|until| until.min(keys_until)))
    }

    async fn ask(&self, server: SocketAddr, name: &DomainName, kind: RecordType) -> Result<DnsAnswer> {
        self.client.ask(server, &Question::new(name.clone(), kind).with_signatures()).await
    }
}

fn of_apex<'a>(answer: &'a DnsAnswer, zone: &'a ZoneName) -> impl Iterator<Item = &'a RecordData> {
    answer.answers.iter().filter(|record| record.name == *zone.apex()).map(|record| &record.data)
}

fn as_ds(data: &RecordData) -> Option<Ds> {
    match data {
        RecordData::Ds(ds) => Some(ds.clone()),
        _ => None,
    }
}

fn as_dnskey(data: &RecordData) -> Option<Dnskey> {
    match data {
        RecordData::Dnskey(key) => Some(key.clone()),
        _ => None,
    }
}

fn speaks_for(answer: &DnsAnswer, server: SocketAddr, zone: &ZoneName) -> Result<()> {
    if answer.authoritative && matches!(answer.code, ResponseCode::NoError | ResponseCode::NxDomain) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unavailable, OPERATION)
        .with_code("not_authoritative")
        .with_target(format!("{} @{server}", zone.as_str()))
        .with_help(format!("the server does not answer for the zone ({:?})", answer.code)))
}

fn signed_set(answer: &DnsAnswer, key: &RecordKey, server: SocketAddr) -> Result<SignedSet> {
    SignedSet::find(answer, &key.name, key.kind, type_code(key.kind)?).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, OPERATION)
            .with_code("no_such_set")
            .with_target(format!("{key} @{server}"))
            .with_help("the server has no such record set, or the client does not keep messages as they came")
    })
}

fn parent_error(zone: &ZoneName, code: &'static str, help: String) -> Error {
    Error::new(ErrorKind::Unavailable, OPERATION).with_code(code).with_target(zone.as_str()).with_help(help)
}

const OPERATION: &str = "validate a zone";
