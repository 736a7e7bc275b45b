//! The server's own API, `sys/*`, and the settings of login methods.
//!
//! Each area admits its requests itself, for some of them need no token.

mod app_roles;
mod audit;
mod auth_methods;
mod control_groups;
mod fields;
mod metrics;
mod mounts;
mod namespaces;
mod plugins;
mod policies;
mod quotas;
mod raft;
mod rekey;
mod root_generation;
mod route;
mod seal;
mod settings;
mod token_store;
mod written_logins;

pub(super) use settings::Settings;

use super::Refusal;
use crate::mock::wire::Content;

/// An answer, a refusal, or none: the path belongs to somebody else.
type Answered = Option<Result<Content, Refusal>>;
