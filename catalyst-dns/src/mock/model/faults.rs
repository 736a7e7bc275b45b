//! Faults on demand: which request goes wrong, how, and how often.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Refusal, Route};

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed before anything is done.
    Drop,
    /// It is done, and then the connection is closed without an answer.
    DropAnswer,
    /// It is done, and then nothing more is heard for a minute: the caller runs into its limit.
    NoAnswer,
    /// It is done, and the answer takes this long.
    Delay(Duration),
    /// Nothing is done, and the server says no.
    Refuse(Refusal),
    /// It is done, and the answer breaks off in the middle of its JSON.
    HalfBody,
    /// It is done, and the answer is as many bytes long as this, and is no JSON.
    OversizedBody(usize),
    /// It is done, and the answer is not JSON, as from a proxy that puts its own page in between.
    NotJson,
}

/// A fault, the requests that it strikes, and how often.
///
/// ```
/// use catalyst_dns::mock::{Fault, FaultRule, Model, Route};
///
/// // The next two changes of records are made, and nobody hears of them.
/// let model = Model::new();
/// model.faults().inject(FaultRule::new(Fault::DropAnswer).on(Route::Records).times(2));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is given to Faults::inject"]
pub struct FaultRule {
    fault: Fault,
    route: Option<Route>,
    writes: Option<bool>,
    path: String,
    skip: u32,
    left: Option<u32>,
}

impl FaultRule {
    /// Strikes the next request, whatever it is for.
    pub fn new(fault: Fault) -> Self {
        Self { fault, route: None, writes: None, path: String::new(), skip: 0, left: Some(1) }
    }

    /// An answer with this status and the words that go with it, with nothing done.
    pub fn status(status: u16) -> Self {
        Self::new(Fault::Refuse(Refusal::status_only(status)))
    }

    /// A write meets another one in `SQLite` ("database is locked"): 500, with nothing done.
    pub fn locked() -> Self {
        Self::new(Fault::Refuse(Refusal::locked())).writes()
    }

    /// Strikes requests for this only.
    pub fn on(mut self, route: Route) -> Self {
        self.route = Some(route);
        self
    }

    /// Strikes requests only that change nothing.
    pub fn reads(mut self) -> Self {
        self.writes = Some(false);
        self
    }

    /// Strikes requests only that change something.
    pub fn writes(mut self) -> Self {
        self.writes = Some(true);
        self
    }

    /// Strikes requests only whose path starts with `prefix`, as in
    /// `/api/v1/servers/localhost/zones/acme.test.`.
    pub fn path(mut self, prefix: impl Into<String>) -> Self {
        self.path = prefix.into();
        self
    }

    /// Lets the first `requests` that would be struck pass.
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Strikes `requests` times instead of once.
    pub fn times(mut self, requests: u32) -> Self {
        self.left = Some(requests);
        self
    }

    /// Strikes until [`Faults::clear`].
    pub fn until_cleared(mut self) -> Self {
        self.left = None;
        self
    }

    fn matches(&self, route: Route, writes: bool, path: &str) -> bool {
        self.left != Some(0)
            && self.route.is_none_or(|wanted| wanted == route)
            && self.writes.is_none_or(|wanted| wanted == writes)
            && path.starts_with(&self.path)
    }
}

/// The script of a model's faults. Cheap to clone; clones share the script.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<FaultRule>>>);

impl Faults {
    /// Adds a rule. Of several that match a request, the one that was added first strikes.
    pub fn inject(&self, rule: FaultRule) {
        self.lock().push(rule);
    }

    /// From now on every connection is closed before anything is done, until [`Faults::clear`].
    pub fn down(&self) {
        self.lock().insert(0, FaultRule::new(Fault::Drop).until_cleared());
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many rules can still strike; 0 says that a script has been played to its end.
    pub fn pending(&self) -> usize {
        self.lock().len()
    }

    /// What strikes this request, if anything; a rule is used up by it.
    pub(crate) fn strike(&self, route: Route, writes: bool, path: &str) -> Option<Fault> {
        let mut rules = self.lock();
        let at = rules.iter().position(|rule| rule.matches(route, writes, path))?;
        let rule = rules.get_mut(at)?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        let fault = rule.fault.clone();
        if let Some(left) = &mut rule.left {
            *left -= 1;
            if *left == 0 {
                drop(rules.remove(at));
            }
        }
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_its_requests_as_often_as_it_says() {
        let faults = Faults::default();
        faults.inject(FaultRule::new(Fault::Drop).on(Route::Zones).writes().after(1).times(2));
        let strike = |writes| faults.strike(Route::Zones, writes, "/api/v1/servers/localhost/zones");
        assert_eq!(faults.strike(Route::Records, true, "/api"), None);
        assert_eq!((strike(false), strike(true)), (None, None), "a read, and the one that passes");
        assert_eq!((strike(true), strike(true)), (Some(Fault::Drop), Some(Fault::Drop)));
        assert_eq!((strike(true), faults.pending()), (None, 0));
    }

    #[test]
    fn down_lasts_until_cleared_and_comes_before_all_else() {
        let faults = Faults::default();
        faults.inject(FaultRule::status(500).until_cleared());
        faults.down();
        for _ in 0..100 {
            assert_eq!(faults.strike(Route::Config, false, "/api"), Some(Fault::Drop));
        }
        faults.clear();
        assert_eq!(faults.strike(Route::Config, false, "/api"), None);
    }
}
