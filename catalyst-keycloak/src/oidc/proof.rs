//! Proofs of possession at the token endpoint (RFC 9449 section 5).

use std::sync::{Arc, Mutex, PoisonError};

use catalyst_core::Result;
use catalyst_core::http::Response;
use url::Url;

use crate::token::DpopKey;
use crate::transport::Call;

/// The longest nonce that is kept, in bytes.
const MAX_NONCE: usize = 256;

/// The key, and the nonce that the server gave last.
#[derive(Debug)]
pub(super) struct Proofs {
    pub(super) key: Arc<DpopKey>,
    nonce: Mutex<Option<String>>,
}

impl Proofs {
    pub(super) fn new(key: Arc<DpopKey>) -> Self {
        Self { key, nonce: Mutex::default() }
    }

    /// `call` with a proof of its own. `url` is the endpoint as the realm names it in public, which is what the server
    /// compares with, whichever way a request came in.
    pub(super) fn prove(&self, call: Call, url: &Url) -> Result<Call> {
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let proof = self.key.proof("POST", url, None, nonce.as_deref())?;
        Ok(call.header("dpop", proof.expose()))
    }

    /// Keeps the nonce for the next proof.
    pub(super) fn hear(&self, response: &Response) {
        let nonce = response.header("dpop-nonce").filter(|nonce| nonce.len() <= MAX_NONCE);
        if let Some(nonce) = nonce {
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.to_owned());
        }
    }
}
