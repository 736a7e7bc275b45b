//! The handle on the state machine: time, faults, observation. Setting it up is in `setup`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::Clock;

use super::state::State;
use super::{Fault, Faults, Requests, Route};

/// A PowerDNS in memory. Cheap to clone; clones are the same server.
///
/// It begins as a 4.7.3 without zones. Its time is that of a [`Clock`], plus what [`Model::advance`] has added.
///
/// ```
/// use catalyst_dns::RecordType;
/// use catalyst_dns::mock::Model;
///
/// # fn main() -> catalyst_dns::Result<()> {
/// let model = Model::new();
/// let zone = "acme.test".parse()?;
/// model.set_zone(&zone);
/// model.set_records(&zone.child("www")?, RecordType::A, 60, &["192.0.2.1"]);
/// assert_eq!(model.record_sets(&zone).len(), 3, "the SOA, the NS and this one");
/// # Ok(())
/// # }
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
        let state = Mutex::new(State::new(clock));
        Self(Arc::new(Shared { state, requests: Mutex::default(), faults: Faults::default() }))
    }

    /// The script of faults.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Moves the server's clock ahead for good: serials of dates and of seconds follow it.
    pub fn advance(&self, by: Duration) {
        self.with(|state| state.advance(by));
    }

    /// Counts a request, and gives the fault that strikes it.
    pub(crate) fn take_in(&self, route: Route, writes: bool, path: &str, bytes: u64) -> Option<Fault> {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).count(route, writes, bytes);
        self.0.faults.strike(route, writes, path)
    }

    /// Counts an answer.
    #[cfg(feature = "testing")]
    pub(crate) fn give_out(&self, bytes: u64) {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).bytes_out += bytes;
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
        let zones: Vec<String> =
            self.with(|state| state.all_zones().map(|zone| zone.name.to_string()).collect());
        f.debug_struct("Model").field("zones", &zones).field("faults", self.faults()).finish_non_exhaustive()
    }
}
