//! The plan: from facts to the next step, and nothing else.

use std::fmt;
use std::time::{Duration, SystemTime};

use catalyst_core::{Error, ErrorKind, Result};

use super::{Checkpoint, Facts, Phase, Timing};
use crate::dnssec::digest::may_mean;
use crate::dnssec::{KeyId, KeyRole, KeySpec, ZoneKey};
use crate::{Ds, ZoneName};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Make a key.
    AddKey(KeySpec),
    /// Say whether a key signs and is published.
    ChangeKey {
        /// The key.
        key: KeyId,
        /// Whether it signs.
        active: bool,
        /// Whether it is published.
        published: bool,
    },
    /// Remove a key.
    RemoveKey(KeyId),
    /// Make these the DS records in the parent.
    SetDs(Vec<Ds>),
    /// Look again: not every server has yet what the first one has.
    Propagate,
    /// Caches run out until then.
    WaitUntil(SystemTime),
    /// Nothing.
    Done,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddKey(spec) => write!(f, "make a key: {spec:?}"),
            Self::ChangeKey { key, active, published } => {
                let active = if *active { "signs" } else { "does not sign" };
                let published = if *published { "is published" } else { "is not published" };
                write!(f, "key {key} {active} and {published}")
            }
            Self::RemoveKey(key) => write!(f, "remove key {key}"),
            Self::SetDs(ds) => {
                f.write_str("the parent must have")?;
                ds.iter().try_for_each(|ds| write!(f, " [DS {ds}]"))
            }
            Self::Propagate => f.write_str("wait until every server has it"),
            Self::WaitUntil(_) => f.write_str("wait until caches have run out"),
            Self::Done => f.write_str("done"),
        }
    }
}

/// The replacement of one key by a new one of the same role. The new one has algorithm 13.
///
/// Pure: [`next`](Self::next) reads facts and gives the next step. Everything but the time since when a phase lasts is
/// read from the facts, so a run that ends anywhere is gone on with by another; see [`Checkpoint`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Rollover {
    zone: ZoneName,
    old: ZoneKey,
    timing: Timing,
    checkpoint: Option<Checkpoint>,
}

/// A phase, what to do in it, and how long caches must have run out before.
struct Situation {
    phase: Phase,
    wait: Duration,
    step: Step,
}

impl Rollover {
    /// Replaces `old` in `zone`.
    pub fn new(zone: ZoneName, old: ZoneKey, timing: Timing) -> Self {
        Self { zone, old, timing, checkpoint: None }
    }

    /// Goes on where another run was.
    pub fn resume(self, checkpoint: Checkpoint) -> Self {
        Self { checkpoint: Some(checkpoint), ..self }
    }

    /// The key that goes.
    pub fn old(&self) -> &ZoneKey {
        &self.old
    }

    /// What to keep for the next run.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint
    }

    /// The zone.
    pub fn zone(&self) -> &ZoneName {
        &self.zone
    }

    /// The next step, as these facts want it.
    ///
    /// # Errors
    /// `InvalidRequest` with code `algorithm_change` if a KSK or a ZSK has another algorithm than the new key: then
    /// both must be replaced together, by a CSK; `nothing_seen` if no server of the zone or of its parent was asked.
    pub fn next(&mut self, facts: &Facts) -> Result<Step> {
        if facts.dnskeys.servers == 0 || facts.ds.servers == 0 {
            let help = "name the servers of the zone and of its parent; what they have is not guessed";
            return Err(self.refused("nothing_seen", help));
        }
        let Situation { phase, wait, step } = self.situation(facts)?;
        let now = Checkpoint::new(phase, self.old.id, self.new_key(facts).map(|key| key.id), facts.now);
        // What was noted of other keys means nothing, and a phase that began in the future was noted by a wrong clock.
        let begun = self.checkpoint.filter(|known| known.is_same(&now) && known.since <= now.since);
        let begun = begun.unwrap_or(now);
        self.checkpoint = Some(begun);
        let until = begun.since + wait;
        Ok(if wait > Duration::ZERO && facts.now < until { Step::WaitUntil(until) } else { step })
    }

    fn situation(&self, facts: &Facts) -> Result<Situation> {
        if !facts.keys.iter().any(|key| key.id == self.old.id) {
            return Ok(at(Phase::Done, Step::Done));
        }
        let Some(new) = self.new_key(facts) else {
            self.refuse_algorithm_change(NEW_ALGORITHM)?;
            return Ok(at(Phase::Begin, Step::AddKey(self.spec())));
        };
        self.refuse_algorithm_change(new.dnskey.algorithm)?;
        Ok(match self.old.role {
            KeyRole::Zsk => self.signing_key(facts, new),
            KeyRole::Ksk | KeyRole::Csk => self.entry_key(facts, new),
        })
    }

    /// The youngest other key of the role: made by this rollover, or by somebody else before.
    fn new_key<'a>(&self, facts: &'a Facts) -> Option<&'a ZoneKey> {
        let others = facts.keys.iter().filter(|key| key.role == self.old.role && key.id != self.old.id);
        others.max_by_key(|key| key.id)
    }

    fn spec(&self) -> KeySpec {
        let spec = KeySpec::new(self.old.role);
        match self.old.role {
            KeyRole::Zsk => spec.inactive(),
            _ if self.changes_algorithm(NEW_ALGORITHM) => spec.unpublished(),
            _ => spec,
        }
    }

    fn changes_algorithm(&self, new: u8) -> bool {
        self.old.dnskey.algorithm != new
    }

    fn refuse_algorithm_change(&self, new: u8) -> Result<()> {
        if self.old.role == KeyRole::Csk || !self.changes_algorithm(new) {
            return Ok(());
        }
        let help = "a KSK and a ZSK change their algorithm only together; sign the zone with one CSK";
        Err(self.refused("algorithm_change", help))
    }

    fn refused(&self, code: &'static str, help: &str) -> Error {
        Error::new(ErrorKind::InvalidRequest, "replace a key")
            .with_code(code)
            .with_target(format!("{} key {}", self.zone.as_str(), self.old.id))
            .with_help(help)
    }

    /// Pre-publication (RFC 6781 section 4.1.1.1).
    fn signing_key(&self, facts: &Facts, new: &ZoneKey) -> Situation {
        let Timing { dnskey, zone, margin, .. } = self.timing;
        let change = |key: &ZoneKey, active| Step::ChangeKey { key: key.id, active, published: true };
        let old_signs = facts.keys.iter().any(|key| key.id == self.old.id && key.active);
        if !new.published {
            at(Phase::Prepare, change(new, new.active))
        } else if !facts.dnskeys.everywhere.contains(&new.dnskey) {
            at(Phase::Publish, Step::Propagate)
        } else if !new.active {
            after(Phase::Published, dnskey, change(new, true))
        } else if old_signs {
            // Waits, too: a key that somebody else made may sign since a moment ago, and caches lack it.
            after(Phase::BothSign, dnskey, change(&self.old, false))
        } else {
            after(Phase::Activated, dnskey.max(zone + margin), Step::RemoveKey(self.old.id))
        }
    }

    /// Double signature and double DS (RFC 6781 sections 4.1.2 and 4.1.4).
    fn entry_key(&self, facts: &Facts, new: &ZoneKey) -> Situation {
        let Timing { dnskey, zone, margin, .. } = self.timing;
        let change = |published| Step::ChangeKey { key: new.id, active: true, published };
        let algorithm = self.changes_algorithm(new.dnskey.algorithm);
        let records_too = self.old.role == KeyRole::Csk;
        if !new.active {
            return at(Phase::Prepare, change(new.published && !algorithm));
        }
        if !new.published {
            let wait = if algorithm { zone + margin } else { Duration::ZERO };
            return after(Phase::Sign, wait, change(true));
        }
        let withdrawing = facts.keys.iter().any(|key| key.id == self.old.id && !key.published);
        if withdrawing && !self.has_old(&facts.ds.anywhere) {
            return self.withdraw(facts);
        }
        if !facts.dnskeys.everywhere.contains(&new.dnskey) {
            return at(Phase::Publish, Step::Propagate);
        }
        // Before the parent changes, caches must have the new key, and the signatures that it made. These waits are in
        // those that follow, too: somebody else may have changed the parent early.
        let ready = if records_too { dnskey.max(zone + margin) } else { dnskey };
        if let Some(situation) = self.parent(facts, new, ready) {
            return situation;
        }
        let gone = if algorithm {
            Step::ChangeKey { key: self.old.id, active: true, published: false }
        } else {
            Step::RemoveKey(self.old.id)
        };
        after(Phase::NewDs, self.timing.ds.max(ready), gone)
    }

    /// What the parent lacks; nothing once it has the new DS only.
    fn parent(&self, facts: &Facts, new: &ZoneKey, ready: Duration) -> Option<Situation> {
        let (everywhere, anywhere) = (&facts.ds.everywhere, &facts.ds.anywhere);
        if anywhere.is_empty() {
            // Nobody follows a chain that the parent does not begin.
            return None;
        }
        let wanted = Ds::from_dnskey(&self.zone, &new.dnskey);
        let has_new = |all: &[Ds]| all.iter().any(|ds| ds.is_of(&self.zone, &new.dnskey));
        if !has_new(anywhere) {
            let both = anywhere.iter().cloned().chain([wanted]).collect();
            return Some(after(Phase::Published, ready, Step::SetDs(both)));
        }
        if !has_new(everywhere) {
            return Some(at(Phase::AddDs, Step::Propagate));
        }
        if !self.has_old(anywhere) {
            return None;
        }
        let without_old =
            anywhere.iter().filter(|ds| !may_mean(ds, &self.zone, &self.old.dnskey)).cloned().collect();
        Some(after(Phase::BothDs, self.timing.ds.max(ready), Step::SetDs(without_old)))
    }

    /// The last part of a change of the algorithm: signatures outlive the key.
    fn withdraw(&self, facts: &Facts) -> Situation {
        if facts.dnskeys.anywhere.contains(&self.old.dnskey) {
            return at(Phase::Withdraw, Step::Propagate);
        }
        after(Phase::Withdrawn, self.timing.dnskey, Step::RemoveKey(self.old.id))
    }

    fn has_old(&self, all: &[Ds]) -> bool {
        all.iter().any(|ds| may_mean(ds, &self.zone, &self.old.dnskey))
    }
}

/// ECDSA P-256: what [`KeySpec`] makes.
const NEW_ALGORITHM: u8 = 13;

fn at(phase: Phase, step: Step) -> Situation {
    after(phase, Duration::ZERO, step)
}

fn after(phase: Phase, wait: Duration, step: Step) -> Situation {
    Situation { phase, wait, step }
}
