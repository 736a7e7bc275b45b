//! Questions to name servers, asked directly.

mod answer;
mod api;
mod authorities;
mod client;
mod exchange;
mod message;
mod rdata;
#[cfg(test)]
pub(crate) mod script;
#[cfg(test)]
mod tests;
mod types;
mod wire;

pub use answer::{AnswerRecord, DnsAnswer, Question, ResponseCode};
pub use api::DnsClient;
pub use authorities::{Authorities, NameServer};
pub use client::NameServerClient;
pub(crate) use message::parse;
pub(crate) use rdata::as_answered;
pub(crate) use types::{code as type_code, octets as label_octets, to_wire};
