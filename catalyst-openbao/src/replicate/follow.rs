//! The journals: what they name is brought over as soon as they name it.

use std::collections::{BTreeMap, BTreeSet};

use catalyst_core::{Error, Result};
use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

use super::event::{ReplicaEvent, SweepReport};
use super::link::{Hints, Link, MAX_HINTS, Work, parsed};
use super::plan::{Known, Plan};
use crate::region::journal::{self, Done};
use crate::region::records;

impl Link {
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

    async fn follow_hints(&self, hints: &Hints, report: &mut SweepReport) -> Result<()> {
        let caught_up = self.catch_up(hints).await?;
        // What is no path for us is refused by the sweep, in due form.
        let rest = hints.keys().filter(|path| !caught_up.contains(*path));
        let paths: Vec<_> = rest.filter_map(|path| parsed(path)).collect();
        let looks = stream::iter(paths).map(|path| async move {
            let look = self.look(&path).await?;
            Ok::<_, Error>(Work { path: path.as_str().to_owned(), look, fresh: true })
        });
        let mut looks = looks.buffer_unordered(self.settings.concurrency);
        let mut work = Vec::new();
        while let Some(looked) = looks.next().await {
            let one = looked?;
            if one.look.plan(&Known::Nothing) == Plan::InSync {
                self.in_step(&one.path, one.look.target.as_ref());
            } else {
                work.push(one);
            }
        }
        drop(looks);
        self.bring_all(work, report, |_left| {}).await
    }

    /// Copies the writes that follow on what was in step; says which paths that were.
    async fn catch_up(&self, hints: &Hints) -> Result<BTreeSet<String>> {
        let simple: Vec<_> = hints
            .iter()
            .filter(|(_, done)| **done == Done::Wrote)
            .filter_map(|(path, _)| Some((parsed(path)?, self.copies.origin(path)?)))
            .collect();
        let mut caught_up = BTreeSet::new();
        if simple.is_empty() {
            return Ok(caught_up);
        }
        let begun = simple.iter().map(|(path, origin)| (path.as_str().to_owned(), *origin)).collect();
        self.in_flight.begin(&self.ends.target, begun).await?;
        let copies = stream::iter(simple).map(|(path, _)| async move {
            self.pace.turn().await;
            let done = self.copies.catch_up(&self.ends, &path).await;
            match &done {
                Ok(_) => self.in_flight.end(path.as_str()),
                Err(_) => self.in_flight.leave(path.as_str()),
            }
            done.map(|done| (path, done))
        });
        let mut copies = copies.buffer_unordered(self.settings.concurrency);
        let mut failure = None;
        while let Some(copied) = copies.next().await {
            match copied {
                Ok((path, true)) => {
                    let (target, path) = (self.target.name.clone(), path.as_str().to_owned());
                    caught_up.insert(path.clone());
                    self.tell(&ReplicaEvent::Copied { target, path, versions: 1 });
                }
                Ok((_, false)) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        drop(copies);
        self.in_flight.ended(&self.ends.target).await?;
        failure.map_or(Ok(caught_up), Err)
    }

    /// Looks where the journals end. What they name already is found by the first sweep.
    pub(super) async fn start_journals(&self) -> Result<()> {
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
                    for (done, path) in new.iter().filter_map(|line| Done::read(line)) {
                        // What was written twice is two versions ahead, and written and changed is changed.
                        let before = progress.hints.insert(path.to_owned(), done);
                        if before.is_some() {
                            progress.hints.insert(path.to_owned(), Done::Changed);
                        }
                    }
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
}
