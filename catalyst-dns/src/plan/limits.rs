//! How much may change at once.

use std::collections::BTreeMap;
use std::fmt;

use super::PlanPolicy;
use crate::{RecordType, ZoneName};

/// How many of an owner's sets may be updated, and how many deleted, at once.
///
/// ```
/// use catalyst_dns::plan::Limits;
///
/// // At most half, if there are 20 or more; and never more than 100.
/// let limits = Limits::default().percent(50).from(20).count(100);
/// assert!(!Limits::none().is_exceeded(500, 500));
/// assert!(limits.is_exceeded(11, 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    percent: Option<u8>,
    from: usize,
    count: Option<usize>,
}

impl Default for Limits {
    /// 30 %, from 10 sets on, as octodns.
    fn default() -> Self {
        Self { percent: Some(30), from: 10, count: None }
    }
}

impl Limits {
    /// No limits.
    pub fn none() -> Self {
        Self { percent: None, from: 0, count: None }
    }

    /// At most this part of the owner's sets, in hundredths.
    pub fn percent(self, percent: u8) -> Self {
        Self { percent: Some(percent), ..self }
    }

    /// From how many of the owner's sets on the percentage counts.
    pub fn from(self, sets: usize) -> Self {
        Self { from: sets, ..self }
    }

    /// At most this many sets.
    pub fn count(self, sets: usize) -> Self {
        Self { count: Some(sets), ..self }
    }

    /// Whether `touched` sets out of `of` are too many.
    pub fn is_exceeded(&self, touched: usize, of: usize) -> bool {
        let by_count = self.count.is_some_and(|count| touched > count);
        let by_percent =
            self.percent.is_some_and(|percent| of >= self.from && touched * 100 > of * usize::from(percent));
        by_count || by_percent
    }
}

/// How existing sets are touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Touch {
    /// They are changed.
    Update,
    /// They are deleted.
    Delete,
}

/// More was to change than the policy allows. Such a zone is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// How the sets were to be touched.
    pub touch: Touch,
    /// Of which type, if the limit is that of a type.
    pub kind: Option<RecordType>,
    /// How many were to be touched.
    pub touched: usize,
    /// How many the owner has.
    pub of: usize,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.touch {
            Touch::Update => "changed",
            Touch::Delete => "deleted",
        };
        write!(f, "{} of {} ", self.touched, self.of)?;
        if let Some(kind) = self.kind {
            write!(f, "{kind} ")?;
        }
        write!(f, "sets would be {verb}, more than the policy allows")
    }
}

/// Counts what the owner has and what of it is touched, by type.
#[derive(Default)]
pub(super) struct Tally {
    kinds: BTreeMap<RecordType, Counts>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    owned: usize,
    updated: usize,
    deleted: usize,
}

impl Tally {
    /// One set that is the owner's.
    pub(super) fn owned(&mut self, kind: RecordType) {
        self.kinds.entry(kind).or_default().owned += 1;
    }

    /// One of them is touched.
    pub(super) fn touched(&mut self, kind: RecordType, touch: Touch) {
        let counts = self.kinds.entry(kind).or_default();
        match touch {
            Touch::Update => counts.updated += 1,
            Touch::Delete => counts.deleted += 1,
        }
    }

    pub(super) fn breaches(&self, policy: &PlanPolicy, zone: &ZoneName) -> Vec<Breach> {
        let all = self.kinds.values().fold(Counts::default(), |sum, one| Counts {
            owned: sum.owned + one.owned,
            updated: sum.updated + one.updated,
            deleted: sum.deleted + one.deleted,
        });
        let mut breaches = Vec::new();
        breached(&mut breaches, policy.limits_of(zone), None, all);
        for (kind, limits) in policy.limits_of_types() {
            breached(&mut breaches, limits, Some(*kind), self.kinds.get(kind).copied().unwrap_or_default());
        }
        breaches
    }
}

fn breached(breaches: &mut Vec<Breach>, limits: &Limits, kind: Option<RecordType>, counts: Counts) {
    for (touch, touched) in [(Touch::Update, counts.updated), (Touch::Delete, counts.deleted)] {
        if limits.is_exceeded(touched, counts.owned) {
            breaches.push(Breach { touch, kind, touched, of: counts.owned });
        }
    }
}
