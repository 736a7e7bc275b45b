//! From HTTP to the model and back, without a socket: what wiremock hands in, and what it is to send.
//!
//! Each file answers one group of endpoints; `route` knows them all. A new group is a file with a function from
//! [`Asked`](asked::Asked) to an [`Answer`](answer::Answer), and a line in `route`.

mod admin;
mod answer;
mod asked;
mod clients;
mod federation;
mod keys;
mod oidc;
mod pages;
mod policies;
mod realms;
mod registration;
mod route;
mod server;
mod users;

pub(super) use server::{Outcome, Reply, Server};
