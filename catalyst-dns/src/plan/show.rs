//! Plans as text.

use std::fmt;

use super::{Plan, Summary, ZonePlan};

impl fmt::Display for Summary {
    /// `2 to create, 1 refused`; `nothing to do`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { create, update, delete, take, marks, refused } = *self;
        let counts = [
            (create, "to create"),
            (update, "to update"),
            (delete, "to delete"),
            (take, "to take over"),
            (marks, "marks to correct"),
            (refused, "refused"),
        ];
        let mut comma = "";
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{comma}{count} {what}")?;
            comma = ", ";
        }
        if comma.is_empty() { f.write_str("nothing to do") } else { Ok(()) }
    }
}

impl fmt::Display for ZonePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.zone(), self.summary())?;
        self.breaches().iter().try_for_each(|breach| writeln!(f, "! {} refused: {breach}", self.zone()))?;
        self.actions().try_for_each(|action| writeln!(f, "{action}"))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.zones().iter().try_for_each(|plan| plan.fmt(f))?;
        self.failures().iter().try_for_each(|(zone, error)| writeln!(f, "{zone}: not read: {error}"))
    }
}
