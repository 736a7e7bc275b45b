//! GoDaddy, version 1 of its API: name servers are written directly; the DS in the parent is not written.

mod answer;
mod builder;
mod client;

pub use builder::GoDaddyBuilder;
pub use client::GoDaddy;
