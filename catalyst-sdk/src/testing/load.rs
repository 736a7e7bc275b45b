//! Tasks that call without a pause until they are told to stop.

use std::fmt::{self, Debug};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::rotation::{Event, Events};

/// Tasks that call without a pause.
pub struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    tasks: JoinSet<Vec<String>>,
}

impl Load {
    /// `tasks` tasks, each running `call` with the number of the round.
    pub fn start<F, Fut, E>(tasks: u64, call: F) -> Self
    where
        F: Fn(u64) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: Debug,
    {
        let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut set = JoinSet::new();
        for task in 0..tasks {
            let (stop, calls, call) = (Arc::clone(&stop), Arc::clone(&calls), call.clone());
            set.spawn(async move {
                let mut failures = Vec::new();
                for round in task.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    match call(round).await {
                        Ok(()) => calls.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            failures.push(format!("{error:?}"));
                            continue;
                        }
                    };
                }
                failures
            });
        }
        Self { stop, calls, tasks: set }
    }

    /// Waits until so many calls succeeded, a minute at most.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn reached(&self, calls: u64) {
        let wait = async {
            while self.calls.load(Ordering::Relaxed) < calls {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(60), wait).await.expect("calls succeed");
    }

    /// Stops, and returns how many calls succeeded and what the others met.
    ///
    /// # Cancel safety
    /// The tasks end.
    pub async fn stop(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let failures = self.tasks.join_all().await.concat();
        (self.calls.load(Ordering::Relaxed), failures)
    }
}

impl Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load").field("calls", &self.calls).finish_non_exhaustive()
    }
}

/// Writes down what happens, for the message of a test that fails.
#[derive(Debug)]
pub struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    /// Of these events, from here on.
    pub fn of(mut events: Events) -> Self {
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

    /// Fails with the whole story if a call did.
    #[track_caller]
    pub fn assert_none_failed(&self, failures: &[String]) {
        let story = self.0.lock().unwrap().join("\n");
        assert!(failures.is_empty(), "{} failed, the first with {}\n{story}", failures.len(), failures[0]);
    }
}

/// Waits for `count` events of one kind, a minute at most.
///
/// # Cancel safety
/// Events that were seen are gone.
pub async fn events(events: &mut Events, count: usize, wanted: impl Fn(&Event) -> bool) {
    let search = async {
        let mut seen = 0;
        while seen < count {
            seen += usize::from(wanted(&events.next().await.expect("the rotation goes on")));
        }
    };
    timeout(Duration::from_secs(60), search).await.expect("the events come within a minute");
}
