//! TLS before a server that speaks none.

use std::net::Ipv4Addr;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::certificates::{ServerCertificate, server_certificate};

/// Ends TLS on its port, with a certificate of an authority of its own, and passes on to another one on loopback what
/// was in it: as before a server that was built without TLS. It ends when it is dropped, and its connections with it.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    certificate: ServerCertificate,
    task: JoinHandle<()>,
}

impl TlsFront {
    /// Before the server on `target`.
    ///
    /// # Errors
    /// If there is no port, or no certificate can be made.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn before(target: u16) -> Result<Self> {
        let certificate = server_certificate()?;
        let acceptor = certificate.acceptor()?;
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Other, "put TLS before a server").with_source(error)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _from)) = listener.accept().await {
                let acceptor = acceptor.clone();
                connections.spawn(async move {
                    // Whoever does not trust us ends the handshake.
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await else {
                        return;
                    };
                    drop(copy_bidirectional(&mut client, &mut server).await);
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, certificate, task })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority that signed its certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.certificate.authority
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}
