//! One secondary, kept like the primary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, Result};
use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::conflict::Conflict;
use super::copy::{Ends, Look, Outcome, known};
use super::event::{ReplicaEvent, ReplicaLag, ReplicaObserver, SweepReport};
use super::in_flight::InFlight;
use super::pace::Pace;
use super::plan::{Known, Plan};
use super::policies;
use super::server_time::ServerClock;
use super::settings::Settings;
use super::walk::walk;
use crate::refusal::SERVICE;
use crate::region::{Fence, Marker, Replication, errors, fence, journal, marker, records, replication};
use crate::{Kv2, OpenBao, RegionName, SecretPath};

/// The right to copy is looked up again after this time.
const AUTHORITY: Duration = Duration::from_secs(1);
/// So long at least lies between two statements of how far we are: each is a write.
const STATEMENT: Duration = Duration::from_millis(400);
/// How often it is tried when others write the same record.
const AUTHORITY_TRIES: u32 = 3;
/// A server's clock is asked again after this time.
const CLOCK: Duration = Duration::from_secs(10);
/// More hints at once are not worth following one by one.
const MAX_HINTS: usize = 10_000;
/// So many secrets are put on record at once before they are copied.
const BATCH: usize = 1_000;
/// Fewer removals than this are never thought a mistake.
const FEW_REMOVALS: usize = 20;

/// A region, as the replicator sees it.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) name: RegionName,
    pub(super) bao: OpenBao,
}

/// Something to be done.
#[derive(Debug)]
struct Work {
    path: String,
    look: Look,
    /// Whether the look is new enough to act on.
    fresh: bool,
}

#[derive(Debug)]
pub(super) struct Link {
    source: Region,
    target: Region,
    ends: Ends,
    settings: Arc<Settings>,
    pace: Pace,
    in_flight: InFlight,
    progress: Mutex<Progress>,
}

/// What the two loops of a link tell each other.
#[derive(Debug, Default)]
struct Progress {
    authority: Option<(Instant, u64)>,
    clocks: Option<(Instant, ServerClock, ServerClock)>,
    /// Of each journal, the version that was read, and how many paths there were.
    journals: BTreeMap<String, (u64, u64)>,
    /// Paths to look at.
    hints: BTreeSet<String>,
    /// All that was there at this moment is copied.
    swept: Option<Instant>,
    noted: Option<Instant>,
    /// Whether the journals' ends were looked at.
    started: bool,
    /// Some paths were lost by this moment: only a sweep that is begun later finds them.
    gap: Option<Instant>,
    /// When it was last said in the secondary how far we are.
    stated: Option<Instant>,
    sweeping: usize,
    following: usize,
    conflicts: BTreeMap<String, Conflict>,
    policy_conflicts: usize,
}

impl Progress {
    fn behind(&self) -> usize {
        self.hints.len() + self.following + self.sweeping
    }
}

impl Link {
    pub(super) fn new(source: Region, target: Region, settings: Arc<Settings>) -> Self {
        let kv = |region: &Region| region.bao.kv(settings.mount.clone());
        let ends = Ends { source: kv(&source), target: kv(&target) };
        let pace = Pace::per_second(settings.rate);
        Self {
            source,
            target,
            ends,
            settings,
            pace,
            in_flight: InFlight::default(),
            progress: Mutex::default(),
        }
    }

    pub(super) fn target(&self) -> &RegionName {
        &self.target.name
    }

    pub(super) fn lag(&self) -> ReplicaLag {
        let progress = self.progress();
        ReplicaLag {
            target: self.target.name.clone(),
            journal: progress.noted.map(|at| at.elapsed()),
            sweep: progress.swept.map(|at| at.elapsed()),
            behind: progress.behind(),
            conflicts: progress.conflicts.len() + progress.policy_conflicts,
        }
    }

    /// Adds paths that may have changed.
    pub(super) fn hint(&self, paths: impl IntoIterator<Item = String>) {
        let mut progress = self.progress();
        for path in paths {
            if progress.hints.len() >= MAX_HINTS {
                progress.gap = Some(Instant::now());
                return;
            }
            progress.hints.insert(path);
        }
    }

    /// Whether the next sweep is not to wait.
    pub(super) fn has_gap(&self) -> bool {
        self.progress().gap.is_some()
    }

    pub(super) fn failed(&self, error: Error) {
        self.tell(&ReplicaEvent::Failed { target: self.target.name.clone(), error });
    }

    /// Looks at everything, and brings it over.
    pub(super) async fn sweep(&self) -> Result<SweepReport> {
        self.authorise().await?;
        self.in_flight.load(&self.ends.target).await?;
        self.start_journals().await?;
        let begun = Instant::now();
        let left = self.in_flight.all_left();
        let (mut report, work) = self.survey().await?;
        self.progress().sweeping = work.len();
        let done = self.bring_all(work, &mut report, |left| self.progress().sweeping = left).await;
        self.progress().sweeping = 0;
        done?;
        if self.settings.policies {
            self.bring_policies(&mut report).await?;
        }
        self.in_flight.account(&self.ends.target, &left).await?;
        report.took = begun.elapsed();
        if report.moving == 0 {
            let mut progress = self.progress();
            progress.swept = Some(begun);
            progress.gap = progress.gap.filter(|&lost| lost > begun);
        }
        self.write_marker().await?;
        self.tell(&ReplicaEvent::Swept { target: self.target.name.clone(), report: report.clone() });
        Ok(report)
    }

    /// Walks both sides, and says which secrets there is something to be done about.
    async fn survey(&self) -> Result<(SweepReport, Vec<Work>)> {
        let (source_now, target_now) = self.clocks().await?;
        let (here, there) = tokio::try_join!(walk(&self.ends.source), walk(&self.ends.target))?;
        let (mut here, mut there) = (here.secrets, there.secrets);
        let report = SweepReport { secrets: here.len(), ..SweepReport::default() };
        let paths: BTreeSet<Arc<str>> = here.keys().chain(there.keys()).cloned().collect();
        let (mut work, mut removals) = (Vec::new(), 0);
        for path in paths {
            let begun = self.in_flight.left(&path);
            let (source, target) = (here.remove(&path), there.remove(&path));
            let look = Look { source, target, source_now, target_now, begun };
            match look.plan(&Known::Nothing) {
                Plan::InSync => self.settled(&path),
                next => {
                    removals += usize::from(next == Plan::Remove);
                    // Nobody's version can be lost by making a secret that must not exist; all else is looked at again.
                    let fresh = look.target.is_none();
                    work.push(Work { path: path.as_ref().to_owned(), look, fresh });
                }
            }
        }
        if removals > FEW_REMOVALS && removals > report.secrets && !self.settings.many_removals {
            return Err(many_removals(removals, report.secrets));
        }
        Ok((report, work))
    }

    /// Looks at what the journals name, and brings it over.
    pub(super) async fn follow(&self) -> Result<()> {
        let begun = Instant::now();
        self.authorise().await?;
        self.in_flight.load(&self.ends.target).await?;
        self.start_journals().await?;
        self.read_journals().await?;
        let hints = {
            let mut progress = self.progress();
            let hints = std::mem::take(&mut progress.hints);
            progress.following = hints.len();
            hints
        };
        let mut report = SweepReport::default();
        let followed = self.follow_hints(&hints, &mut report).await;
        let mut progress = self.progress();
        progress.following = 0;
        if followed.is_err() {
            progress.hints.extend(hints);
        } else if report.moving == 0 && progress.gap.is_none() {
            progress.noted = Some(begun);
        }
        drop(progress);
        followed
    }

    async fn follow_hints(&self, hints: &BTreeSet<String>, report: &mut SweepReport) -> Result<()> {
        // What is no path for us is refused by the sweep, in due form.
        let paths: Vec<_> = hints.iter().filter_map(|path| parsed(path)).collect();
        let looks = stream::iter(paths).map(|path| async move {
            let look = self.look(&path).await?;
            Ok::<_, Error>(Work { path: path.as_str().to_owned(), look, fresh: true })
        });
        let mut looks = looks.buffer_unordered(self.settings.concurrency);
        let mut work = Vec::new();
        while let Some(looked) = looks.next().await {
            let one = looked?;
            if one.look.plan(&Known::Nothing) == Plan::InSync {
                self.settled(&one.path);
            } else {
                work.push(one);
            }
        }
        drop(looks);
        self.bring_all(work, report, |_left| {}).await
    }

    /// Brings secrets over, many at a time. One that fails holds no other up; the first failure is returned. `left` is
    /// told how many are left.
    async fn bring_all(
        &self,
        work: Vec<Work>,
        report: &mut SweepReport,
        left: impl Fn(usize) + Send,
    ) -> Result<()> {
        let mut failure = None;
        let mut still = work.len();
        let mut work = work.into_iter().peekable();
        while work.peek().is_some() {
            let batch: Vec<_> = work.by_ref().take(BATCH).collect();
            let begun: Vec<_> =
                batch.iter().filter_map(|one| Some((one.path.clone(), one.look.begins()?))).collect();
            self.in_flight.begin(&self.ends.target, begun).await?;
            let outcomes = stream::iter(batch).map(|one| async move {
                self.pace.turn().await;
                let path = one.path.clone();
                let outcome = self.bring(one).await;
                match &outcome {
                    Ok(_) => self.in_flight.end(&path),
                    Err(_) => self.in_flight.leave(&path),
                }
                outcome
            });
            let mut outcomes = outcomes.buffer_unordered(self.settings.concurrency);
            while let Some(outcome) = outcomes.next().await {
                still = still.saturating_sub(1);
                left(still);
                match outcome {
                    Ok(outcome) => count(report, &outcome),
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
            drop(outcomes);
            self.in_flight.ended(&self.ends.target).await?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Says in the secondary how far it is.
    pub(super) async fn write_marker(&self) -> Result<()> {
        let epoch = self.authorise().await?;
        let statement = {
            let mut progress = self.progress();
            if progress.stated.is_some_and(|at| at.elapsed() < STATEMENT) {
                return Ok(());
            }
            progress.stated = Some(Instant::now());
            let Some(swept) = progress.swept else { return Ok(()) };
            let noted = progress.noted.map_or(swept, |noted| noted.max(swept));
            Marker {
                source: self.source.name.clone(),
                epoch,
                journal_age: noted.elapsed(),
                sweep_age: swept.elapsed(),
                behind: u64::try_from(progress.behind()).unwrap_or(u64::MAX),
            }
        };
        marker::write(&self.ends.target, &statement).await
    }

    async fn bring(&self, one: Work) -> Result<Outcome> {
        let Work { path, look, fresh } = one;
        let outcome = match parsed(&path) {
            Some(parsed) => {
                let look = if fresh { look } else { self.look(&parsed).await? };
                self.ends.bring(&parsed, look).await?
            }
            None => Outcome::Refused(Conflict::PathRefused),
        };
        let target = self.target.name.clone();
        match &outcome {
            Outcome::Refused(conflict) => {
                let known = self.progress().conflicts.insert(path.clone(), conflict.clone());
                if known.as_ref() != Some(conflict) {
                    self.tell(&ReplicaEvent::Conflict { target, path, conflict: conflict.clone() });
                }
            }
            Outcome::Copied { versions } => {
                self.settled(&path);
                self.tell(&ReplicaEvent::Copied { target, path, versions: *versions });
            }
            Outcome::Removed => {
                self.settled(&path);
                self.tell(&ReplicaEvent::Removed { target, path });
            }
            Outcome::InSync => self.settled(&path),
            Outcome::Moving => self.hint([path]),
        }
        Ok(outcome)
    }

    async fn look(&self, path: &SecretPath) -> Result<Look> {
        let (source_now, target_now) = self.clocks().await?;
        let (source, target) =
            tokio::try_join!(known(&self.ends.source, path), known(&self.ends.target, path))?;
        let begun = self.in_flight.left(path.as_str());
        Ok(Look { source, target, source_now, target_now, begun })
    }

    fn settled(&self, path: &str) {
        self.progress().conflicts.remove(path);
    }

    async fn bring_policies(&self, report: &mut SweepReport) -> Result<()> {
        let steps = policies::bring(&self.source.bao, &self.target.bao, &self.ends.target).await?;
        let target = || self.target.name.clone();
        let mut refused = 0;
        for step in steps {
            let event = match step {
                policies::Step::Write(policy, _) => ReplicaEvent::PolicyCopied { target: target(), policy },
                policies::Step::Remove(policy) => ReplicaEvent::PolicyRemoved { target: target(), policy },
                policies::Step::Refused(policy) => {
                    refused += 1;
                    ReplicaEvent::PolicyConflict { target: target(), policy }
                }
            };
            report.policies += 1;
            self.tell(&event);
        }
        report.policies -= refused;
        report.conflicts += refused;
        self.progress().policy_conflicts = refused;
        Ok(())
    }

    /// Looks where the journals end. What they name already is found by the first sweep.
    async fn start_journals(&self) -> Result<()> {
        if self.progress().started {
            return Ok(());
        }
        let mut ends = BTreeMap::new();
        for slot in self.journals().await?.into_keys() {
            if let Some((pages, version)) = journal::read(&self.ends.source, &slot).await? {
                ends.insert(slot, (version, pages.count));
            }
        }
        let mut progress = self.progress();
        if !progress.started {
            (progress.started, progress.journals, progress.gap) = (true, ends, Some(Instant::now()));
        }
        Ok(())
    }

    /// Looks which journals have grown, and takes note of the paths.
    async fn read_journals(&self) -> Result<()> {
        for (slot, version) in self.journals().await? {
            let seen = self.progress().journals.get(&slot).copied();
            if seen.is_some_and(|(seen, _)| seen == version) {
                continue;
            }
            let Some((pages, version)) = journal::read(&self.ends.source, &slot).await? else { continue };
            let mut progress = self.progress();
            match pages.since(seen.map_or(0, |(_, count)| count)) {
                Some(new) if new.len() + progress.hints.len() <= MAX_HINTS => {
                    progress.hints.extend(new.iter().cloned());
                }
                _ => progress.gap = Some(Instant::now()),
            }
            progress.journals.insert(slot, (version, pages.count));
        }
        Ok(())
    }

    /// The journals there are, and their versions.
    async fn journals(&self) -> Result<BTreeMap<String, u64>> {
        let limit = usize::from(records::JOURNALS) + 1;
        let page = self.ends.source.list_detailed(Some(&records::journals()?), None, limit).await?;
        Ok(page.secrets.into_iter().map(|(slot, about)| (slot, about.current_version)).collect())
    }

    /// Both servers' clocks.
    async fn clocks(&self) -> Result<(std::time::SystemTime, std::time::SystemTime)> {
        let fresh = self.progress().clocks.filter(|(taken, ..)| taken.elapsed() < CLOCK);
        let (source, target) = if let Some((_, source, target)) = fresh {
            (source, target)
        } else {
            let (source, target) =
                tokio::try_join!(ServerClock::read(&self.source.bao), ServerClock::read(&self.target.bao))?;
            self.progress().clocks = Some((Instant::now(), source, target));
            (source, target)
        };
        Ok((source.now(), target.now()))
    }

    /// The epoch in which this link may copy; tells the secondary if it does not know.
    async fn authorise(&self) -> Result<u64> {
        if let Some((at, epoch)) = self.progress().authority
            && at.elapsed() < AUTHORITY
        {
            return Ok(epoch);
        }
        let mut tries = AUTHORITY_TRIES;
        loop {
            match self.ask_authority().await {
                // Another one told the secondary at the same time.
                Err(error) if error.code() == Some("cas_mismatch") && tries > 0 => tries -= 1,
                asked => {
                    let epoch = asked?;
                    self.progress().authority = Some((Instant::now(), epoch));
                    return Ok(epoch);
                }
            }
        }
    }

    async fn ask_authority(&self) -> Result<u64> {
        let operation = "replicate";
        let (ours, theirs) =
            tokio::try_join!(fence::read(&self.ends.source), fence::read(&self.ends.target))?;
        let source = &self.source.name;
        match replication(source, ours.fence.as_ref(), theirs.fence.as_ref()) {
            Replication::Go { epoch, tell } => {
                if tell {
                    fence::write(&self.ends.target, &Fence::new(epoch, source.clone()), theirs.version)
                        .await?;
                }
                Ok(epoch)
            }
            Replication::NotPrimary => Err(errors::not_primary(operation, source)),
            Replication::Fenced { epoch, by } => Err(errors::fenced(operation, epoch, &by)),
            Replication::SplitBrain { epoch } => Err(errors::split_brain(operation, epoch)),
        }
    }

    /// Makes the source primary where nobody ever was.
    pub(super) async fn claim(source: &Kv2, name: &RegionName) -> Result<()> {
        if fence::read(source).await?.fence.is_none() {
            fence::write(source, &Fence::new(1, name.clone()), 0).await?;
        }
        Ok(())
    }

    /// Whether a region has a record of a primary.
    pub(super) async fn is_claimed(&self) -> Result<bool> {
        Ok(fence::read(&self.ends.target).await?.fence.is_some())
    }

    fn tell(&self, event: &ReplicaEvent) {
        let observer: &dyn ReplicaObserver = &*self.settings.observer;
        observer.event(event);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path as the server names it; none if this crate would change it.
fn parsed(path: &str) -> Option<SecretPath> {
    path.parse::<SecretPath>().ok().filter(|parsed| parsed.as_str() == path && !records::is_ours(path))
}

fn count(report: &mut SweepReport, outcome: &Outcome) {
    match outcome {
        Outcome::InSync => {}
        Outcome::Copied { .. } => report.copied += 1,
        Outcome::Removed => report.removed += 1,
        Outcome::Moving => report.moving += 1,
        Outcome::Refused(_) => report.conflicts += 1,
    }
}

fn many_removals(removals: usize, left: usize) -> Error {
    Error::new(catalyst_core::ErrorKind::Conflict, "replicate")
        .with_service(SERVICE)
        .with_code("many_removals")
        .with_help(format!(
            "{removals} secrets of the secondary are gone on the primary, which has {left} left: is it the right one, \
             and was it restored? nothing was changed; if that is how it should be, allow many removals once"
        ))
}
