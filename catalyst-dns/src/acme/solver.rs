//! Presenting challenges, and taking them back.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::sync::Mutex;

use super::place::{Challenge, Finder, OPERATION, digest, domain};
use crate::query::{Authorities, DnsClient};
use crate::verify::{Expectation, Verification, Verifier, Wait};
use crate::{Change, ChangeSet, DnsZones, RecordData, RecordKey, RecordSet, RecordType, Ttl, ZoneName};

/// How often a record is written that another writer takes out at the same moment.
const MAX_WRITES: usize = 3;

/// Solves DNS-01 challenges in zones that we serve.
///
/// What `instant-acme` or another client needs is the pair of an identifier and the digest of the key authorization:
///
/// ```no_run
/// use catalyst_dns::acme::Dns01Solver;
/// use instant_acme::{AuthorizationStatus, ChallengeType, Order, RetryPolicy};
///
/// # async fn example(solver: &Dns01Solver, order: &mut Order) -> Result<(), Box<dyn std::error::Error>> {
/// let mut presented = Vec::new();
/// let mut authorizations = order.authorizations();
/// while let Some(authorization) = authorizations.next().await {
///     let mut authorization = authorization?;
///     if authorization.status == AuthorizationStatus::Valid {
///         continue;
///     }
///     let mut challenge = authorization.challenge(ChallengeType::Dns01).ok_or("no dns-01")?;
///     // The record is there, on every authoritative server, before the authority is told to look.
///     let identifier = challenge.identifier().to_string();
///     presented.push(solver.present(&identifier, &challenge.key_authorization().dns_value()).await?);
///     challenge.set_ready().await?;
/// }
/// let status = order.poll_ready(&RetryPolicy::default()).await;
/// for challenge in &presented {
///     solver.clean_up(challenge).await?;
/// }
/// println!("{:?}", status?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Dns01Solver {
    zones: Arc<dyn DnsZones>,
    client: Arc<dyn DnsClient>,
    authorities: Authorities,
    only: Vec<ZoneName>,
    ttl: Ttl,
    wait: Wait,
    /// Between the read and the write of a set, nobody else in this process writes it.
    writer: Arc<Mutex<()>>,
}

impl Dns01Solver {
    /// Writes into `zones` and asks, through `client`, the servers that `authorities` knows. The record has a TTL of
    /// one minute; two minutes are waited for all servers.
    pub fn new(zones: Arc<dyn DnsZones>, client: Arc<dyn DnsClient>, authorities: Authorities) -> Self {
        let wait = Wait::within(Duration::from_secs(120));
        let writer = Arc::new(Mutex::new(()));
        Self { zones, client, authorities, only: Vec::new(), ttl: Ttl::MINUTE, wait, writer }
    }

    /// Only these zones; without it, each name's zone is looked up from label to label.
    pub fn in_zones(self, zones: impl IntoIterator<Item = ZoneName>) -> Self {
        Self { only: zones.into_iter().collect(), ..self }
    }

    /// The TTL of the record.
    pub fn ttl(self, ttl: Ttl) -> Self {
        Self { ttl, ..self }
    }

    /// How long and how often to ask the servers.
    pub fn wait(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// Publishes the challenge for `identifier` (`example.org`, `*.example.org`), whose key authorization has the
    /// digest `value`, and waits until every authoritative server answers with it. Afterwards the authority may look.
    ///
    /// # Errors
    /// `NotFound` with code `zone_not_served` or `delegated_away` if the name is not ours; `Timeout` with code
    /// `not_propagated` naming the servers that lag, and then the record is out again; what the zones refuse.
    ///
    /// # Cancel safety
    /// A call that is dropped may leave the record: [`locate`](Self::locate) it and [`clean_up`](Self::clean_up).
    pub async fn present(&self, identifier: &str, value: &str) -> Result<Challenge> {
        let challenge = self.publish(identifier, value).await?;
        if let Err(error) = self.served(&challenge).await {
            if let Err(left) = self.clean_up(&challenge).await {
                tracing::warn!(name = %challenge.name, error = %left, "the record of a challenge stays");
            }
            return Err(error);
        }
        Ok(challenge)
    }

    /// Publishes the challenge without waiting: for many at a time, before [`served`](Self::served) of each.
    pub async fn publish(&self, identifier: &str, value: &str) -> Result<Challenge> {
        let challenge = self.locate(identifier, value).await?;
        self.write(&challenge, true).await?;
        tracing::debug!(name = %challenge.name, zone = %challenge.zone, "challenge published");
        Ok(challenge)
    }

    /// Waits until every authoritative server answers with the record.
    pub async fn served(&self, challenge: &Challenge) -> Result<Verification> {
        let servers = self.authorities.of(&challenge.zone).await?;
        let verifier = Verifier::new(Arc::clone(&self.client), challenge.zone.clone(), servers);
        let expected = Expectation::contains(challenge.key(), [challenge.record()])?;
        verifier.wait(&expected, self.wait).await
    }

    /// Takes the record of this challenge out, and no other; none there is no fault.
    pub async fn clean_up(&self, challenge: &Challenge) -> Result<()> {
        match self.write(challenge, false).await {
            // With its zone, the record is gone, too.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Where the record of a challenge stands or would stand; changes nothing.
    pub async fn locate(&self, identifier: &str, value: &str) -> Result<Challenge> {
        let (domain, value) = (domain(identifier)?, digest(value)?);
        let (zones, authorities, only) = (&*self.zones, &self.authorities, &*self.only);
        let finder = Finder { zones, authorities, only };
        let (zone, name) = finder.find(domain.child("_acme-challenge")?).await?;
        Ok(Challenge { domain, zone, name, value })
    }

    /// Makes the record stand in its set, or not, and leaves the others there; reads until that is so.
    async fn write(&self, challenge: &Challenge, wanted: bool) -> Result<()> {
        let alone = self.zones.capabilities().await?.extend_and_prune();
        let _writer = self.writer.lock().await;
        let (key, record) = (challenge.key(), challenge.record());
        for _ in 0..=MAX_WRITES {
            let sets = self.zones.find(&challenge.zone, &key.name, Some(RecordType::Txt)).await?;
            let records: Vec<RecordData> = sets.iter().flat_map(|set| set.records().to_vec()).collect();
            if records.contains(&record) == wanted {
                return Ok(());
            }
            let change = match (alone, wanted) {
                (true, true) => Change::Extend(self.set(&key, vec![record.clone()])?),
                (true, false) => Change::Prune(key.clone(), record.clone()),
                (false, true) => {
                    let all = records.into_iter().chain([record.clone()]).collect();
                    Change::Replace(self.set(&key, all)?)
                }
                (false, false) if records.len() == 1 => Change::Delete(key.clone()),
                (false, false) => {
                    let others = records.into_iter().filter(|other| *other != record).collect();
                    Change::Replace(self.set(&key, others)?)
                }
            };
            self.zones.apply(&challenge.zone, &ChangeSet::new([change])?).await?;
        }
        Err(Error::new(ErrorKind::Conflict, OPERATION)
            .with_code("challenge_overwritten")
            .with_target(key.to_string())
            .with_help("another writer changes the same record set again and again; give it one writer"))
    }

    fn set(&self, key: &RecordKey, records: Vec<RecordData>) -> Result<RecordSet> {
        RecordSet::new(key.name.clone(), self.ttl, records)
    }
}
