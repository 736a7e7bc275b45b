//! The model as a server in memory, or as several nodes of one: the real client speaks to it in the server's JSON, without a socket.

use std::fmt;
use std::time::Duration;

use catalyst_core::http::{Request, Response};
use catalyst_core::{Error, ErrorKind, Result};
use url::Url;

use super::Model;
use super::wire::{Incoming, Reply, Server};
use crate::refusal::SERVICE;

/// Carries requests to a [`Model`], on tokio's clock: a paused test waits for nothing.
pub(crate) struct InMemory {
    /// The nodes, each with its address.
    servers: Vec<(Url, Server)>,
    timeout: Duration,
    max_body: usize,
}

impl InMemory {
    pub(crate) fn new(nodes: Vec<(Url, Model)>, timeout: Duration, max_body: usize) -> Self {
        let servers = nodes.into_iter().map(|(address, model)| (address, Server::new(model))).collect();
        Self { servers, timeout, max_body }
    }

    /// Makes one call, with the faults that are scripted for it.
    pub(crate) async fn send(&self, operation: &'static str, request: Request) -> Result<Response> {
        let failed = |kind| Error::new(kind, operation).with_service(SERVICE).with_outcome_unknown();
        let server = self.server(request.url()).filter(|server| server.is_reachable());
        let server = server.ok_or_else(|| Error::new(ErrorKind::Connect, operation).with_service(SERVICE))?;
        let reply = carry_out(server, &request).ok_or_else(|| failed(ErrorKind::Unavailable))?;
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

    fn server(&self, url: &Url) -> Option<&Server> {
        let at = |(address, _): &&(Url, Server)| address.origin() == url.origin();
        self.servers.iter().find(at).map(|(_, server)| server)
    }
}

fn carry_out(server: &Server, request: &Request) -> Option<Reply> {
    let header = |name: &str| request.header_text(name).map(str::to_owned);
    server.carry_out(&Incoming {
        method: request.method().as_str(),
        url: request.url(),
        header: &header,
        body: request.body(),
    })
}

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemory").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}
