//! The plan.

use std::fmt;

use super::resource::Resource;

/// What is to be done so that a server is as declared. Printed, it is one line for each step.
///
/// It is made by [`Declared::plan`](super::super::Declared::plan) and carried out by [`Plan::apply`].
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
}

/// One step of a [`Plan`].
#[derive(Clone, Debug)]
pub struct Step {
    pub(super) resource: Resource,
    pub(super) kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// It is not there, and is made.
    Create,
    /// It is there, and these fields are set.
    Change(Vec<&'static str>),
}

impl Plan {
    /// The steps, in their order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Step {
    /// What it is about: `policy external-secrets-read`.
    pub fn name(&self) -> &str {
        &self.resource.name
    }

    /// What it does.
    pub fn kind(&self) -> &StepKind {
        &self.kind
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            StepKind::Create => write!(f, "+ {}", self.resource.name),
            StepKind::Change(fields) => write!(f, "~ {}: {}", self.resource.name, fields.join(", ")),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("no change");
        }
        for (number, step) in self.steps.iter().enumerate() {
            let line_end = if number == 0 { "" } else { "\n" };
            write!(f, "{line_end}{step}")?;
        }
        Ok(())
    }
}
