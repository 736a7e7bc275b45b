//! The handle on the state machine: time, faults, observation. Setting it up is in `setup`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::Clock;

use super::state::State;
use super::{Fault, Faults, Requests, Route};

/// A Keycloak in memory. Cheap to clone; clones are the same server.
///
/// It begins with the realm `master`, in which `admin` with the password `admin` may do everything. Its time is that of
/// a [`Clock`], plus what [`Model::advance`] has added.
///
/// ```
/// use catalyst_keycloak::mock::Model;
///
/// let model = Model::new();
/// model.set_realm("acme");
/// assert!(model.client("acme", "wordpress").is_none());
/// ```
#[derive(Clone)]
pub struct Model(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    requests: Mutex<Requests>,
    faults: Faults,
}

impl Model {
    /// A server by the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// A server by this clock.
    pub fn with_clock(clock: Clock) -> Self {
        let shared = Shared {
            state: Mutex::new(State::new(clock)),
            requests: Mutex::default(),
            faults: Faults::default(),
        };
        let model = Self(Arc::new(shared));
        model.set_up_master();
        model
    }

    /// The script of faults.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Moves the server's clock ahead for good: what it gave ends that much earlier than the caller believes.
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.advance(by));
    }

    /// Counts a request, and gives the fault that strikes it.
    pub(crate) fn take_in(&self, route: Route, writes: bool, path: &str) -> Option<Fault> {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).count(route, writes);
        self.0.faults.strike(route, writes, path)
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let realms: Vec<String> = self.with(|state| state.realms.keys().cloned().collect());
        f.debug_struct("Model")
            .field("realms", &realms)
            .field("faults", self.faults())
            .finish_non_exhaustive()
    }
}
