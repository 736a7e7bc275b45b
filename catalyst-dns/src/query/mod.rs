//! Questions to name servers, asked directly.

mod answer;
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

use std::fmt;
use std::net::SocketAddr;

use async_trait::async_trait;
use catalyst_core::Result;

pub use answer::{AnswerRecord, DnsAnswer, Question, ResponseCode};
pub use authorities::{Authorities, NameServer};
pub use client::NameServerClient;
pub(crate) use message::parse;
pub(crate) use rdata::as_answered;
pub(crate) use types::{code as type_code, octets as label_octets, to_wire};

/// Asks one name server one question, bounded in time and size.
///
/// # Cancel safety
/// Asking changes nothing.
#[async_trait]
pub trait DnsClient: fmt::Debug + Send + Sync + 'static {
    /// The answer of `server`, whatever its response code.
    ///
    /// # Errors
    /// `Timeout` and `Connect` if there is none, `Decode` if it is no answer to the question.
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer>;
}
