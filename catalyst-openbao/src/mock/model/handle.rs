//! The handle on the state machine: time, faults, observation. Setting it up is in `setup`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::Secret;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::node::Node;
use super::state::{State, Stored};
use super::users::UserDirectory;
use super::{Counters, Fault, Faults, MockSeal, Operation, ServerState, UserEvent};
use crate::EngineType;

/// An OpenBao in memory. Cheap to clone; clones are the same server.
///
/// Time is tokio's: a paused test moves it with `tokio::time::advance`, and [`Model::advance`] moves the server's clock
/// ahead of the caller's. What has run out takes effect with the next call of anything here, at the moment it was due;
/// a test that wants to see it happen without calling runs [`Model::expire_in_time`].
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::mock::{MockRole, Model};
///
/// let model = Model::new();
/// model.set_role("database", "orders-rw", MockRole::new(Duration::from_secs(3600)));
/// assert!(model.live_users().is_empty());
/// ```
#[derive(Clone)]
pub struct Model {
    shared: Arc<Shared>,
    /// None for a server that is no node of a cluster.
    pub(super) node: Option<Arc<Node>>,
}

struct Shared {
    state: Mutex<State>,
    faults: Faults,
    calls: Mutex<BTreeMap<Operation, u64>>,
    listeners: Mutex<Vec<Listener>>,
    changed: Notify,
}

type Listener = Arc<dyn Fn(&UserEvent) + Send + Sync>;

/// All that a server keeps, as it was at one moment: see [`Model::snapshot`].
#[derive(Clone)]
pub struct Snapshot(pub(super) Stored);

impl Model {
    /// A server that is active and has a KV version 2 engine at `secret`, a database engine at `database`, and
    /// nobody who may log in.
    pub fn new() -> Self {
        let model = Self::of(State::new());
        model.mount_kv("secret");
        model.mount_database("database");
        model
    }

    /// A server that was never initialised: no key, no token, nothing mounted.
    pub fn uninitialized(seal: MockSeal) -> Self {
        Self::of(State::uninitialized(seal))
    }

    fn of(state: State) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            faults: Faults::default(),
            calls: Mutex::default(),
            listeners: Mutex::default(),
            changed: Notify::new(),
        });
        let model = Self { shared, node: None };
        // Always there, and never mounted by anybody.
        model.mount_engine("cubbyhole", &EngineType::Cubbyhole);
        model.mount_engine("identity", &EngineType::Identity);
        model
    }

    /// The script of faults.
    pub fn faults(&self) -> &Faults {
        self.node.as_ref().map_or(&self.shared.faults, |node| &node.faults)
    }

    /// Moves the server's clock ahead for good: what it gave ends that much earlier than the caller believes. Signed
    /// assertions are judged by the clock as it was, for their issuer does not move along.
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.clock.advance(by));
        self.with(|_settled| ());
    }

    /// When the next token, lease or password runs out, on tokio's clock.
    pub fn next_due(&self) -> Option<Instant> {
        self.with(|state| state.next_due())
    }

    /// Lets everything run out at its moment instead of at the next call, for as long as it is polled.
    ///
    /// # Cancel safety
    /// Drop it at any time.
    pub async fn expire_in_time(&self) -> Infallible {
        loop {
            let changed = self.shared.changed.notified();
            match self.next_due() {
                // A change may make something due sooner.
                Some(due) => drop(tokio::time::timeout_at(due, changed).await),
                None => changed.await,
            }
        }
    }

    /// The password of a database user; none if there is no such user, or not any more.
    pub fn password_of(&self, username: &str) -> Option<Secret> {
        self.with(|state| state.users.password_of(username, state.clock.now()))
    }

    /// The database users that exist, in the order of their names.
    pub fn live_users(&self) -> Vec<String> {
        self.with(|state| state.users.live())
    }

    /// What happened to database users: the last 65,536 events, oldest first.
    pub fn user_events(&self) -> Vec<UserEvent> {
        self.with(|state| state.users.history())
    }

    /// Calls `listener` for each event from here on, after the call that caused it and outside of all locks.
    pub fn on_user_event(&self, listener: impl Fn(&UserEvent) + Send + Sync + 'static) {
        lock(&self.shared.listeners).push(Arc::new(listener));
    }

    /// The directory that a stand-in for the database asks at each login.
    pub fn users(&self) -> Arc<dyn UserDirectory> {
        Arc::new(self.clone())
    }

    /// What was done with success so far.
    pub fn counters(&self) -> Counters {
        self.with(|state| state.counters)
    }

    /// How many requests of this kind came in so far, those included that failed.
    pub fn calls(&self, operation: Operation) -> u64 {
        lock(self.counted()).get(&operation).copied().unwrap_or(0)
    }

    /// The identifiers of the leases that exist.
    pub fn live_leases(&self) -> Vec<String> {
        self.with(|state| state.stored.leases.keys().cloned().collect())
    }

    /// How many tokens exist, the root token not counted.
    pub fn live_tokens(&self) -> usize {
        self.with(|state| state.stored.tokens.len().saturating_sub(1))
    }

    /// Counts a request that came in, and says what fault strikes it.
    pub(crate) fn arrive(&self, operation: Operation, path: &str) -> Option<Fault> {
        *lock(self.counted()).entry(operation).or_default() += 1;
        self.faults().strike(operation, path)
    }

    fn counted(&self) -> &Mutex<BTreeMap<Operation, u64>> {
        self.node.as_ref().map_or(&self.shared.calls, |node| &node.calls)
    }

    /// The one way to the state: time first, then `use_it`, then those who listen.
    pub(super) fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        let (value, events) = {
            let mut state = lock(&self.shared.state);
            let due = state.next_due();
            state.settle();
            let own = self.node.as_ref().map(|node| lock(&node.server));
            let value = as_node(&mut state, own, use_it);
            if state.next_due() != due {
                self.shared.changed.notify_waiters();
            }
            (value, std::mem::take(&mut state.users.unheard))
        };
        if !events.is_empty() {
            let listeners = lock(&self.shared.listeners).clone();
            for event in &events {
                for listener in &listeners {
                    listener(event);
                }
            }
        }
        value
    }
}

impl UserDirectory for Model {
    fn password_of(&self, username: &str) -> Option<Secret> {
        Self::password_of(self, username)
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (server, leases) = self.with(|state| (state.server.clone(), state.stored.leases.len()));
        f.debug_struct("Model").field("server", &server).field("leases", &leases).finish_non_exhaustive()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("leases", &self.0.leases.len()).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `use_it` on a state that stands as the node does whose own state `own` is.
fn as_node<T>(
    state: &mut State,
    own: Option<MutexGuard<'_, ServerState>>,
    use_it: impl FnOnce(&mut State) -> T,
) -> T {
    let Some(mut own) = own else { return use_it(state) };
    std::mem::swap(&mut state.server, &mut own);
    let value = use_it(state);
    std::mem::swap(&mut state.server, &mut own);
    value
}
