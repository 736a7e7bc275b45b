//! What all clones of a router share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::fence::{self, Fence, Recorded};
use super::hedge::HedgeBudget;
use super::journal::Writer;
use super::own_writes::OwnWrites;
use super::plan::{Answered, Verdict, next_epoch, verdict};
use super::primary::PrimarySetting;
use super::view::{Staleness, View};
use super::{errors, marker, view};
use crate::{Kv2, Mount, OpenBao, RegionName};

/// A region that does not answer within this time has not answered.
const LOOK: Duration = Duration::from_secs(3);
/// The same, for one that did not answer the last time, and that nothing hangs on: it must not hold up the others.
const SHORT_LOOK: Duration = Duration::from_millis(500);
/// A promotion whose region does not answer is tried again after this time.
const AGAIN: Duration = Duration::from_millis(250);

/// What a router was told.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) mount: Mount,
    pub(super) local: Option<usize>,
    pub(super) staleness: Staleness,
    pub(super) hold: Duration,
    pub(super) fence_check: Duration,
    pub(super) read_limit: Duration,
    pub(super) probe: Duration,
    pub(super) wait_for_write: Duration,
}

/// One region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) name: RegionName,
    pub(super) bao: OpenBao,
    pub(super) view: Mutex<View>,
}

/// Who is written to.
#[derive(Clone, Debug)]
struct Lead {
    primary: usize,
    epoch: u64,
    /// When the records of all regions were looked at last, and agreed.
    verified: Option<Instant>,
    /// A promotion that is to be carried out.
    order: Option<usize>,
}

/// What the regions said, in their order: their records, the versions to replace, and why there is none.
#[derive(Debug, Default)]
struct Answers {
    said: Vec<(RegionName, Answered)>,
    versions: Vec<u64>,
    failures: Vec<Option<Error>>,
}

impl Answers {
    /// Why a region did not answer.
    fn failure(&mut self, operation: &'static str, index: usize) -> Error {
        let down = || errors::primary_down(operation, &self.said[index].0);
        let failure = self.failures[index].take();
        failure.filter(|error| !passes(error)).unwrap_or_else(down)
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) regions: Vec<Region>,
    pub(super) settings: Settings,
    pub(super) journal: Writer,
    pub(super) own: Mutex<OwnWrites>,
    pub(super) hedges: HedgeBudget,
    setting: Option<Mutex<PrimarySetting>>,
    lead: watch::Sender<Lead>,
    /// One promotion or look at the records at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Shared {
    pub(super) fn new(
        regions: Vec<Region>,
        primary: usize,
        setting: Option<PrimarySetting>,
        settings: Settings,
    ) -> Self {
        let lead = Lead { primary, epoch: 0, verified: None, order: None };
        Self {
            regions,
            settings,
            journal: Writer::new(),
            own: Mutex::default(),
            hedges: HedgeBudget::default(),
            setting: setting.map(Mutex::new),
            lead: watch::Sender::new(lead),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Who is primary, as far as we know.
    pub(super) fn primary(&self) -> usize {
        self.lead.borrow().primary
    }

    pub(super) fn is_promoting(&self) -> bool {
        self.lead.borrow().order.is_some()
    }

    pub(super) fn find(&self, operation: &'static str, name: &RegionName) -> Result<usize> {
        let found = self.regions.iter().position(|region| region.name == *name);
        found.ok_or_else(|| errors::unknown_region(operation, name))
    }

    pub(super) fn view(&self, index: usize) -> MutexGuard<'_, View> {
        lock(&self.regions[index].view)
    }

    fn kv(&self, index: usize) -> Kv2 {
        self.regions[index].bao.kv(self.settings.mount.clone())
    }

    /// Orders a promotion. It is carried out by whoever comes next: the caller, a writer, or the upkeep.
    pub(super) fn order(&self, index: usize) {
        self.lead.send_modify(|lead| (lead.order, lead.verified) = (Some(index), None));
    }

    /// Turns a change of the configuration into an order.
    pub(super) fn follow_setting(&self) {
        let Some(setting) = &self.setting else { return };
        let Some(wanted) = lock(setting).order() else { return };
        match self.find("follow configuration", &wanted) {
            Ok(index) => self.order(index),
            Err(error) => tracing::warn!(%error, "the configured primary is no region of ours"),
        }
    }

    /// The region that may be written to. Waits for a promotion that is under way, as long as it was told to.
    pub(super) async fn writable(&self, operation: &'static str) -> Result<usize> {
        self.follow_setting();
        {
            let lead = self.lead.borrow();
            let recent = |at: Instant| at.elapsed() < self.settings.fence_check;
            if lead.order.is_none() && lead.verified.is_some_and(recent) {
                return Ok(lead.primary);
            }
            if lead.order.is_some() && self.settings.hold.is_zero() {
                return Err(errors::promoting(operation));
            }
        }
        let limit = if self.settings.hold.is_zero() { LOOK * 2 } else { self.settings.hold };
        match timeout(limit, Box::pin(self.settle(operation))).await {
            Ok(settled) => settled,
            Err(_elapsed) if self.is_promoting() => Err(errors::promoting(operation)),
            Err(_elapsed) => Err(errors::primary_down(operation, &self.regions[self.primary()].name)),
        }
    }

    /// Carries out what was ordered, or looks whether the primary still is.
    pub(super) async fn settle(&self, operation: &'static str) -> Result<usize> {
        let _turn = self.turn.lock().await;
        loop {
            let lead = self.lead.borrow().clone();
            let Some(ordered) = lead.order else {
                let recent = |at: Instant| at.elapsed() < self.settings.fence_check / 2;
                if lead.verified.is_some_and(recent) {
                    // Somebody looked while we waited.
                    return Ok(lead.primary);
                }
                return self.verify(operation, lead.primary).await;
            };
            match self.take_over(operation, ordered).await {
                Ok(()) => return Ok(ordered),
                Err(error) if passes(&error) => tokio::time::sleep(AGAIN).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks at the records of all regions.
    async fn verify(&self, operation: &'static str, primary: usize) -> Result<usize> {
        let mut answers = self.answers(primary).await;
        let name = &self.regions[primary].name;
        let epoch = match verdict(name, &answers.said) {
            Verdict::Primary { epoch } => epoch,
            Verdict::Unclaimed => {
                fence::write(&self.kv(primary), &Fence::new(1, name.clone()), 0).await?;
                1
            }
            Verdict::Unreachable => return Err(answers.failure(operation, primary)),
            Verdict::Fenced { epoch, by } => return Err(errors::fenced(operation, epoch, &by)),
            Verdict::Forgotten { epoch } => return Err(errors::forgotten(operation, name, epoch)),
            Verdict::SplitBrain { epoch, .. } => return Err(errors::split_brain(operation, epoch)),
        };
        self.lead.send_if_modified(|lead| {
            if lead.order.is_none() {
                (lead.epoch, lead.verified) = (epoch, Some(Instant::now()));
            }
            true
        });
        Ok(primary)
    }

    /// Makes a region primary: in its own record, and in those of all others that answer.
    async fn take_over(&self, operation: &'static str, ordered: usize) -> Result<()> {
        let mut answers = self.answers(ordered).await;
        let name = &self.regions[ordered].name;
        let epoch = match verdict(name, &answers.said) {
            // Another router that had the same order was first.
            Verdict::Primary { epoch } => epoch,
            _ => next_epoch(&answers.said),
        };
        if answers.said[ordered].1 == Answered::Nothing {
            return Err(answers.failure(operation, ordered));
        }
        let fence = Fence::new(epoch, name.clone());
        if answers.said[ordered].1 != Answered::Record(fence.clone()) {
            fence::write(&self.kv(ordered), &fence, answers.versions[ordered]).await?;
        }
        let others = (0..self.regions.len()).filter(|&other| other != ordered);
        let told = others.map(|other| {
            let answered = &answers.said[other].1;
            let knows = *answered == Answered::Nothing || *answered == Answered::Record(fence.clone());
            let (kv, fence, version) = (self.kv(other), &fence, answers.versions[other]);
            async move {
                if !knows && !matches!(timeout(LOOK, fence::write(&kv, fence, version)).await, Ok(Ok(()))) {
                    // It is told by the replicator, and until then its record is the older one.
                    tracing::warn!("a region could not be told of the promotion");
                }
            }
        });
        join_all(told).await;
        self.lead.send_modify(|lead| {
            lead.verified = Some(Instant::now());
            (lead.primary, lead.epoch) = (ordered, epoch);
            lead.order = lead.order.filter(|&order| order != ordered);
        });
        Ok(())
    }

    /// What each region says of the primary; the one that it is about is waited for.
    async fn answers(&self, of: usize) -> Answers {
        let looks = (0..self.regions.len()).map(|index| {
            let kv = self.kv(index);
            let patient = index == of || self.view(index).is_healthy();
            let limit = if patient { LOOK } else { SHORT_LOOK };
            async move { timeout(limit, Box::pin(fence::read(&kv))).await }
        });
        let mut answers = Answers::default();
        for (region, looked) in self.regions.iter().zip(join_all(looks).await) {
            let (answered, version, failure) = match looked {
                Ok(Ok(Recorded { fence: Some(fence), version })) => (Answered::Record(fence), version, None),
                Ok(Ok(Recorded { fence: None, version })) => (Answered::NoRecord, version, None),
                Ok(Err(error)) => (Answered::Nothing, 0, Some(error)),
                Err(_elapsed) => (Answered::Nothing, 0, None),
            };
            if answered == Answered::Nothing {
                lock(&region.view).failed(Instant::now());
            }
            answers.said.push((region.name.clone(), answered));
            answers.versions.push(version);
            answers.failures.push(failure);
        }
        answers
    }

    /// Looks at one region: whether it serves, how fast, and how fresh it is.
    pub(super) async fn probe(&self, index: usize) {
        let begun = Instant::now();
        let (region, kv) = (&self.regions[index], self.kv(index));
        let looked = timeout(LOOK, async {
            let health = region.bao.health().await?;
            let took = begun.elapsed();
            Ok::<_, Error>((health.status.serves(), took, marker::read(&kv).await))
        })
        .await;
        let (primary, epoch) = {
            let lead = self.lead.borrow();
            (lead.primary, lead.epoch)
        };
        let mut view = self.view(index);
        match looked {
            Ok(Ok((true, took, marker))) => {
                view.answered(took);
                if let Ok(marker) = marker {
                    // A copy of a former primary says nothing of this one.
                    let counts = |marker: &marker::Marker| {
                        marker.source == self.regions[primary].name && (epoch == 0 || marker.epoch == epoch)
                    };
                    let seen = marker.filter(|(marker, _)| counts(marker)).map(|(marker, version)| {
                        view::Seen { version, sweep_age: marker.sweep_age, journal_age: marker.journal_age }
                    });
                    view.looked(begun, seen);
                }
            }
            _ => view.failed(Instant::now()),
        }
    }
}

/// Whether it is worth trying again.
pub(super) fn passes(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::RateLimited
    ) || error.code() == Some("cas_mismatch")
        || error.outcome_unknown()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
