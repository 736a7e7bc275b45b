//! The boundary: whoever asks name servers.

use std::fmt;
use std::net::SocketAddr;

use async_trait::async_trait;
use catalyst_core::Result;

use super::{DnsAnswer, Question};

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
