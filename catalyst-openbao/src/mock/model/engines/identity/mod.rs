//! Entities, aliases, groups and identity tokens. Groups give nobody policies here: a token has those that its login
//! gave it.

mod aliases;
mod engine;
mod entities;
mod groups;
mod keys;
mod store;
mod tokens;

pub(in crate::mock::model) use engine::Identities;
