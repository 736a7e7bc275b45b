//! Bodies that are too large to be held.

use super::fault;
use crate::Result;

/// The body of an answer that is still coming; made by [`HttpClient::download`](super::HttpClient::download).
#[derive(Debug)]
pub struct Download {
    pub(super) answer: reqwest::Response,
    pub(super) operation: &'static str,
}

impl Download {
    /// The next bytes; none at the end. A body that was cut short is an error and not an end.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout), [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable).
    ///
    /// # Cancel safety
    /// Bytes that came are not lost.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>> {
        self.answer.chunk().await.map_err(|error| fault::read(error, self.operation))
    }
}
