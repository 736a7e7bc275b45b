//! The result of a run, as one line of JSON and as a few lines of text.

use std::time::Duration;

use catalyst_dns::registrar::flip::{FlipOutcome, FlipReport, Rollback, Standing};
use serde::Serialize;

use crate::options::Options;
use crate::stage::{Stage, Truth};
use catalyst_examples::screen::counted;

/// What `--json` prints.
#[derive(Clone, Debug, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is a question that a reader of the line has")]
pub(crate) struct Summary {
    pub registrar: &'static str,
    pub fault: String,
    /// `flipped`, `not-flipped`, or `unchanged`.
    pub outcome: &'static str,
    /// Why it was not flipped: the code of the error.
    pub reason: Option<String>,
    /// Whether the old set was written back.
    pub rolled_back: bool,
    /// Whether the parent's servers were seen to serve the set that the report says.
    pub verified: bool,
    /// Whether the way back had to be gone by a second process.
    pub resumed: bool,
    /// Requests to the registrar that change something, those of the way back among them.
    pub writes: u32,
    pub before: String,
    pub after: String,
    /// Where the domain stands after the fault, behind everybody's back.
    pub at_registrar: String,
    pub at_parent: String,
    /// Whether the report said just that.
    pub truthful: bool,
    /// Whether the fault struck.
    pub struck: bool,
    pub elapsed_ms: u64,
    /// Without a fault.
    pub second_outcome: &'static str,
    pub second_writes: u32,
    /// Once more.
    pub third_outcome: &'static str,
    pub third_writes: u32,
    /// The promises that were not kept.
    pub broken: Vec<&'static str>,
}

/// One flip, and where the domain stood when it had ended.
pub(crate) struct Flipped {
    /// The last one, if it took more than one try.
    pub report: FlipReport,
    /// Why the first try failed, if it did.
    pub reason: Option<String>,
    pub truth: Truth,
    pub writes: u32,
    pub resumed: bool,
    pub elapsed: Duration,
    /// Whether all that was to go wrong did.
    pub all_broke: bool,
}

impl Flipped {
    pub(crate) fn outcome(&self) -> &'static str {
        match self.report.outcome {
            FlipOutcome::Unchanged => "unchanged",
            FlipOutcome::Flipped => "flipped",
            FlipOutcome::NotFlipped(_) => "not-flipped",
            _ => "manual",
        }
    }

    fn rolled_back(&self) -> bool {
        matches!(self.report.rollback, Rollback::RolledBack { .. })
    }

    /// Whether the parent was seen to serve what the domain has by the report.
    fn verified(&self) -> bool {
        let new = matches!(self.report.outcome, FlipOutcome::Flipped | FlipOutcome::Unchanged);
        match self.report.rollback {
            Rollback::NotNeeded if new => self.report.standing == Standing::After,
            Rollback::NotNeeded => self.report.standing == Standing::Before,
            Rollback::RolledBack { verified } => verified && self.report.standing == Standing::Before,
            _ => false,
        }
    }

    /// Whether registrar and parent have one of the two sets, and the report says which.
    fn is_truthful(&self) -> bool {
        let report = &self.report;
        let ended_with = match report.outcome {
            FlipOutcome::Flipped | FlipOutcome::Unchanged => &report.after,
            _ => &report.before,
        };
        self.truth.registrar == *ended_with
            && self.truth.parent == *ended_with
            && report.at_registrar.as_ref() == Some(ended_with)
    }
}

impl Summary {
    pub(crate) fn new(options: &Options, stage: &Stage, [first, second, third]: &[Flipped; 3]) -> Self {
        let mut summary = Self {
            registrar: first.report.registrar,
            fault: options.fault.name(),
            outcome: first.outcome(),
            reason: first.reason.clone(),
            rolled_back: first.rolled_back(),
            verified: first.verified(),
            resumed: first.resumed,
            writes: first.writes,
            before: stage.old.to_string(),
            after: stage.new.to_string(),
            at_registrar: first.truth.registrar.to_string(),
            at_parent: first.truth.parent.to_string(),
            truthful: first.is_truthful() && second.is_truthful() && third.is_truthful(),
            struck: first.all_broke,
            elapsed_ms: u64::try_from(first.elapsed.as_millis()).unwrap_or(u64::MAX),
            second_outcome: second.outcome(),
            second_writes: second.writes,
            third_outcome: third.outcome(),
            third_writes: third.writes,
            broken: Vec::new(),
        };
        summary.broken = summary.broken_promises();
        summary
    }

    fn broken_promises(&self) -> Vec<&'static str> {
        let one_of_both = [&self.before, &self.after].contains(&&self.at_registrar);
        let silent = self.third_outcome == "unchanged" && self.third_writes == 0;
        [
            (one_of_both && self.at_registrar == self.at_parent, "the domain has the old or the new set"),
            (self.truthful, "the report says which"),
            (self.verified, "the parent was asked"),
            (self.struck, "what was to go wrong did"),
            (self.second_outcome == "flipped", "without a fault the flip succeeds"),
            (silent, "a set that is there is not written"),
        ]
        .into_iter()
        .filter_map(|(kept, what)| (!kept).then_some(what))
        .collect()
    }

    /// Whether all promises were kept.
    pub(crate) fn passed(&self) -> bool {
        self.broken.is_empty()
    }

    /// The result in a few sentences.
    pub(crate) fn lines(&self) -> Vec<String> {
        let why = self.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        let back = match (self.rolled_back, self.verified) {
            (true, true) => ", rolled back and verified",
            (true, false) => ", rolled back and NOT VERIFIED",
            (false, _) => "",
        };
        let mut lines = vec![
            format!(
                "with the fault {}: {}{why}{back}; {} in {} ms",
                self.fault,
                self.outcome,
                counted(self.writes.into(), "write"),
                self.elapsed_ms
            ),
            format!("the registrar had {}, the parent served {}", self.at_registrar, self.at_parent),
            format!("without it: {}; once more: {}", self.second_outcome, self.third_outcome),
        ];
        lines.extend(self.broken.iter().map(|broken| format!("NOT KEPT: {broken}")));
        lines
    }
}
