//! Bodies that are too large to be held, on their way to the server and back. Each call is made once.

use catalyst_core::http::{Download, Request, Response};
use catalyst_core::{Error, Result, Secret};
use tokio::io::AsyncRead;
use tokio::time::Instant;

use crate::cluster;
use crate::refusal::SERVICE;
use crate::transport::{Call, Routing, Transport, Wire, refused_by};

/// The body of an answer, piece by piece.
pub(crate) enum Pieces {
    Coming(Box<Download>),
    /// From a server in memory, in one piece.
    #[cfg(feature = "mock")]
    Whole(Option<Vec<u8>>),
}

impl Pieces {
    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>> {
        let piece: Option<Box<dyn AsRef<[u8]> + Send>> = match self {
            Self::Coming(download) => download.chunk().await?.map(|chunk| Box::new(chunk) as _),
            #[cfg(feature = "mock")]
            Self::Whole(body) => body.take().map(|body| Box::new(body) as _),
        };
        Ok(piece.map(Piece))
    }
}

struct Piece(Box<dyn AsRef<[u8]> + Send>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl Transport {
    /// Sends `call`, and gives the body of its answer as it comes.
    pub(crate) async fn download(&self, call: &Call<'_>, token: &Secret) -> Result<Pieces> {
        let about = |error: Error| error.with_service(SERVICE).with_target(call.target());
        let (node, request) = self.addressed(call, token).await.map_err(about)?;
        let answer = match self.wire() {
            Wire::Http(client) => {
                client.download(request).await.map(|answer| answer.map(|body| Pieces::Coming(Box::new(body))))
            }
            #[cfg(feature = "mock")]
            Wire::Memory(server) => server.send(call.operation.name(), request).await.map(|response| {
                if response.is_success() {
                    Ok(Pieces::Whole(Some(response.body().to_vec())))
                } else {
                    Err(Box::new(response))
                }
            }),
        };
        answer.map_err(about)?.map_err(|response| about(self.refused_at(node, call, &response)))
    }

    /// Sends `call` with what `body` gives.
    pub(crate) async fn upload(
        &self,
        call: &Call<'_>,
        token: &Secret,
        body: impl AsyncRead + Send + 'static,
    ) -> Result<()> {
        let about = |error: Error| error.with_service(SERVICE).with_target(call.target());
        let (node, request) = self.addressed(call, token).await.map_err(about)?;
        let response = match self.wire() {
            Wire::Http(client) => client.upload(request, body).await,
            #[cfg(feature = "mock")]
            Wire::Memory(server) => server.send_whole(call.operation.name(), request, body).await,
        };
        let response = response.map_err(about)?;
        if response.is_success() { Ok(()) } else { Err(about(self.refused_at(node, call, &response))) }
    }

    /// The request, and the node that it is for.
    async fn addressed(&self, call: &Call<'_>, token: &Secret) -> Result<(Option<usize>, Request)> {
        let Some(nodes) = self.nodes() else {
            return Ok((None, self.request_to(None, call, token, Routing::default())?));
        };
        let deadline = Instant::now() + call.limit().unwrap_or(nodes.timeout());
        let node = cluster::find_active(self, nodes, call.operation, deadline).await?;
        let base = Some(nodes.base(node));
        Ok((Some(node), self.request_to(base, call, token, Routing { index: None, stays: true })?))
    }

    fn refused_at(&self, node: Option<usize>, call: &Call<'_>, response: &Response) -> Error {
        match (node, self.nodes()) {
            (Some(node), Some(nodes)) => refused_by(nodes.base(node), call, response),
            _ => self.refused(call, response),
        }
    }
}
