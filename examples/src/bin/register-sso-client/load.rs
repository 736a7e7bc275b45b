//! The load: clients that fetch one token after the other, with whatever credential is in force, and a user who keeps
//! logging in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_sdk::keycloak::OidcClient;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::login::Door;

/// After a failure, so that a broken server is not stormed.
const AFTER_FAILURE: Duration = Duration::from_millis(20);
/// Between two logins of the user: a real server spends a tenth of a second of CPU on each password.
const BETWEEN_LOGINS: Duration = Duration::from_millis(500);
/// How long the last requests may take when the load ends.
const LAST_REQUESTS: Duration = Duration::from_secs(30);
/// Different texts of failures that are kept.
const MAX_TEXTS: usize = 20;

/// What came of all logins so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    tokens: AtomicU64,
    logins: AtomicU64,
    failed: AtomicU64,
    slowest_us: AtomicU64,
    failures: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// Tokens that clients fetched for themselves.
    pub(crate) fn tokens(&self) -> u64 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Users who logged in.
    pub(crate) fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    /// Refused or unanswered, of both kinds.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// The longest that a token took.
    pub(crate) fn slowest(&self) -> Duration {
        Duration::from_micros(self.slowest_us.load(Ordering::Relaxed))
    }

    /// What failures said most often.
    pub(crate) fn first_error(&self) -> Option<String> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.iter().max_by_key(|(_, count)| **count).map(|(text, _)| text.clone())
    }

    pub(crate) fn book_login(&self, outcome: Result<(), String>) -> bool {
        self.book(&self.logins, outcome)
    }

    fn book_token(&self, began: Instant, outcome: Result<(), String>) -> bool {
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.slowest_us.fetch_max(took, Ordering::Relaxed);
        self.book(&self.tokens, outcome)
    }

    /// Whether it went well.
    fn book(&self, good: &AtomicU64, outcome: Result<(), String>) -> bool {
        let Err(text) = outcome else {
            good.fetch_add(1, Ordering::Relaxed);
            return true;
        };
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < MAX_TEXTS || failures.contains_key(&text) {
            *failures.entry(text).or_default() += 1;
        }
        false
    }
}

/// The tasks. They end with [`Load::stop`], or when it is dropped.
#[derive(Debug)]
pub(crate) struct Load {
    tasks: JoinSet<()>,
    stopped: Arc<AtomicBool>,
}

impl Load {
    /// Starts `clients` tasks at the token endpoint, and one that logs a user in.
    pub(crate) fn start(clients: u16, client: &OidcClient, door: Door, tally: &Arc<Tally>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let (client, tally, stopped) = (client.clone(), Arc::clone(tally), Arc::clone(&stopped));
            tasks.spawn(async move {
                while !stopped.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let asked = client.client_credentials(&[]).await;
                    let asked = asked.map(drop).map_err(|error| error.to_string());
                    if !tally.book_token(began, asked) {
                        sleep(AFTER_FAILURE).await;
                    }
                }
            });
        }
        let (tally, over) = (Arc::clone(tally), Arc::clone(&stopped));
        tasks.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let login = door.log_in().await;
                tally.book_login(login.map(drop).map_err(|error| error.to_string()));
                sleep(BETWEEN_LOGINS).await;
            }
        });
        Self { tasks, stopped }
    }

    /// No further request starts; those under way are waited for.
    pub(crate) async fn stop(mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        timeout(LAST_REQUESTS, async { while self.tasks.join_next().await.is_some() {} }).await.ok();
    }
}
