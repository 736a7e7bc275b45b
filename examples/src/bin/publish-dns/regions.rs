//! The application itself, twice: a small HTTP server in each region, each on a loopback address of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::stage::Broken;

/// The path that is asked for its health.
pub(crate) const HEALTH: &str = "/healthz";
/// How often another port is tried until one is free at both addresses.
const PORTS: u32 = 50;
/// A health check asks in one piece, and nobody else asks.
const LONGEST_REQUEST: usize = 4096;
const SLOWEST_REQUEST: Duration = Duration::from_secs(5);
/// How long to wait until a region has been checked.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where the application runs; the first one is the primary.
pub(crate) struct Regions {
    pub primary: Site,
    pub standby: Site,
    pub port: u16,
}

/// The application in one region.
pub(crate) struct Site {
    pub name: &'static str,
    pub address: Ipv4Addr,
    port: u16,
    checks: watch::Sender<u64>,
    /// None while it is down: then its port refuses connections.
    server: Option<JoinHandle<()>>,
}

impl Regions {
    /// Both regions up, at one port.
    pub(crate) async fn start() -> Result<Self, Broken> {
        for _ in 0..PORTS {
            let mut primary = Site::new("fsn1", Ipv4Addr::new(127, 0, 0, 2), 0);
            let mut standby = Site::new("hel1", Ipv4Addr::new(127, 0, 0, 3), 0);
            primary.start().await?;
            standby.port = primary.port;
            if standby.start().await.is_ok() {
                let port = primary.port;
                return Ok(Self { primary, standby, port });
            }
        }
        Err("no port is free in both regions".into())
    }

    /// Waits until the name server knows how each region is: the second check begins when the first one has ended.
    pub(crate) async fn known(&self) -> Result<(), Broken> {
        self.primary.checked_again(2).await?;
        self.standby.checked_again(2).await
    }
}

impl Site {
    fn new(name: &'static str, address: Ipv4Addr, port: u16) -> Self {
        Self { name, address, port, checks: watch::Sender::new(0), server: None }
    }

    /// Brings it up, at the port that it had before if it had one.
    pub(crate) async fn start(&mut self) -> Result<(), Broken> {
        let listener = TcpListener::bind((self.address, self.port)).await?;
        self.port = listener.local_addr()?.port();
        self.server = Some(tokio::spawn(serve(listener, self.checks.clone())));
        Ok(())
    }

    /// Takes it down: connections end, and new ones are refused when this returns.
    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // It was stopped, which is no fault.
            server.await.ok();
        }
    }

    /// Where it listens while it is up.
    pub(crate) fn socket(&self) -> SocketAddr {
        (self.address, self.port).into()
    }

    async fn checked_again(&self, times: u64) -> Result<(), Broken> {
        let mut checks = self.checks.subscribe();
        let before = *checks.borrow_and_update();
        let checked = timeout(PATIENCE, checks.wait_for(|checks| *checks >= before + times)).await;
        checked.map_err(|_elapsed| format!("nobody checks {}", self.name))??;
        Ok(())
    }
}

async fn serve(listener: TcpListener, checks: watch::Sender<u64>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if let Ok((connection, _)) = listener.accept().await {
            connections.spawn(timeout(SLOWEST_REQUEST, answer(connection, checks.clone())));
        }
    }
}

async fn answer(mut connection: TcpStream, checks: watch::Sender<u64>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && request.len() < LONGEST_REQUEST {
        if connection.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let known = request.starts_with(format!("GET {HEALTH} ").as_bytes());
    let (status, body) = if known { ("200 OK", "ok") } else { ("404 Not Found", "") };
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    connection.write_all(answer.as_bytes()).await?;
    connection.shutdown().await?;
    checks.send_modify(|checks| *checks += u64::from(known));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(region: SocketAddr, path: &str) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(region).await?;
        connection.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.map(|_length| answer)
    }

    #[tokio::test]
    async fn a_region_that_is_down_refuses_and_one_that_is_back_answers() {
        let mut regions = Regions::start().await.unwrap();
        let [primary, standby] = [&regions.primary, &regions.standby].map(Site::socket);
        assert_eq!((primary.port(), standby.port()), (regions.port, regions.port));
        assert!(get(primary, HEALTH).await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(get(standby, "/").await.unwrap().starts_with("HTTP/1.1 404 "));

        regions.primary.stop().await;
        let error = get(primary, HEALTH).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        regions.primary.start().await.unwrap();
        assert!(get(primary, HEALTH).await.unwrap().ends_with("\r\n\r\nok"));
    }
}
