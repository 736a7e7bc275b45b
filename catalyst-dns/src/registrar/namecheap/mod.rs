//! Namecheap: XML over HTTP, every answer with status 200, errors by number.

mod answer;
mod api;
mod builder;
mod client;
mod refusal;
#[cfg(test)]
mod tests;

pub use builder::{NamecheapBuilder, NamecheapCredential};
pub use client::{Namecheap, NamecheapDns};
