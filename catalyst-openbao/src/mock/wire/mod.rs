//! From HTTP to the model and back, without a socket: what a client sends, and what it is to get.

mod answer;
mod asked;
mod database;
mod kv;
mod leases;
mod route;
mod server;
mod tokens;

pub(crate) use answer::{Content, Envelope};
pub(crate) use asked::{Asked, Incoming, Verb};
pub(crate) use server::{Reply, Server};
pub(crate) use tokens::{labels as token_labels, wanted as wanted_token};
