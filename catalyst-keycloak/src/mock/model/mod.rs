//! The one state machine behind the mock and the fake: what a Keycloak 26.7.3 does, in memory.
//!
//! Every refusal has the status and the words that were recorded from the real server. What a face adds is only how
//! a request comes in and how an answer goes out.
//!
//! # To add an endpoint
//!
//! 1. A file here with `impl State`: one function for each request, which takes the [`Caller`] and asks
//!    [`State::need`] for a role (administration), or takes a [`Form`] and calls [`State::authenticate`] (OAuth), and
//!    gives a `serde_json::Value` or a [`Refusal`].
//! 2. What it keeps goes into `Realm` or `State`; tokens are made by `State::give` out of a `Grant`, sessions by
//!    `State::begin_session`.
//! 3. A file in `testing/wire` with a function from [`Asked`](crate::testing) to an answer, and a line for it in
//!    `testing/wire/route.rs`.
//! 4. A [`Route`] for it, if faults and counters are to tell it apart.

#![cfg_attr(
    not(feature = "testing"),
    allow(dead_code, unused_imports, reason = "requests that only the fake on the wire takes")
)]

mod access;
mod assertion;
mod claims;
mod client;
mod client_auth;
mod clients;
mod codes;
mod components;
mod counters;
mod dpop;
mod exchange;
mod faults;
mod grants;
mod handle;
mod introspection;
mod keys;
mod logins;
mod logout;
mod metadata;
mod organizations;
mod policies;
mod providers;
mod published;
mod pushed;
mod random;
mod realm;
mod refusal;
mod registration;
mod roles;
mod route;
mod secrets;
mod sessions;
mod setup;
mod state;
mod tokens;
mod users;
mod visit;

pub use counters::Requests;
pub use faults::{Fault, FaultRule, Faults};
pub use handle::Model;
pub use refusal::Refusal;
pub use route::Route;

pub(crate) use access::Caller;
pub(crate) use client_auth::Form;
pub(crate) use clients::ClientQuery;
pub(crate) use logins::Shown;
pub(crate) use registration::Provider;
pub(crate) use state::State;
