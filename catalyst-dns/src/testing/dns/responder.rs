//! The name server on its sockets.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use catalyst_core::{Clock, Error, ErrorKind, Result};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::DNSClass;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::{AbortHandle, JoinSet};

use super::health::Checks;
use super::lua::Asked;
use super::reply::Reply;
use super::resolve::{ANY, Resolve};
use super::{ZoneView, wire};
use crate::Version;

/// What an answer over UDP may measure, as PowerDNS has it (`udp-truncation-threshold`).
const MAX_UDP: u16 = 1232;
/// The connections that are open at a time, and how long one may be quiet.
const MAX_CONNECTIONS: usize = 64;
const QUIET: Duration = Duration::from_secs(10);
/// Ports to try until one is free for UDP and TCP alike.
const PORTS: u32 = 50;

/// How the name server behaves: by default as PowerDNS 4.7.3 that checks every second.
#[derive(Clone, Debug)]
#[must_use]
pub struct DnsSettings {
    pub(super) version: Version,
    pub(super) check_interval: Duration,
    pub(super) expire_delay: Duration,
    pub(super) clock: Clock,
}

impl Default for DnsSettings {
    fn default() -> Self {
        Self {
            version: Version(4, 7, 3),
            check_interval: Duration::from_secs(1),
            expire_delay: Duration::from_secs(3600),
            clock: Clock::system(),
        }
    }
}

impl DnsSettings {
    /// The version of PowerDNS that it behaves like. It decides about LUA records only: from 5.0 on a record has an
    /// interval and minimum of failures of its own; from 5.1 on the backup selector picks from the first set.
    pub fn version(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// From one health check to the next (`lua-health-checks-interval`).
    pub fn check_interval(self, check_interval: Duration) -> Self {
        Self { check_interval, ..self }
    }

    /// How long a check goes on when nobody asks (`lua-health-checks-expire-delay`).
    pub fn expire_delay(self, expire_delay: Duration) -> Self {
        Self { expire_delay, ..self }
    }

    /// The time that stands in signatures.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

/// An authoritative name server on a free port of 127.0.0.1, over UDP and TCP. It stops when it is dropped.
///
/// It answers as PowerDNS 4.7.3 does: SOA with negative answers, CNAMEs across its zones, wildcards, referrals with
/// glue, REFUSED for what it does not serve, TC for what does not fit, ANY over TCP only, no address for an ALIAS. Of
/// 2,592 questions about an unsigned and a signed zone that were asked of both, they differ in one kind: a question for
/// the CNAME at a wildcard does not bring what that leads to. What it cannot put on the wire, such as LOC, it does not
/// answer. A zone with active keys is signed when a question asks for it, with NSEC where something is missing.
///
/// LUA records run in a small interpreter, which knows the functions `ifurlup`, `ifportup`, `ifurlextup`, `pick…` and
/// `all`, and answers SERVFAIL to everything else. Health checks are real, and go to the loopback interface only:
/// other addresses are down unless [`set_up`](Self::set_up) says otherwise. An `https` URL counts as up when the
/// connection is accepted. Checks take real time.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
/// use catalyst_dns::testing::dns::{DnsResponder, DnsSettings, ZoneSnapshot, ZoneView};
/// use catalyst_dns::DomainName;
///
/// struct Nothing;
/// impl ZoneView for Nothing {
///     fn zone_of(&self, _name: &DomainName) -> Option<ZoneSnapshot> {
///         None
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let server = DnsResponder::start(Arc::new(Nothing), DnsSettings::default()).await?;
/// assert!(server.address().ip().is_loopback());
/// # Ok(())
/// # }
/// ```
pub struct DnsResponder {
    address: SocketAddr,
    inner: Arc<Inner>,
    tasks: [AbortHandle; 3],
}

struct Inner {
    view: Arc<dyn ZoneView>,
    settings: DnsSettings,
    checks: Checks,
    questions: AtomicU64,
    silent: AtomicBool,
}

impl DnsResponder {
    /// Starts one, in tasks of the runtime that it is called in.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if no port is free.
    pub async fn start(view: Arc<dyn ZoneView>, settings: DnsSettings) -> Result<Self> {
        let (udp, tcp, address) = bind().await?;
        let checks = Checks::new(settings.clone());
        let (questions, silent) = (AtomicU64::new(0), AtomicBool::new(false));
        let inner = Arc::new(Inner { view, settings, checks: checks.clone(), questions, silent });
        let tasks = [
            tokio::spawn(serve_udp(Arc::clone(&inner), udp)).abort_handle(),
            tokio::spawn(serve_tcp(Arc::clone(&inner), tcp)).abort_handle(),
            tokio::spawn(checks.run()).abort_handle(),
        ];
        Ok(Self { address, inner, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many questions it was asked.
    pub fn questions(&self) -> u64 {
        self.inner.questions.load(Ordering::Relaxed)
    }

    /// Makes it hear and not answer, or answer again.
    pub fn set_silent(&self, silent: bool) {
        self.inner.silent.store(silent, Ordering::Relaxed);
    }

    /// Lets health checks find `address` up or down whatever runs there, from the next check on; `None` checks it
    /// again. For addresses that are not of this machine.
    pub fn set_up(&self, address: IpAddr, up: Option<bool>) {
        self.inner.checks.pretend(address, up);
    }
}

impl Drop for DnsResponder {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for DnsResponder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DnsResponder").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn bind() -> Result<(UdpSocket, TcpListener, SocketAddr)> {
    let mut last = None;
    for _ in 0..PORTS {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(no_port)?;
        let address = tcp.local_addr().map_err(no_port)?;
        match UdpSocket::bind(address).await {
            Ok(udp) => return Ok((udp, tcp, address)),
            Err(error) => last = Some(error),
        }
    }
    let error = Error::new(ErrorKind::Other, "start a name server");
    Err(last.map_or(error, no_port))
}

fn no_port(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, "start a name server")
        .with_help("no port of 127.0.0.1 is free")
        .with_source(error)
}

async fn serve_udp(inner: Arc<Inner>, socket: UdpSocket) {
    let mut buffer = vec![0; 4096];
    loop {
        // An error is that of an earlier answer, to somebody who has gone.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(answer) = inner.answer(&buffer[..length], from.ip(), true) {
            drop(socket.send_to(&answer, from).await);
        }
    }
}

async fn serve_tcp(inner: Arc<Inner>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let Ok((connection, from)) = listener.accept().await else { continue };
        connections.spawn(serve_connection(Arc::clone(&inner), connection, from.ip()));
    }
}

/// Until the client closes, is quiet for too long, or asks something that gets no answer.
async fn serve_connection(inner: Arc<Inner>, mut connection: TcpStream, from: IpAddr) -> Option<()> {
    loop {
        let length = tokio::time::timeout(QUIET, connection.read_u16()).await.ok()?.ok()?;
        let mut question = vec![0; usize::from(length)];
        tokio::time::timeout(QUIET, connection.read_exact(&mut question)).await.ok()?.ok()?;
        let answer = inner.answer(&question, from, false)?;
        let mut framed = u16::try_from(answer.len()).ok()?.to_be_bytes().to_vec();
        framed.extend(answer);
        connection.write_all(&framed).await.ok()?;
    }
}

impl Inner {
    /// The answer to what came in; `None` for what is no question.
    fn answer(&self, octets: &[u8], client: IpAddr, over_udp: bool) -> Option<Vec<u8>> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        if self.silent.load(Ordering::Relaxed) {
            return None;
        }
        let question = Message::from_vec(octets).ok()?;
        if question.metadata.message_type != MessageType::Query {
            return None;
        }
        let mut answer = self.respond(&question, client, over_udp);
        if let Some(asked) = &question.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(MAX_UDP).set_dnssec_ok(asked.flags().dnssec_ok);
            answer.set_edns(edns);
        }
        let octets = answer.to_vec().ok()?;
        let payload = question.edns.as_ref().map_or(512, Edns::max_payload).clamp(512, MAX_UDP);
        let limit = if over_udp { payload } else { u16::MAX };
        if octets.len() > usize::from(limit) { answer.truncate().to_vec().ok() } else { Some(octets) }
    }

    fn respond(&self, question: &Message, client: IpAddr, over_udp: bool) -> Message {
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.metadata.recursion_desired = question.metadata.recursion_desired;
        answer.add_queries(question.queries.iter().cloned());
        let [query] = question.queries.as_slice() else {
            answer.metadata.response_code = ResponseCode::FormErr;
            return answer;
        };
        let kind = u16::from(query.query_type());
        let name = wire::from_wire(query.name());
        let reply = match name {
            _ if question.metadata.op_code != OpCode::Query => Reply::new(ResponseCode::NotImp),
            // Transfers (251, 252) and other classes.
            _ if query.query_class() != DNSClass::IN || matches!(kind, 251 | 252) => {
                Reply::new(ResponseCode::Refused)
            }
            None => Reply::new(ResponseCode::FormErr),
            Some(_) if kind == ANY && over_udp => {
                answer.metadata.truncation = true;
                Reply::new(ResponseCode::NoError)
            }
            Some(name) => {
                let asked = Asked { client, version: self.settings.version, health: &self.checks };
                let dnssec = question.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
                Resolve { view: &*self.view, asked, kind, signed: dnssec.then(|| self.now()) }.answer(name)
            }
        };
        answer.metadata.response_code = reply.code;
        answer.metadata.authoritative = reply.authoritative;
        answer.add_answers(reply.answers).add_authorities(reply.authority).add_additionals(reply.additional);
        answer
    }

    fn now(&self) -> u32 {
        let since = self.settings.clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
    }
}
