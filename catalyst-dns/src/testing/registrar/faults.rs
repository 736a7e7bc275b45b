//! Faults on demand: which call goes wrong, how, and how often.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The write is done, and no answer comes.
    TimeoutAfterWrite,
    /// The write is done, and the connection is closed without an answer.
    DropAfterWrite,
    /// Nothing is done, and no answer comes.
    TimeoutBeforeWrite,
    /// The write is taken as a task, which fails; without tasks it strikes nothing.
    TaskError,
    /// The registrar tells only the first of the name servers.
    PartialReadBack,
    /// The parent comes to serve only the first of the name servers that are written.
    WrongParent,
    /// What is written never comes to the parent.
    StuckParent,
    /// Too many requests; come back after so many seconds.
    RateLimited(u64),
    /// The credential is refused.
    BadCredential,
    /// The account is too small.
    AccountTier,
    /// The answer is a page of HTML, and nothing is done.
    HtmlBody,
    /// The registrar is down for a moment and says so; nothing is done.
    Unavailable,
    /// The connection is closed without an answer; nothing is done.
    Drop,
    /// Nothing is done, and no answer comes.
    Silent,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// The credential is checked.
    LogIn,
    /// Something is read.
    Read,
    /// Something is to be written.
    Write,
    /// A task is looked at.
    Task,
    /// The name servers that are told; for [`Fault::PartialReadBack`].
    ReadBack,
    /// What a write of name servers or keys does; for the faults of writes.
    Effect,
    /// What a write of DS records does; for the faults of writes, where it is named.
    DsEffect,
    /// What comes to the parent; for its faults.
    Parent,
}

/// A fault, the calls that it strikes, and how often.
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is given to Faults::inject"]
pub struct FaultRule {
    fault: Fault,
    op: Option<Op>,
    skip: u32,
    left: Option<u32>,
}

impl FaultRule {
    /// Strikes the next call that it can strike.
    pub fn new(fault: Fault) -> Self {
        let op = match fault {
            Fault::TimeoutAfterWrite
            | Fault::DropAfterWrite
            | Fault::TimeoutBeforeWrite
            | Fault::TaskError => Some(Op::Effect),
            Fault::PartialReadBack => Some(Op::ReadBack),
            Fault::WrongParent | Fault::StuckParent => Some(Op::Parent),
            _ => None,
        };
        Self { fault, op, skip: 0, left: Some(1) }
    }

    /// Strikes calls for this only.
    pub fn on(self, op: Op) -> Self {
        Self { op: Some(op), ..self }
    }

    /// Lets the first `calls` that would be struck pass.
    pub fn after(self, calls: u32) -> Self {
        Self { skip: calls, ..self }
    }

    /// Strikes so many times instead of once.
    pub fn times(self, calls: u32) -> Self {
        Self { left: Some(calls), ..self }
    }

    /// Strikes until [`Faults::clear`].
    pub fn until_cleared(self) -> Self {
        Self { left: None, ..self }
    }

    fn matches(&self, op: Op) -> bool {
        // What concerns a whole call does not strike a part of one.
        let whole = !matches!(op, Op::ReadBack | Op::Effect | Op::DsEffect | Op::Parent);
        self.left != Some(0) && self.op.map_or(whole, |wanted| wanted == op)
    }
}

/// The script of a model's faults. Clones share it.
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

    /// How many rules can still strike.
    pub fn pending(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn strike(&self, op: Op) -> Option<Fault> {
        let mut rules = self.lock();
        let at = rules.iter().position(|rule| rule.matches(op))?;
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
