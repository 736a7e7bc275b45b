//! LUA records: a small interpreter, apart from the crate's own reading of snippets, so that one shows the faults of
//! the other.

mod answer;
mod functions;
mod run;
mod syntax;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub(super) use answer::{Asked, Fault, answer};
