//! The load: tasks that send one query after the other, all on the arm of the moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::database::{Database, Failure, LONG, ONE_IN};
use crate::ledger::{Booking, Ledger};
use crate::timeline::Arm;

/// No answer within this is a failure.
const PATIENCE: Duration = Duration::from_secs(15);
/// After a failure, so that a broken database is not stormed.
const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// Two databases and the tasks that query one of them.
pub(crate) struct Load {
    rotating: Arc<dyn Database>,
    fixed: Arc<dyn Database>,
    ledger: Arc<Ledger>,
    start: Instant,
    on_fixed: AtomicBool,
    stopped: AtomicBool,
}

impl Load {
    pub(crate) fn new(
        rotating: Arc<dyn Database>,
        fixed: Arc<dyn Database>,
        ledger: Arc<Ledger>,
        start: Instant,
    ) -> Arc<Self> {
        let (on_fixed, stopped) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { rotating, fixed, ledger, start, on_fixed, stopped })
    }

    /// Starts the tasks; they end after [`Load::stop`], or when the set is dropped.
    pub(crate) fn spawn(self: &Arc<Self>, tasks: usize) -> JoinSet<()> {
        let mut set = JoinSet::new();
        for task in 0..tasks {
            let load = Arc::clone(self);
            // A task spends nearly all its time in long queries: begun together, all would sleep and wake in step.
            let wait = LONG * u32::try_from(task).unwrap_or(0) / u32::try_from(tasks).unwrap_or(1);
            set.spawn(async move {
                sleep(wait).await;
                load.work(task).await;
            });
        }
        set
    }

    /// Sends the queries that start from now on to `arm`.
    pub(crate) fn carry(&self, arm: Arm) {
        self.on_fixed.store(arm == Arm::Fixed, Ordering::Relaxed);
    }

    /// No further query starts.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    async fn work(&self, task: usize) {
        while !self.stopped.load(Ordering::Relaxed) {
            let long = fastrand::u32(..ONE_IN) == 0;
            let arm = if self.on_fixed.load(Ordering::Relaxed) { Arm::Fixed } else { Arm::Rotating };
            let failure = self.query(task, arm, long).await;
            if failure {
                sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// One query; whether it failed.
    async fn query(&self, task: usize, arm: Arm, long: bool) -> bool {
        let database = match arm {
            Arm::Rotating => &self.rotating,
            Arm::Fixed => &self.fixed,
        };
        let from = self.start.elapsed();
        let answer = if long { database.long() } else { database.short() };
        let answer = timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(Failure::silence(PATIENCE)));
        let failed = answer.is_err();
        let booking = Booking { from, to: self.start.elapsed(), arm, long, failed };
        self.ledger.book(task, booking, answer.err());
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Figures;
    use async_trait::async_trait;

    /// Answers after the given time, or not at all.
    struct Slow(Option<Duration>);

    #[async_trait]
    impl Database for Slow {
        async fn short(&self) -> Result<(), Failure> {
            match self.0 {
                Some(pause) => sleep(pause).await,
                None => std::future::pending().await,
            }
            Ok(())
        }

        async fn long(&self) -> Result<(), Failure> {
            sleep(LONG).await;
            Ok(())
        }
    }

    async fn run(fixed: Slow, seconds: u64) -> (Arc<Ledger>, Figures) {
        let ledger = Arc::new(Ledger::new(4));
        let rotating = Arc::new(Slow(Some(Duration::from_millis(2))));
        let load = Load::new(rotating, Arc::new(fixed), Arc::clone(&ledger), Instant::now());
        let mut tasks = load.spawn(4);
        sleep(Duration::from_secs(seconds)).await;
        load.carry(Arm::Fixed);
        sleep(Duration::from_secs(seconds)).await;
        load.stop();
        while tasks.join_next().await.is_some() {}
        let mut figures = Figures::new();
        figures.finish(&ledger, &[]);
        (ledger, figures)
    }

    #[tokio::test(start_paused = true)]
    async fn the_load_follows_the_arm_and_one_query_in_twenty_is_long() {
        let (ledger, figures) = run(Slow(Some(Duration::from_millis(2))), 600).await;
        assert_eq!(ledger.failed(), 0);
        let shorts = figures.rotating.len() + figures.fixed.len();
        let share = 1.0 - shorts as f64 / ledger.queries() as f64;
        assert!((0.04..0.06).contains(&share), "{share}");
        let (rotating, fixed) = (figures.queries_rotating as f64, figures.queries_fixed as f64);
        assert!((0.8..1.25).contains(&(rotating / fixed)), "{rotating} and {fixed}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_a_failure() {
        let (ledger, figures) = run(Slow(None), 20).await;
        assert!(ledger.failed() >= 4, "{}", ledger.failed());
        assert!(ledger.failures()[0].0.contains("no answer within 15 s"));
        assert_eq!(figures.fixed.len(), 0);
    }
}
