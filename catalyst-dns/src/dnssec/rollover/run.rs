//! Taking the steps.

use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::{Clock, Result};

use super::{Facts, Rollover, Seen, Step};
use crate::Ds;
use crate::dnssec::digest::may_mean;
use crate::dnssec::{DsPublisher, Validator, ZoneSecurity};
use crate::query::{DnsClient, NameServer};

/// What one call did, and what the next one needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A step was taken; look again.
    Took(Step),
    /// Nothing can be done before then.
    WaitUntil(SystemTime),
    /// Not every server has yet what the first one has; look again in some seconds.
    Propagating,
    /// Somebody must make these the DS records in the parent; look again when that is done.
    ParentMustHave(Vec<Ds>),
    /// The old key is gone.
    Done,
}

/// Takes the steps of a [`Rollover`]: looks, plans, and does one thing.
///
/// ```no_run
/// use catalyst_core::Clock;
/// use catalyst_dns::dnssec::{Progress, Roller, Rollover};
///
/// # async fn save(rollover: &Rollover) {}
/// # async fn example(roller: Roller, mut rollover: Rollover) -> catalyst_dns::Result<()> {
/// let clock = Clock::system();
/// loop {
///     let progress = roller.advance(&mut rollover).await?;
///     save(&rollover).await; // its checkpoint, so that the next process need not wait again
///     match progress {
///         Progress::Done => return Ok(()),
///         Progress::WaitUntil(end) => tokio::time::sleep(clock.until(end)).await,
///         Progress::ParentMustHave(ds) => println!("give the parent {ds:?}"),
///         _ => tokio::time::sleep(std::time::Duration::from_secs(10)).await,
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Roller {
    keys: Arc<dyn ZoneSecurity>,
    publisher: Option<Arc<dyn DsPublisher>>,
    validator: Validator,
    clock: Clock,
    parents: Vec<NameServer>,
    servers: Vec<NameServer>,
}

impl Roller {
    /// Changes `keys`; asks the zone's `servers` and its parent's, `parents`, through `client`.
    pub fn new(
        keys: Arc<dyn ZoneSecurity>,
        client: Arc<dyn DnsClient>,
        clock: Clock,
        parents: Vec<NameServer>,
        servers: Vec<NameServer>,
    ) -> Self {
        let validator = Validator::new(client, clock.clone());
        Self { keys, publisher: None, validator, clock, parents, servers }
    }

    /// Writes DS records there; without it, [`Progress::ParentMustHave`] asks the caller.
    pub fn publisher(self, publisher: Arc<dyn DsPublisher>) -> Self {
        Self { publisher: Some(publisher), ..self }
    }

    /// What is so now.
    ///
    /// # Errors
    /// If any server does not answer: what is not known of one is not assumed.
    pub async fn look(&self, rollover: &Rollover) -> Result<Facts> {
        let zone = rollover.zone();
        let keys = self.keys.keys(zone).await?;
        let dnskeys = self.validator.every_dnskey(zone, &self.servers).await?;
        let ds = self.validator.every_ds(zone, &self.parents).await?;
        Ok(Facts::new(self.clock.now(), keys, Seen::new(&dnskeys), Seen::new(&ds)))
    }

    /// Looks, and takes the next step, if one is to be taken now. Before the parent changes, and before the old key
    /// goes, the chain is verified as it will be then.
    ///
    /// # Errors
    /// `Conflict` with code `chain_would_break` if that does not hold on every server; nothing was done. Those of the
    /// servers and of the keys. The rollover is where it was; call again.
    ///
    /// # Cancel safety
    /// May be dropped at any point: the next call looks before it acts, so a key that was made is found.
    pub async fn advance(&self, rollover: &mut Rollover) -> Result<Progress> {
        let facts = self.look(rollover).await?;
        let step = rollover.next(&facts)?;
        let zone = rollover.zone();
        self.check_before(rollover, &facts, &step).await?;
        match &step {
            Step::WaitUntil(end) => return Ok(Progress::WaitUntil(*end)),
            Step::Propagate => return Ok(Progress::Propagating),
            Step::Done => return Ok(Progress::Done),
            Step::AddKey(spec) => {
                self.keys.add_key(zone, *spec).await?;
            }
            Step::ChangeKey { key, active, published } => {
                self.keys.change_key(zone, *key, *active, *published).await?;
            }
            Step::RemoveKey(key) => self.keys.remove_key(zone, *key).await?,
            Step::SetDs(ds) => match &self.publisher {
                Some(publisher) => publisher.set_ds(zone, ds).await?,
                None => return Ok(Progress::ParentMustHave(ds.clone())),
            },
        }
        tracing::info!(zone = %zone, %step, "rollover");
        Ok(Progress::Took(step))
    }

    /// A plan is as good as the facts: signatures are looked at, too, before what cannot be taken back.
    async fn check_before(&self, rollover: &Rollover, facts: &Facts, step: &Step) -> Result<()> {
        let (zone, old) = (rollover.zone(), rollover.old());
        let ds: Vec<Ds> = match step {
            Step::SetDs(ds) => ds.clone(),
            Step::RemoveKey(_) | Step::ChangeKey { published: false, active: true, .. } => {
                let stays = |ds: &&Ds| !may_mean(ds, zone, &old.dnskey);
                facts.ds.anywhere.iter().filter(stays).cloned().collect()
            }
            _ => return Ok(()),
        };
        self.validator.holds_with(zone, &ds, &self.servers).await
    }
}
