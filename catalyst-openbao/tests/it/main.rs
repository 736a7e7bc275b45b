//! The mock and the fake keep the contract, and the client keeps its promises when the server does not.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value, reason = "a test")]

mod bootstrap;
mod cluster;
mod cubbyhole;
mod database_admin;
mod fake;
mod faults;
mod identity;
mod kubernetes;
mod mock;
mod operator;
mod pki;
mod rabbitmq;
mod raft;
mod recorded;
mod regions;
mod replayed;
mod replicate;
mod ssh;
mod system;
mod totp;
mod transit;
