//! Tasks that query without a pause until they are told to stop.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalyst_sdk::rotation::{Event, Events};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    queries: Arc<AtomicU64>,
    tasks: JoinSet<Vec<String>>,
}

impl Load {
    /// `tasks` tasks, each running `query` with the number of the round.
    pub(crate) fn start<F, Fut, E>(tasks: u64, query: F) -> Self
    where
        F: Fn(u64) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Debug,
    {
        let (stop, queries) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut set = JoinSet::new();
        for task in 0..tasks {
            let (stop, queries, query) = (Arc::clone(&stop), Arc::clone(&queries), query.clone());
            set.spawn(async move {
                let mut failures = Vec::new();
                for round in task.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    match query(round).await {
                        Ok(()) => queries.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            failures.push(format!("{error:?}"));
                            continue;
                        }
                    };
                }
                failures
            });
        }
        Self { stop, queries, tasks: set }
    }

    /// Stops, and returns how many queries succeeded and what the others met.
    pub(crate) async fn stop(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let failures = self.tasks.join_all().await.concat();
        (self.queries.load(Ordering::Relaxed), failures)
    }
}

/// Writes down what happens, for the message of a test that fails.
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn of(mut events: Events) -> Self {
        let (pages, began) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let diary = Self(Arc::clone(&pages));
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let line = format!("{:?} {} {:?}", event.at - began, event.generation, event.kind);
                pages.lock().unwrap().push(line);
            }
        });
        diary
    }

    /// Fails with the whole story if a query did.
    pub(crate) fn assert_none_failed(&self, failures: &[String]) {
        let story = self.0.lock().unwrap().join("\n");
        assert!(failures.is_empty(), "{} failed, the first with {}\n{story}", failures.len(), failures[0]);
    }
}

/// Waits for `count` events of one kind.
pub(crate) async fn events(events: &mut Events, count: usize, wanted: impl Fn(&Event) -> bool) {
    let search = async {
        let mut seen = 0;
        while seen < count {
            seen += usize::from(wanted(&events.next().await.unwrap()));
        }
    };
    tokio::time::timeout(Duration::from_secs(60), search).await.expect("the events come within a minute");
}
