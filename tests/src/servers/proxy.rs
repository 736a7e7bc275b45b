//! A TCP proxy of the test's own: the cable that a test can cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use catalyst_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

/// Says, for a connection from this local port, whether its bytes may pass: a gate that may open and shut later.
pub(crate) type Gatekeeper = Arc<dyn Fn(u16) -> Gate + Send + Sync>;
/// True while bytes may pass.
pub(crate) type Gate = watch::Receiver<bool>;

/// Carries connections from its port to another one on loopback. While its gate is shut, connections stay open and
/// nothing passes, in neither direction, as when a cable is cut; what was sent meanwhile arrives when it opens.
#[derive(Debug)]
pub(crate) struct TcpProxy {
    task: JoinHandle<()>,
}

impl TcpProxy {
    /// Listens on `port` for connections to `target`.
    pub(crate) async fn start(port: u16, target: u16, gatekeeper: Gatekeeper) -> Result<Self> {
        let fail = |help| Error::new(ErrorKind::Other, "start a proxy").with_help(help);
        let cables = cables().ok_or_else(|| fail("no thread was to be had for it"))?;
        let bound = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
        let bound = bound.map_err(|error| fail("its port is in use").with_source(error))?;
        let listening = async move {
            let listener = TcpListener::from_std(bound)?;
            Ok(tokio::spawn(serve(listener, target, gatekeeper)))
        };
        let listening =
            cables.spawn(listening).await.unwrap_or_else(|ended| Err(std::io::Error::other(ended)));
        let task = listening.map_err(|error| fail("its port is of no use").with_source(error))?;
        Ok(Self { task })
    }
}

/// Where all proxies run: beside the tests, so that a test that keeps its own threads busy does not hold up what the
/// servers tell each other.
fn cables() -> Option<&'static Handle> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let make =
        || Builder::new_multi_thread().worker_threads(1).thread_name("cables").enable_all().build().ok();
    RUNTIME.get_or_init(make).as_ref().map(Runtime::handle)
}

async fn serve(listener: TcpListener, target: u16, gatekeeper: Gatekeeper) {
    // The connections end with this task, for it owns the tasks that carry them.
    let mut carriers = JoinSet::new();
    while let Ok((client, from)) = listener.accept().await {
        let gatekeeper = Arc::clone(&gatekeeper);
        carriers.spawn(async move {
            // Who calls is read of files.
            if let Ok(gate) = spawn_blocking(move || gatekeeper(from.port())).await {
                carry(client, target, gate).await;
            }
        });
        while carriers.try_join_next().is_some() {}
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, target: u16, mut gate: Gate) {
    if gate.wait_for(|open| *open).await.is_err() {
        return;
    }
    // A target that refuses closes the connection that it never got.
    let Ok(server) = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, target))).await else {
        return;
    };
    let _nodelay = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::join!(pump(from_client, to_server, gate.clone()), pump(from_server, to_client, gate));
}

async fn pump(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, mut gate: Gate) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        // The end of a stream is held back like its bytes.
        if gate.wait_for(|open| *open).await.is_err() {
            return;
        }
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            let _closed = to.shutdown().await;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::port::free_port;
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_shut_gate_holds_bytes_back_and_an_open_one_lets_them_through() {
        let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = echo.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut socket, _) = echo.accept().await.unwrap();
            let (mut read, mut write) = socket.split();
            tokio::io::copy(&mut read, &mut write).await.unwrap();
        });
        let (lever, gate) = watch::channel(true);
        let keeper: Gatekeeper = Arc::new(move |_| gate.clone());
        let port = free_port().unwrap();
        let _proxy = TcpProxy::start(port, target, keeper).await.unwrap();
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let mut answer = [0; 1];
        client.write_all(b"a").await.unwrap();
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"a");
        lever.send(false).unwrap();
        client.write_all(b"b").await.unwrap();
        assert!(timeout(Duration::from_millis(50), client.read_exact(&mut answer)).await.is_err());
        lever.send(true).unwrap();
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"b");
    }
}
