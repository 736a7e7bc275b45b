//! What is wrong with statements: pure functions over texts.

mod finding;
mod general;
mod mysql;
mod placeholder;
mod postgres;
mod refused;
mod report;
mod rule;
mod run;
mod sql;
mod token;
mod valkey;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Place, Severity, StatementList};
pub use refused::Refused;
pub use rule::Rule;

pub(super) use run::{role, rotation};
