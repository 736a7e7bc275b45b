//! The model as a server in memory, or as several nodes of one: the real client speaks to it in the server's JSON, without a socket.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use catalyst_core::http::{Request, Response};
use catalyst_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, ReadBuf};
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
        let mut headers = reply.headers;
        if !reply.body.is_empty() {
            headers.push(("content-type", reply.content_type.to_owned()));
        }
        Ok(Response::new(operation, reply.status, &headers, reply.body))
    }

    /// Makes one call with what `body` gives.
    pub(crate) async fn send_whole(
        &self,
        operation: &'static str,
        request: Request,
        body: impl AsyncRead + Send,
    ) -> Result<Response> {
        let mut whole = Vec::new();
        let mut body = std::pin::pin!(body);
        // In a test it is small; and whoever tests with more sees it refused by the model.
        let read = poll_fn(|cx| read_some(body.as_mut(), cx, &mut whole)).await;
        read.map_err(|error| Error::new(ErrorKind::Other, operation).with_source(error))?;
        self.send(operation, request.bytes("application/gzip", whole.into())).await
    }

    fn server(&self, url: &Url) -> Option<&Server> {
        let at = |(address, _): &&(Url, Server)| address.origin() == url.origin();
        self.servers.iter().find(at).map(|(_, server)| server)
    }
}

/// Reads to the end, or up to the limit of what a server in memory takes.
fn read_some(
    mut body: Pin<&mut impl AsyncRead>,
    cx: &mut Context<'_>,
    whole: &mut Vec<u8>,
) -> Poll<std::io::Result<()>> {
    const LIMIT: usize = 64 << 20;
    let mut chunk = vec![0; 64 << 10];
    while whole.len() < LIMIT {
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(body.as_mut().poll_read(cx, &mut buffer))?;
        if buffer.filled().is_empty() {
            break;
        }
        whole.extend_from_slice(buffer.filled());
    }
    Poll::Ready(Ok(()))
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
