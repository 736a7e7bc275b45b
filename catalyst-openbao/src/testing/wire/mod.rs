//! From HTTP to the model and back, without a socket: what wiremock hands in, and what it is to send.

mod answer;
mod asked;
mod database;
mod kv;
mod leases;
mod route;
mod server;
mod tokens;

pub(super) use server::{Outcome, Reply, Server};
