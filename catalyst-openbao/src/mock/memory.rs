//! The model as a server in memory: the real client speaks to it in the server's JSON, without a socket.

use std::fmt;
use std::time::Duration;

use catalyst_core::http::{Request, Response};
use catalyst_core::{Error, ErrorKind, Result};

use super::Model;
use super::wire::{Incoming, Reply, Server};
use crate::refusal::SERVICE;

/// Carries requests to a [`Model`], on tokio's clock: a paused test waits for nothing.
pub(crate) struct InMemory {
    server: Server,
    timeout: Duration,
    max_body: usize,
}

impl InMemory {
    pub(crate) fn new(model: Model, timeout: Duration, max_body: usize) -> Self {
        Self { server: Server::new(model), timeout, max_body }
    }

    /// Makes one call, with the faults that are scripted for it.
    pub(crate) async fn send(&self, operation: &'static str, request: Request) -> Result<Response> {
        let failed = |kind| Error::new(kind, operation).with_service(SERVICE).with_outcome_unknown();
        let reply = self.carry_out(&request).ok_or_else(|| failed(ErrorKind::Unavailable))?;
        let limit = request.limit().unwrap_or(self.timeout).min(self.timeout);
        let pause = reply.delay.unwrap_or_default();
        if !pause.is_zero() {
            tokio::time::sleep(pause.min(limit)).await;
        }
        if pause > limit {
            return Err(failed(ErrorKind::Timeout));
        }
        if reply.body.len() > self.max_body {
            return Err(failed(ErrorKind::Decode).with_help("the body is larger than the limit"));
        }
        Ok(Response::new(operation, reply.status, &reply.headers, reply.body))
    }

    fn carry_out(&self, request: &Request) -> Option<Reply> {
        let header = |name: &str| request.header_text(name).map(str::to_owned);
        self.server.carry_out(&Incoming {
            method: request.method().as_str(),
            url: request.url(),
            header: &header,
            body: request.body(),
        })
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
