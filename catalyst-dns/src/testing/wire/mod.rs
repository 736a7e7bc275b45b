//! From HTTP to the model and back, without a socket: what wiremock hands in, and what it is to send.
//!
//! `route` knows all endpoints, `zones` those of one zone. A new endpoint is a function from
//! [`Asked`](asked::Asked) to an [`Answer`](answer::Answer), and a line there.

mod access;
mod answer;
mod asked;
mod route;
mod server;
mod zones;

pub(super) use access::Access;
pub(super) use server::Server;
