//! What lies between a client and the server: some milliseconds, and a count of all bytes.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// Passes on what comes, on a thread of its own, until the process ends.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    open: AtomicU64,
    exchanges: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

/// What was passed on: connections or datagrams, and the bytes of their contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) exchanges: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

impl Relay {
    /// Connections to `server`, each `latency` late. The server ends a connection with its answer, so that is once for
    /// each request.
    pub(crate) fn tcp(server: SocketAddr, latency: Duration) -> Self {
        let (here, counts) = (std::net::TcpListener::bind("127.0.0.1:0").unwrap(), Arc::<Counts>::default());
        here.set_nonblocking(true).unwrap();
        let relay = Self { address: here.local_addr().unwrap(), counts };
        let counts = Arc::clone(&relay.counts);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let here = TcpListener::from_std(here).unwrap();
                loop {
                    let (client, _) = here.accept().await.unwrap();
                    counts.open.fetch_add(1, SeqCst);
                    tokio::spawn(pass(client, server, latency, Arc::clone(&counts)));
                }
            });
        });
        relay
    }

    /// Questions to `server`, one at a time.
    pub(crate) fn udp(server: SocketAddr) -> Self {
        let (here, there) =
            (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        there.connect(server).unwrap();
        let relay = Self { address: here.local_addr().unwrap(), counts: Arc::default() };
        let counts = Arc::clone(&relay.counts);
        thread::spawn(move || {
            let mut buffer = vec![0; 65_535];
            loop {
                let (length, client) = here.recv_from(&mut buffer).unwrap();
                there.send(&buffer[..length]).unwrap();
                counts.sent.fetch_add(length as u64, SeqCst);
                let length = there.recv(&mut buffer).unwrap();
                counts.received.fetch_add(length as u64, SeqCst);
                counts.exchanges.fetch_add(1, SeqCst);
                here.send_to(&buffer[..length], client).unwrap();
            }
        });
        relay
    }

    /// What was passed on since the last call, once all connections have ended.
    pub(crate) fn take(&self) -> Traffic {
        while self.counts.open.load(SeqCst) > 0 {
            thread::sleep(Duration::from_millis(1));
        }
        let take = |count: &AtomicU64| count.swap(0, SeqCst);
        let Counts { exchanges, sent, received, .. } = &*self.counts;
        Traffic { exchanges: take(exchanges), sent: take(sent), received: take(received) }
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr, latency: Duration, counts: Arc<Counts>) {
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let mut server = TcpStream::connect(server).await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    if let Ok((sent, received)) = copy_bidirectional(&mut client, &mut server).await {
        counts.exchanges.fetch_add(1, SeqCst);
        counts.sent.fetch_add(sent, SeqCst);
        counts.received.fetch_add(received, SeqCst);
    }
    counts.open.fetch_sub(1, SeqCst);
}
