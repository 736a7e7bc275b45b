//! Cloudflare: domains and their name servers can be read; the name servers of a domain that it sold cannot be changed
//! by its API, so that a person does it and we verify.

mod answer;
mod builder;
mod client;

pub use builder::CloudflareBuilder;
pub use client::Cloudflare;
