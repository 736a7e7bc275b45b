//! One run: the story as it unfolds, the load, and the judgement at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_sdk::rotation::Events;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};

use crate::database::{Database, Failure};
use crate::ledger::{Figures, Ledger};
use crate::load::Load;
use crate::options::Options;
use crate::orders::{self, Orders};
use crate::progress::{Screen, View};
use crate::slices::{Cost, Switch, earliest_rotation};
use crate::timeline::{Entry, Moment, Step, Timeline};

/// Between two looks at the load.
const TICK: Duration = Duration::from_millis(100);
/// The load goes on for this long after the last swap, so that all that is near it is measured.
const AFTER_LAST: Duration = Duration::from_millis(1_200);
/// How long a query under way at the end is waited for.
const LAST_QUERIES: Duration = Duration::from_secs(20);

/// The timeline, shared by those who write and those who wait.
#[derive(Debug)]
pub(crate) struct Story {
    start: Instant,
    timeline: Mutex<Timeline>,
    changes: watch::Sender<u64>,
}

impl Story {
    /// The story of a pool that is up: its first user was made before anybody listened.
    pub(crate) async fn begin(orders: &Orders, options: &Options) -> Result<Arc<Self>, Failure> {
        let (user, health) = (orders.user().await?, orders.health());
        let start = Instant::now();
        let timeline = Mutex::new(Timeline::new(start));
        let story = Arc::new(Self { start, timeline, changes: watch::Sender::new(0) });
        let ttl = health.expires_at.saturating_duration_since(start).min(options.lease());
        story.note(start, health.generation, &user, Step::Issued { ttl });
        story.note(start, health.generation, &user, Step::Rotated);
        Ok(story)
    }

    pub(crate) fn timeline(&self) -> MutexGuard<'_, Timeline> {
        self.timeline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, at: Instant, generation: u64, user: &str, step: Step) -> Entry {
        let entry = {
            let mut timeline = self.timeline();
            let entry = Entry { at: timeline.moment(at), generation, user: user.to_owned(), step };
            timeline.note(entry.clone());
            entry
        };
        self.changes.send_modify(|count| *count += 1);
        entry
    }

    /// Waits until the timeline has come so far.
    pub(crate) async fn wait_until(&self, done: impl Fn(&Timeline) -> bool) {
        // Subscribed first, so that no step between the look and the wait is missed.
        let mut changes = self.changes.subscribe();
        while !done(&self.timeline()) {
            // The sender is `self`, so it cannot be gone.
            changes.changed().await.ok();
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.start.elapsed()
    }

    pub(crate) fn instant(&self, moment: Moment) -> Instant {
        self.start + moment
    }
}

/// A run under way.
pub(crate) struct Run<'a> {
    options: &'a Options,
    screen: &'a Screen,
    pub story: Arc<Story>,
    ledger: Arc<Ledger>,
    load: Arc<Load>,
    tasks: JoinSet<()>,
    figures: Figures,
}

/// What a run has shown, apart from what the server still holds.
pub(crate) struct Record {
    pub timeline: Timeline,
    pub figures: Figures,
    pub queries: u64,
    pub failed: u64,
    pub lost: u64,
    pub failures: Vec<(String, u64)>,
    pub cost: Cost,
    /// How long the load was on.
    pub loaded: Moment,
    /// With the shutdown.
    pub length: Moment,
}

/// A user may outlive the end of its lease by as much: the server takes it away when it comes to it.
const GRACE: Duration = Duration::from_secs(2);

impl Record {
    /// How many of the users that the database has should have been gone by now.
    pub(crate) fn late(&self, there: &[String]) -> usize {
        let due = self.timeline.users_past_deadline(self.loaded.saturating_sub(GRACE));
        due.iter().filter(|user| there.contains(user)).count()
    }

    /// Rotations under load; one that came with the shutdown does not count.
    pub(crate) fn swaps(&self) -> &[Moment] {
        let swaps = self.timeline.swaps();
        &swaps[..swaps.partition_point(|swap| *swap <= self.loaded)]
    }

    /// Adds what happened after the load had ended.
    pub(crate) fn complete(&mut self, story: &Story) {
        self.timeline = story.timeline().clone();
        self.length = story.now();
    }
}

impl<'a> Run<'a> {
    /// Puts the load on both databases.
    pub(crate) fn start(
        options: &'a Options,
        screen: &'a Screen,
        story: &Arc<Story>,
        rotating: Arc<dyn Database>,
        fixed: Arc<dyn Database>,
    ) -> Self {
        let tasks = usize::from(options.tasks);
        let ledger = Arc::new(Ledger::new(tasks));
        let load = Load::new(rotating, fixed, Arc::clone(&ledger), story.start);
        let tasks = load.spawn(tasks);
        Self { options, screen, story: Arc::clone(story), ledger, load, tasks, figures: Figures::new() }
    }

    /// Watches until there were enough rotations, the limit is reached, or somebody presses Ctrl-C; then stops the
    /// load. `steps` goes on being read by the caller's follower.
    pub(crate) async fn until_rotated(mut self) -> Record {
        let mut switch = Switch::new(Arc::clone(&self.load), Arc::clone(&self.story));
        let limit = self.options.limit();
        let screen = self.screen;
        let watched = async {
            tokio::select! {
                () = switch.alternate() => {}
                () = self.enough() => {}
                _ = tokio::signal::ctrl_c() => screen.say("stopped by hand"),
            }
        };
        if timeout(limit, watched).await.is_err() {
            self.screen.say("the rotations did not come in time");
        }
        self.load.stop();
        let tasks = &mut self.tasks;
        let ended = timeout(LAST_QUERIES, async { while tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            self.screen.say("queries were still waiting at the end and were dropped");
        }
        switch.finish();
        let loaded = self.story.now();
        let timeline = self.story.timeline().clone();
        self.figures.finish(&self.ledger, timeline.swaps());
        Record {
            loaded,
            length: loaded,
            timeline,
            figures: self.figures,
            queries: self.ledger.queries(),
            failed: self.ledger.failed(),
            lost: self.ledger.lost(),
            failures: self.ledger.failures(),
            cost: switch.cost,
        }
    }

    /// Settles the figures and shows them, until the last swap is over.
    async fn enough(&mut self) {
        let mut ticks = interval(TICK);
        let mut recent = Recent::default();
        loop {
            ticks.tick().await;
            let (now, swaps) = (self.story.now(), self.story.timeline().swaps().to_vec());
            self.figures.settle(&self.ledger, &swaps, now);
            let rate = recent.rate(now, self.ledger.queries());
            self.screen.show(&self.view(now, rate));
            let wanted = usize::try_from(self.options.rotations).unwrap_or(usize::MAX);
            let over = |swap: &Moment| now >= *swap + AFTER_LAST;
            if swaps.len() >= wanted
                && swaps.last().is_some_and(over)
                && self.story.timeline().draining() == 0
            {
                return;
            }
        }
    }

    fn view(&self, now: Moment, rate: u64) -> View {
        let timeline = self.story.timeline();
        let life = timeline.in_use();
        View {
            generation: life.map_or(0, |life| life.generation),
            age: life.map_or(Duration::ZERO, |life| now.saturating_sub(life.begin())),
            next: life.and_then(earliest_rotation).map(|next| next.saturating_sub(now)),
            rotations: timeline.swaps().len(),
            rate,
            queries: self.ledger.queries(),
            failed: self.ledger.failed(),
            draining: timeline.draining(),
            p99_rotating: percentile(&self.figures.rotating, 99.0),
            p99_fixed: percentile(&self.figures.fixed, 99.0),
        }
    }
}

/// In microseconds; none if nothing was measured.
pub(crate) fn percentile(histogram: &hdrhistogram::Histogram<u64>, percent: f64) -> Option<u64> {
    (!histogram.is_empty()).then(|| histogram.value_at_percentile(percent))
}

/// Writes the SDK's events into the story and onto the screen, until the rotation has stopped.
pub(crate) async fn follow(mut events: Events, story: Arc<Story>, screen: Screen) {
    while let Some(event) = events.next().await {
        if let Some((at, generation, user, step)) = orders::step(event) {
            screen.tell(&story.note(at, generation, &user, step));
        }
    }
}

/// Queries per second over the last second.
#[derive(Debug, Default)]
struct Recent(std::collections::VecDeque<(Moment, u64)>);

impl Recent {
    fn rate(&mut self, now: Moment, queries: u64) -> u64 {
        self.0.push_back((now, queries));
        while self.0.len() > 11 {
            self.0.pop_front();
        }
        let Some((then, before)) = self.0.front() else { return 0 };
        let millis = u64::try_from(now.saturating_sub(*then).as_millis()).unwrap_or(u64::MAX);
        ((queries - before) * 1_000).checked_div(millis).unwrap_or(0)
    }
}
