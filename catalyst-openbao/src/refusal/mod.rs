//! What a refusal means: the one place that reads statuses and the server's words.

mod auth_method;
mod cubbyhole;
mod database_admin;
mod identity;
mod kubernetes;
mod meaning;
mod operator;
mod pki;
mod rabbitmq;
mod raft;
mod ssh;
mod status;
mod subject;
mod system;
mod totp;
mod transit;

pub(crate) use status::{Remains, denied, redirected, refusal};

/// How this crate names its server in errors and spans.
pub(crate) const SERVICE: &str = "openbao";
