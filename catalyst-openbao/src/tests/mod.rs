//! The client against recorded answers, over HTTP on loopback; sessions in virtual time.

mod administration;
mod api_request;
mod auth_methods;
mod bad_input;
mod credentials;
mod database_admin;
mod identity;
mod kubernetes;
mod logins;
mod once;
mod pki;
mod pki_settings;
mod rabbitmq;
mod raft;
mod secrets;
mod sessions;
mod ssh;
pub(crate) mod support;
mod system;
mod totp;
mod transit;
mod upkeep;
