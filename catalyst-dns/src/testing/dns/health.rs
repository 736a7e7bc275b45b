//! Health checks of LUA records: begun by the first question, repeated until nobody asks.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;
use url::Url;

use super::DnsSettings;
use crate::Version;

/// The most checks; one that is new beyond it is never done.
const MAX_CHECKS: usize = 10_000;
/// The longest answer that a check reads.
const MAX_ANSWER: u64 = 64 << 10;
/// How long the loop sleeps at most when there is nothing to check.
const IDLE: Duration = Duration::from_secs(3600);

/// What a check is known by: the same address, target and options are one check, however many records have them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Check {
    pub(super) address: IpAddr,
    pub(super) probe: Probe,
    /// In one order.
    pub(super) options: Vec<(String, String)>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Probe {
    /// A GET of the URL, sent to the address.
    Url(String),
    /// A GET of the URL, wherever it leads.
    ExternalUrl(String),
    /// A connection to the port of the address.
    Port(u16),
}

/// What is known of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No check has ended yet.
    Unknown,
    Down,
    /// With the number that is the body of the answer, or 1.
    Up(u32),
}

/// Tells what is up, and remembers that somebody wants to know.
pub(super) trait Health {
    fn state(&self, check: Check) -> State;
}

/// The checks of one server.
#[derive(Clone)]
pub(super) struct Checks(Arc<Inner>);

struct Inner {
    settings: DnsSettings,
    table: Mutex<Table>,
    changed: Notify,
}

#[derive(Default)]
struct Table {
    checks: HashMap<Check, Known>,
    overrides: HashMap<IpAddr, bool>,
}

struct Known {
    state: State,
    failures: u32,
    due: Instant,
    wanted: Instant,
}

impl Health for Checks {
    fn state(&self, check: Check) -> State {
        let now = Instant::now();
        let mut table = self.table();
        let full = table.checks.len() >= MAX_CHECKS;
        if let Some(known) = table.checks.get_mut(&check) {
            known.wanted = now;
            return known.state;
        }
        if !full {
            table.checks.insert(check, Known { state: State::Unknown, failures: 0, due: now, wanted: now });
            self.0.changed.notify_one();
        }
        State::Unknown
    }
}

impl Checks {
    pub(super) fn new(settings: DnsSettings) -> Self {
        Self(Arc::new(Inner { settings, table: Mutex::default(), changed: Notify::new() }))
    }

    /// From the next check on, `address` is what it is said to be; `None` asks the address itself again.
    pub(super) fn pretend(&self, address: IpAddr, up: Option<bool>) {
        let mut table = self.table();
        match up {
            Some(up) => table.overrides.insert(address, up),
            None => table.overrides.remove(&address),
        };
    }

    /// Checks what is due, for ever.
    pub(super) async fn run(self) {
        loop {
            let (due, next) = self.due();
            let checks = due.into_iter().map(|check| self.check(check));
            futures_util::future::join_all(checks).await;
            // Either is a reason to look again.
            drop(tokio::time::timeout_at(next, self.0.changed.notified()).await);
        }
    }

    /// What is due, and when to look again. What is due is planned anew from now: a check that hangs delays its next
    /// one, and those that are due with it, as in the real server.
    fn due(&self) -> (Vec<Check>, Instant) {
        let now = Instant::now();
        let mut table = self.table();
        table.checks.retain(|_, known| now.duration_since(known.wanted) < self.0.settings.expire_delay);
        let mut due = Vec::new();
        for (check, known) in &mut table.checks {
            if known.due <= now {
                known.due = now + self.interval(check);
                due.push(check.clone());
            }
        }
        let next = table.checks.values().map(|known| known.due).min().unwrap_or(now + IDLE);
        (due, next)
    }

    /// Before 5.0, a record's own interval is read and ignored.
    fn interval(&self, check: &Check) -> Duration {
        let server = self.0.settings.check_interval;
        let own = self.own(check, "interval").map(Duration::from_secs_f64);
        own.filter(|own| *own >= Duration::from_secs(1)).unwrap_or(server)
    }

    fn own(&self, check: &Check, option: &str) -> Option<f64> {
        let value: f64 = check.option(option)?.parse().ok()?;
        (self.0.settings.version >= Version(5, 0, 0) && (0.0..1e6).contains(&value)).then_some(value)
    }

    async fn check(&self, check: Check) {
        let pretended = self.table().overrides.get(&check.address).copied();
        let weight = if let Some(up) = pretended {
            up.then_some(1)
        } else {
            let timeout = check.option("timeout").and_then(|text| text.parse().ok()).unwrap_or(2_u64);
            let probe = check.probe(self.0.settings.version);
            tokio::time::timeout(Duration::from_secs(timeout.clamp(1, 60)), probe).await.ok().flatten()
        };
        let needed = self.own(&check, "minimumFailures").unwrap_or(1.0);
        if let Some(known) = self.table().checks.get_mut(&check) {
            known.failures = if weight.is_some() { 0 } else { known.failures.saturating_add(1) };
            match weight {
                Some(weight) => known.state = State::Up(weight),
                None if f64::from(known.failures) >= needed || known.state == State::Unknown => {
                    known.state = State::Down;
                }
                None => {}
            }
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Check {
    fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// The weight, if it is up.
    async fn probe(&self, version: Version) -> Option<u32> {
        match &self.probe {
            Probe::Port(port) => connect(self.address, *port).await.map(|_connection| 1),
            Probe::Url(url) => self.get(self.address, &url.parse().ok()?, version).await,
            Probe::ExternalUrl(url) => {
                let url: Url = url.parse().ok()?;
                let address = match url.host()? {
                    url::Host::Ipv4(address) => address.into(),
                    url::Host::Ipv6(address) => address.into(),
                    url::Host::Domain(name) => (name == "localhost").then_some([127, 0, 0, 1].into())?,
                };
                self.get(address, &url, version).await
            }
        }
    }

    async fn get(&self, address: IpAddr, url: &Url, version: Version) -> Option<u32> {
        let mut connection = connect(address, url.port_or_known_default()?).await?;
        if url.scheme() == "https" {
            // The real server does not verify certificates, so that whoever accepts the connection would do.
            return Some(1);
        }
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let agent = self.option("useragent").unwrap_or("PowerDNS Authoritative Server");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        connection.take(MAX_ANSWER).read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?;
        let wanted = self.option("httpcode").filter(|_| version >= Version(5, 0, 0)).unwrap_or("200");
        let matches = self.option("stringmatch").is_none_or(|text| body.contains(text));
        (status == wanted && matches).then(|| body.trim().parse().unwrap_or(1))
    }
}

/// Only to the loopback interface: whatever else a record names, a test does not reach out to it.
async fn connect(address: IpAddr, port: u16) -> Option<TcpStream> {
    if !address.is_loopback() {
        return None;
    }
    TcpStream::connect(SocketAddr::new(address, port)).await.ok()
}
