//! Faults on demand: which call goes wrong, how, and how often.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Refusal;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed before anything is done.
    Drop,
    /// It is done, and then the connection is closed without an answer.
    DropAnswer,
    /// It is done, and then nothing more is heard: the caller runs into its limit and cannot know the outcome.
    NoAnswer,
    /// It is done, and the answer takes this long.
    Delay(Duration),
    /// Nothing is done, and the server says no.
    Refuse(Refusal),
    /// It is done, but the TTL that is granted (of a token, a lease or a renewal) is at most this long.
    ClipTtl(Duration),
    /// It is done, and the answer is as many bytes long as this, and is no JSON.
    OversizedBody(usize),
    /// It is done, and the answer is not JSON, as from a proxy that puts its own page in between.
    NotJson,
}

/// What a call does; faults are scripted and calls are counted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// `auth/<mount>/login`
    Login,
    /// `auth/token/renew-self`
    TokenRenew,
    /// `auth/token/revoke-self`
    TokenRevoke,
    /// `auth/token/lookup-self`
    TokenLookup,
    /// `<kv>/data` read
    KvRead,
    /// `<kv>/data` write and patch
    KvWrite,
    /// `<kv>/metadata` list
    KvList,
    /// `<kv>/data` delete, and `delete`, `undelete`, `destroy`
    KvDelete,
    /// `<kv>/metadata` read, write, delete
    KvMetadata,
    /// `<database>/creds`
    Issue,
    /// `<database>/static-creds`
    StaticRead,
    /// `sys/leases/renew`
    LeaseRenew,
    /// `sys/leases/revoke` and `revoke-prefix`
    LeaseRevoke,
    /// `sys/leases/lookup`
    LeaseLookup,
    /// `sys/health`
    Health,
    /// `sys/wrapping/*`
    Wrapping,
    /// Everything else.
    Other,
}

/// A fault, the calls that it strikes, and how often.
///
/// ```
/// use catalyst_openbao::mock::{Fault, FaultRule, Operation, Refusal};
///
/// // The next two mints find the server sealed.
/// let rule = FaultRule::new(Fault::Refuse(Refusal::sealed())).on(Operation::Issue).times(2);
/// # let _ = rule;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is given to Faults::inject"]
pub struct FaultRule {
    fault: Fault,
    operation: Option<Operation>,
    path: String,
    skip: u32,
    left: Option<u32>,
}

impl FaultRule {
    /// Strikes the next call, whatever it does.
    pub fn new(fault: Fault) -> Self {
        Self { fault, operation: None, path: String::new(), skip: 0, left: Some(1) }
    }

    /// Strikes calls of this kind only.
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Strikes calls only whose path starts with `prefix`, as in `database/creds/orders`.
    pub fn path(mut self, prefix: impl Into<String>) -> Self {
        self.path = prefix.into();
        self
    }

    /// Lets the first `calls` that would be struck pass.
    pub fn after(mut self, calls: u32) -> Self {
        self.skip = calls;
        self
    }

    /// Strikes `calls` times instead of once.
    pub fn times(mut self, calls: u32) -> Self {
        self.left = Some(calls);
        self
    }

    /// Strikes until [`Faults::clear`].
    pub fn until_cleared(mut self) -> Self {
        self.left = None;
        self
    }

    fn matches(&self, operation: Operation, path: &str) -> bool {
        self.left != Some(0)
            && self.operation.is_none_or(|wanted| wanted == operation)
            && path.starts_with(&self.path)
    }
}

/// The script of a model's faults. Cheap to clone; clones share the script.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<FaultRule>>>);

impl Faults {
    /// Adds a rule. Of several that match a call, the one that was added first strikes.
    pub fn inject(&self, rule: FaultRule) {
        self.lock().push(rule);
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many rules can still strike; 0 says that a script has been played to its end.
    pub fn pending(&self) -> usize {
        self.lock().len()
    }

    /// The fault that strikes this call, if one does; it is used up by one.
    pub(crate) fn strike(&self, operation: Operation, path: &str) -> Option<Fault> {
        let mut rules = self.lock();
        let at = rules.iter_mut().position(|rule| {
            let matched = rule.matches(operation, path);
            let passes = matched && rule.skip > 0;
            rule.skip -= u32::from(passes);
            matched && !passes
        })?;
        let rule = &mut rules[at];
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
    fn a_rule_strikes_its_calls_as_often_as_it_says() {
        let faults = Faults::default();
        faults.inject(
            FaultRule::new(Fault::Drop).on(Operation::Issue).path("database/creds/a").after(1).times(2),
        );
        assert_eq!(faults.strike(Operation::KvRead, "secret/data/a"), None);
        assert_eq!(faults.strike(Operation::Issue, "database/creds/b"), None);
        assert_eq!(faults.strike(Operation::Issue, "database/creds/a"), None, "the first one passes");
        assert_eq!(faults.strike(Operation::Issue, "database/creds/a"), Some(Fault::Drop));
        assert_eq!(faults.strike(Operation::Issue, "database/creds/a"), Some(Fault::Drop));
        assert_eq!((faults.strike(Operation::Issue, "database/creds/a"), faults.pending()), (None, 0));
    }

    #[test]
    fn a_rule_without_an_end_lasts_until_cleared() {
        let faults = Faults::default();
        faults.inject(FaultRule::new(Fault::NotJson).until_cleared());
        for _ in 0..100 {
            assert_eq!(faults.strike(Operation::Health, "sys/health"), Some(Fault::NotJson));
        }
        faults.clear();
        assert_eq!(faults.strike(Operation::Health, "sys/health"), None);
    }
}
