//! What the tests have in common: zones of their own, clients, and what stands between a client and the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, parse_address};
use catalyst_dns::query::{NameServer, NameServerClient, Question};
use catalyst_dns::{
    Change, ChangeSet, DnsClient, DnsZones, DomainName, Error, PowerDns, PowerDnsBuilder, RecordData,
    RecordSet, RecordType, Ttl, ZoneName, ZoneSpec,
};
use catalyst_tests::servers::PowerDnsServer;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A zone that no other test has, on the server that all of them share.
pub(super) struct Stage {
    pub(super) server: &'static PowerDnsServer,
    pub(super) client: Arc<PowerDns>,
    pub(super) zone: ZoneName,
}

impl Stage {
    pub(super) async fn open(word: &str) -> Self {
        let server = PowerDnsServer::shared().await.unwrap();
        let client = Arc::new(builder(server).build().unwrap());
        let zone = make_zone(&client, word).await;
        Self { server, client, zone }
    }

    pub(super) fn at(&self, relative: &str) -> DomainName {
        self.zone.child(relative).unwrap()
    }

    pub(super) async fn write(&self, sets: impl IntoIterator<Item = RecordSet>) {
        let changes = ChangeSet::new(sets.into_iter().map(Change::Replace)).unwrap();
        self.client.apply(&self.zone, &changes).await.unwrap();
    }

    /// What the name server answers, sorted.
    pub(super) async fn ask(&self, name: &DomainName, kind: RecordType) -> Vec<String> {
        ask(self.server.dns_address(), name, kind).await
    }

    /// The server that answers for every zone here.
    pub(super) fn name_servers(&self) -> Vec<NameServer> {
        name_servers(self.server.dns_address())
    }
}

pub(super) fn builder(server: &PowerDnsServer) -> PowerDnsBuilder {
    PowerDns::builder(&server.address()).unwrap().api_key(server.api_key())
}

pub(super) fn name_servers(address: SocketAddr) -> Vec<NameServer> {
    vec![NameServer::new("ns1.test".parse().unwrap(), [address])]
}

/// A new zone whose name begins with `word`.
pub(super) async fn make_zone(client: &PowerDns, word: &str) -> ZoneName {
    let zone: ZoneName = format!("{word}-{:08x}.test", fastrand::u32(..)).parse().unwrap();
    client.create_zone(&ZoneSpec::new(zone.clone(), [zone.child("ns1").unwrap()])).await.unwrap();
    zone
}

pub(super) fn set(name: &DomainName, kind: RecordType, contents: &[&str]) -> RecordSet {
    let records = contents.iter().map(|content| RecordData::parse(kind, content).unwrap());
    RecordSet::new(name.clone(), Ttl::MINUTE, records).unwrap()
}

pub(super) async fn ask(server: SocketAddr, name: &DomainName, kind: RecordType) -> Vec<String> {
    let answer = NameServerClient::new().ask(server, &Question::new(name.clone(), kind)).await.unwrap();
    let mut found: Vec<String> = answer.data(kind).map(ToString::to_string).collect();
    found.sort();
    found
}

pub(super) fn code(error: &Error) -> &str {
    error.code().unwrap_or_default()
}

/// Calls the API without the crate.
pub(super) async fn call(
    server: &PowerDnsServer,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let http = HttpClient::new(HttpConfig::new("powerdns").fresh_connections()).unwrap();
    let url = parse_address(&format!("{}/api/v1/servers/localhost{path}", server.address())).unwrap();
    let mut request = Request::new(method, url, "call PowerDNS")
        .secret_header("x-api-key", &server.api_key())
        .unwrap()
        .fixed_header("accept", "application/json");
    if let Some(body) = body {
        request = request.json(body).unwrap();
    }
    let answer = http.send(request).await.unwrap();
    (answer.status(), answer.json().unwrap_or_default())
}

/// Stands between a client and the API, and counts.
pub(super) struct Tap {
    address: SocketAddr,
    counted: Arc<Counted>,
    task: JoinHandle<()>,
}

/// Requests, and bytes of their answers without headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed {
    pub(super) requests: u64,
    pub(super) bodies: u64,
}

#[derive(Debug, Default)]
struct Counted {
    requests: AtomicU64,
    received: AtomicU64,
    headers: AtomicU64,
}

impl Tap {
    pub(super) async fn on(server: &PowerDnsServer) -> Self {
        let target = server.address().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, counted) = (listener.local_addr().unwrap(), Arc::new(Counted::default()));
        let count = Arc::clone(&counted);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass(client, target.clone(), Arc::clone(&count)));
            }
        });
        Self { address, counted, task }
    }

    pub(super) fn builder(&self, server: &PowerDnsServer) -> PowerDnsBuilder {
        PowerDns::builder(&format!("http://{}", self.address)).unwrap().api_key(server.api_key())
    }

    /// What passed since the last call.
    pub(super) fn take(&self) -> Passed {
        let Counted { requests, received, headers } = &*self.counted;
        let [requests, received, headers] =
            [requests, received, headers].map(|counter| counter.swap(0, Ordering::SeqCst));
        Passed { requests, bodies: received - headers }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(client: TcpStream, target: String, counted: Arc<Counted>) {
    const MARK: &[u8] = b" HTTP/1.1\r\n";
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let (mut chunk, mut seen) = (vec![0; 64 << 10], Vec::new());
        while let Ok(length @ 1..) = from_client.read(&mut chunk).await {
            seen.extend_from_slice(&chunk[..length]);
            let found = seen.windows(MARK.len()).filter(|window| *window == MARK).count();
            counted.requests.fetch_add(found as u64, Ordering::SeqCst);
            // What may be the beginning of a mark stays.
            seen.drain(..seen.len().saturating_sub(MARK.len() - 1));
            if to_server.write_all(&chunk[..length]).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        let (mut chunk, mut head, mut in_head) = (vec![0; 64 << 10], Vec::new(), true);
        while let Ok(length @ 1..) = from_server.read(&mut chunk).await {
            counted.received.fetch_add(length as u64, Ordering::SeqCst);
            if in_head {
                head.extend_from_slice(&chunk[..length]);
                // PowerDNS closes the connection after each answer, so there is one head.
                if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                    counted.headers.fetch_add(end as u64 + 4, Ordering::SeqCst);
                    in_head = false;
                }
            }
            if to_client.write_all(&chunk[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { () = up => {}, () = down => {} }
}
