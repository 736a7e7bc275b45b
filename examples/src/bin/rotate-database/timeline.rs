//! What happened when: the life of each generation, and which credential carried the load.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// A moment, as the time since the run began.
pub(crate) type Moment = Duration;

/// Which credential carries the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Arm {
    /// The one that rotates.
    Rotating,
    /// The one that never changes: the measure of what rotation costs.
    Fixed,
}

/// A step in the life of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Issued { ttl: Duration },
    Rotated,
    Drained,
    Ended { why: String },
    Renewed { ttl: Duration },
    Revoked,
    Failed { why: String },
    Recovered,
}

/// A step with its time and its subject.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub at: Moment,
    pub generation: u64,
    pub user: String,
    pub step: Step,
}

/// One credential, from birth to death.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    pub generation: u64,
    pub user: String,
    /// When it was issued, and when the server ends it by itself.
    pub issued: Option<Moment>,
    pub deadline: Option<Moment>,
    pub published: Option<Moment>,
    /// When its successor was published.
    pub superseded: Option<Moment>,
    pub drained: Option<Moment>,
    /// When it was taken from somebody who still used it.
    pub ended: Option<Moment>,
    pub revoked: Option<Moment>,
}

impl Life {
    /// The first moment that is known of.
    pub(crate) fn begin(&self) -> Moment {
        self.issued.or(self.published).unwrap_or_default()
    }

    /// The last moment, or `now` if it lives.
    pub(crate) fn end(&self, now: Moment) -> Moment {
        self.revoked.unwrap_or(now)
    }

    /// How long its user lived on after its successor was in use.
    pub(crate) fn overlap(&self) -> Option<Duration> {
        Some(self.revoked?.saturating_sub(self.superseded?))
    }
}

/// A stretch of the run in which one arm carried the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub arm: Arm,
    pub from: Moment,
    pub to: Moment,
}

/// The run so far.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    start: Instant,
    pub lives: Vec<Life>,
    pub entries: Vec<Entry>,
    pub slices: Vec<Slice>,
    swaps: Vec<Moment>,
}

/// Beyond this, steps still count but are no longer listed.
const MAX_ENTRIES: usize = 100_000;

impl Timeline {
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, lives: Vec::new(), entries: Vec::new(), slices: Vec::new(), swaps: Vec::new() }
    }

    /// The time since the run began; zero for what came before.
    pub(crate) fn moment(&self, at: Instant) -> Moment {
        at.saturating_duration_since(self.start)
    }

    /// When a new generation took over from an old one, in order.
    pub(crate) fn swaps(&self) -> &[Moment] {
        &self.swaps
    }

    /// The generation in use.
    pub(crate) fn in_use(&self) -> Option<&Life> {
        self.lives.iter().rev().find(|life| life.published.is_some() && life.superseded.is_none())
    }

    /// Generations that were replaced and whose users are not gone yet.
    pub(crate) fn draining(&self) -> usize {
        self.lives.iter().filter(|life| life.superseded.is_some() && life.revoked.is_none()).count()
    }

    /// The shortest time that two credentials were good at once, over all rotations up to `end`.
    pub(crate) fn min_overlap(&self, end: Moment) -> Option<Duration> {
        let before = |life: &&Life| life.superseded.is_some_and(|superseded| superseded <= end);
        self.lives.iter().filter(before).filter_map(Life::overlap).min()
    }

    /// Generations that were taken from somebody who still used them.
    pub(crate) fn ended_in_use(&self) -> usize {
        self.lives.iter().filter(|life| life.ended.is_some()).count()
    }

    /// Users whose own end has come before `now`, so that the server must have dropped them.
    pub(crate) fn users_past_deadline(&self, now: Moment) -> Vec<String> {
        let over = |life: &&Life| {
            life.revoked.is_some_and(|revoked| revoked <= now)
                || life.deadline.is_some_and(|deadline| deadline <= now)
        };
        self.lives.iter().filter(over).map(|life| life.user.clone()).collect()
    }

    pub(crate) fn slice(&mut self, arm: Arm, from: Moment, to: Moment) {
        if to > from {
            self.slices.push(Slice { arm, from, to });
        }
    }

    /// Takes note of a step; steps of one generation come in their order.
    pub(crate) fn note(&mut self, entry: Entry) {
        self.apply(&entry);
        if self.entries.len() < MAX_ENTRIES {
            self.entries.push(entry);
        }
    }

    fn apply(&mut self, entry: &Entry) {
        let at = entry.at;
        if matches!(entry.step, Step::Failed { .. } | Step::Recovered) || entry.generation == 0 {
            return;
        }
        if entry.step == Step::Rotated {
            self.supersede(entry.generation, at);
        }
        let life = self.life(entry.generation, &entry.user);
        match &entry.step {
            Step::Issued { ttl } => {
                life.issued = Some(at);
                life.deadline = Some(at + *ttl);
            }
            Step::Renewed { ttl } => life.deadline = Some(at + *ttl),
            Step::Rotated => life.published = Some(at),
            Step::Drained => life.drained = Some(at),
            Step::Ended { .. } => life.ended = Some(at),
            Step::Revoked => life.revoked = Some(at),
            Step::Failed { .. } | Step::Recovered => {}
        }
    }

    fn supersede(&mut self, by: u64, at: Moment) {
        let mut any = false;
        for old in self.lives.iter_mut().filter(|life| life.generation < by && life.published.is_some()) {
            any = true;
            old.superseded.get_or_insert(at);
        }
        if any {
            self.swaps.push(at);
        }
    }

    fn life(&mut self, generation: u64, user: &str) -> &mut Life {
        let place = self.lives.partition_point(|life| life.generation < generation);
        if self.lives.get(place).is_none_or(|life| life.generation != generation) {
            let life = Life { generation, user: user.to_owned(), ..Life::default() };
            self.lives.insert(place, life);
        }
        &mut self.lives[place]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn ms(millis: u64) -> Moment {
        Duration::from_millis(millis)
    }

    /// Two rotations of 6 s leases.
    pub(crate) fn two_rotations() -> Timeline {
        let mut timeline = Timeline::new(Instant::now());
        let ttl = Duration::from_secs(6);
        for (at, generation, step) in [
            (0, 1, Step::Issued { ttl }),
            (40, 1, Step::Rotated),
            (2_900, 2, Step::Issued { ttl }),
            (3_000, 2, Step::Rotated),
            (3_750, 1, Step::Drained),
            (3_800, 1, Step::Revoked),
            (5_800, 3, Step::Issued { ttl }),
            (5_900, 3, Step::Rotated),
            (6_000, 2, Step::Drained),
            (6_100, 2, Step::Revoked),
        ] {
            timeline.note(Entry { at: ms(at), generation, user: format!("v-{generation}"), step });
        }
        timeline
    }

    #[tokio::test]
    async fn a_life_is_put_together_from_its_steps() {
        let timeline = two_rotations();
        assert_eq!(timeline.swaps(), [ms(3_000), ms(5_900)]);
        assert_eq!(timeline.lives.len(), 3);
        let first = &timeline.lives[0];
        assert_eq!((first.superseded, first.drained), (Some(ms(3_000)), Some(ms(3_750))));
        assert_eq!(timeline.in_use().unwrap().generation, 3);
        assert_eq!(timeline.draining(), 0);
        assert_eq!(timeline.min_overlap(ms(7_000)), Some(ms(200)), "generation 2: from 5,900 to 6,100");
        assert_eq!(timeline.min_overlap(ms(5_000)), Some(ms(800)), "generation 1 alone");
    }

    #[tokio::test]
    async fn a_user_is_past_its_deadline_when_revoked_or_when_its_lease_is_over() {
        let timeline = two_rotations();
        assert_eq!(timeline.users_past_deadline(ms(3_700)), Vec::<String>::new());
        assert_eq!(timeline.users_past_deadline(ms(3_900)), ["v-1"]);
        assert_eq!(timeline.users_past_deadline(ms(20_000)), ["v-1", "v-2", "v-3"]);
    }

    #[tokio::test]
    async fn a_failure_without_a_generation_changes_no_life() {
        let mut timeline = two_rotations();
        let step = Step::Failed { why: "sealed".to_owned() };
        timeline.note(Entry { at: ms(7_000), generation: 0, user: String::new(), step });
        assert_eq!((timeline.lives.len(), timeline.entries.len()), (3, 11));
    }
}
