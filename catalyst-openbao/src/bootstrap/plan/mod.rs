//! From what is declared and what is there to what is to be done.

mod audit;
mod compare;
mod converge;
mod resource;
mod resources;
mod steps;

pub use steps::{Plan, Step, StepKind};

pub(super) use audit::verify as verify_audit;
