//! One question and its answer on the wire. The caller keeps the time.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use catalyst_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use super::DnsAnswer;
use super::client::OPERATION;
use super::message::{Incoming, Outgoing};
use super::rdata::garbage;

/// Room for a datagram of any size: servers may send more than was asked for.
const DATAGRAM: usize = 65_535;
/// Datagrams that are read while one answer is awaited; an outsider who floods us gets no further.
const MAX_FOREIGN: usize = 1000;

/// Asks over UDP; `None` if the answer does not fit.
///
/// The socket is new, so that its port is random, and connected, so that the system drops what others send.
pub(super) async fn over_udp(
    server: SocketAddr,
    source: Option<IpAddr>,
    outgoing: &Outgoing,
) -> Result<Option<DnsAnswer>> {
    let socket = UdpSocket::bind(local(server, source)).await.map_err(unreachable)?;
    socket.connect(server).await.map_err(unreachable)?;
    socket.send(&outgoing.octets).await.map_err(unreachable)?;
    let mut buffer = vec![0; DATAGRAM];
    for _ in 0..MAX_FOREIGN {
        let length = socket.recv(&mut buffer).await.map_err(unreachable)?;
        match outgoing.read(&buffer[..length])? {
            Incoming::Answer(answer) => return Ok(Some(*answer)),
            Incoming::Truncated => return Ok(None),
            Incoming::Foreign => {}
        }
    }
    Err(garbage("the server sent a thousand datagrams that answer something else"))
}

/// Asks over TCP: each message follows its length (RFC 1035 section 4.2.2).
pub(super) async fn over_tcp(
    server: SocketAddr,
    source: Option<IpAddr>,
    outgoing: &Outgoing,
) -> Result<DnsAnswer> {
    let mut stream = connect(server, source).await.map_err(unreachable)?;
    let length = u16::try_from(outgoing.octets.len()).map_err(|_long| garbage("the question is too long"))?;
    // In one segment: some servers do not wait for the second.
    let request = [&length.to_be_bytes()[..], &outgoing.octets].concat();
    stream.write_all(&request).await.map_err(broken)?;
    let length = stream.read_u16().await.map_err(broken)?;
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await.map_err(broken)?;
    match outgoing.read(&answer)? {
        Incoming::Answer(answer) => Ok(*answer),
        Incoming::Truncated => Err(garbage("the answer is truncated even over TCP")),
        Incoming::Foreign => Err(garbage("the message over TCP answers something else")),
    }
}

/// Where a question leaves from: `source`, or any address of the server's family.
fn local(server: SocketAddr, source: Option<IpAddr>) -> SocketAddr {
    let any = || match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(source.unwrap_or_else(any), 0)
}

async fn connect(server: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(source) = source else { return TcpStream::connect(server).await };
    let socket = if source.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(source, 0))?;
    socket.connect(server).await
}

fn unreachable(error: io::Error) -> Error {
    Error::new(ErrorKind::Connect, OPERATION)
        .with_code("unreachable")
        .with_help("the server cannot be reached: is the address right, and does something listen there?")
        .with_source(error)
}

fn broken(error: io::Error) -> Error {
    Error::new(ErrorKind::Connect, OPERATION)
        .with_code("connection_closed")
        .with_help("the server ended the connection before it had answered")
        .with_source(error)
}
