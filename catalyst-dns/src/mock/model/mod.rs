//! The one state machine behind the mock and the fake: what a PowerDNS 4.7.3 does, and 5.x where it differs, in memory.
//!
//! Every refusal has the status and the words that were recorded from the real server. What a face adds is only how
//! a request comes in and how an answer goes out.
//!
//! # To add an endpoint
//!
//! 1. A file here with `impl State`: one function for each request, which takes what was sent and gives a
//!    `serde_json::Value` or a [`Refusal`].
//! 2. A function in `testing/wire`, and a line for it in `testing/wire/route.rs`.
//! 3. A [`Route`] for it, if faults and counters are to tell it apart.

#![cfg_attr(
    not(feature = "testing"),
    allow(dead_code, unused_imports, reason = "requests that only the fake on the wire takes")
)]

mod check;
mod content;
mod counters;
mod document;
mod edit;
mod export;
mod faults;
mod handle;
mod keys;
mod keyset;
mod metadata;
mod names;
mod patch;
mod refusal;
mod route;
mod search;
mod serial;
mod served;
mod server;
mod settings;
mod setup;
mod state;
mod svcb;
#[cfg(test)]
mod tests;
mod tsig;
mod zone;
mod zones;

pub use counters::Requests;
pub use faults::{Fault, FaultRule, Faults};
pub use handle::Model;
pub use refusal::Refusal;
pub use route::Route;

pub(crate) use edit::{Edit, What};
pub(crate) use keyset::{Key, NewKey};
pub(crate) use refusal::Form;
pub(crate) use state::State;
pub(crate) use zone::{Comment, StoredRecord, StoredSet, ZoneData};
pub(crate) use zones::Shown;
