//! Hosts that are up or down: HTTP on addresses of the loopback interface, one port on all of them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// One host; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) address: SocketAddr,
    answered: Arc<AtomicUsize>,
    task: Option<JoinHandle<()>>,
}

impl Host {
    /// Hosts that answer 200 to everything, on one port.
    pub(super) async fn several<const N: usize>(addresses: [Ipv4Addr; N]) -> [Self; N] {
        'ports: loop {
            let mut hosts: Vec<Self> = Vec::with_capacity(N);
            for address in addresses {
                let port = hosts.first().map_or(0, |first| first.address.port());
                // Another program may have the port on another address.
                let Ok(listener) = TcpListener::bind((address, port)).await else { continue 'ports };
                hosts.push(Self::of(listener));
            }
            return hosts.try_into().unwrap();
        }
    }

    fn of(listener: TcpListener) -> Self {
        let (address, answered) = (listener.local_addr().unwrap(), Arc::default());
        let task = Some(tokio::spawn(serve(listener, Arc::clone(&answered))));
        Self { address, answered, task }
    }

    /// How many checks it has answered.
    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    pub(super) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    pub(super) fn shown(&self) -> String {
        self.ip().to_string()
    }

    /// Closes the port and all connections.
    pub(super) async fn stop(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }

    /// Takes connections from now on, and answers nothing.
    pub(super) async fn hang(&mut self) {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = Some(tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                connections.push(connection);
            }
        }));
    }

    /// Up again.
    pub(super) async fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = Some(tokio::spawn(serve(listener, Arc::clone(&self.answered))));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn serve(listener: TcpListener, answered: Arc<AtomicUsize>) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        connections.spawn(answer(connection, Arc::clone(&answered)));
    }
}

async fn answer(mut connection: TcpStream, answered: Arc<AtomicUsize>) {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let (mut request, mut chunk) = (Vec::new(), [0; 1024]);
    while !request.ends_with(b"\r\n\r\n") {
        match connection.read(&mut chunk).await {
            Ok(length @ 1..) if request.len() < 10_000 => request.extend_from_slice(&chunk[..length]),
            _ => return,
        }
    }
    if connection.write_all(ANSWER).await.is_ok() {
        connection.shutdown().await.ok();
        answered.fetch_add(1, Ordering::SeqCst);
    }
}
