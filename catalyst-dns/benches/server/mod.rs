//! The server that is measured against: the one of `PDNS_API_URL`, `PDNS_API_KEY` and `PDNS_DNS_ADDRESS`, as
//! `cargo xtask servers up` prints them, or else the fake in this process.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use catalyst_dns::testing::FakePowerDns;
use catalyst_dns::{DryRequest, PowerDns, Secret};
use tokio::runtime::Runtime;

pub(crate) mod relay;

use relay::Relay;

/// The server, and a runtime of one thread for its clients.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    /// For the titles of tables.
    pub(crate) name: &'static str,
    /// Where its API listens.
    pub(crate) api: SocketAddr,
    /// Where it answers questions, if that is known.
    pub(crate) dns: Option<SocketAddr>,
    key: Secret,
    _fake: Option<FakePowerDns>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        if let (Ok(url), Ok(key)) = (env::var("PDNS_API_URL"), env::var("PDNS_API_KEY")) {
            let api = socket(&url);
            let dns = env::var("PDNS_DNS_ADDRESS").ok().map(|address| address.parse().unwrap());
            return Self { runtime, name: "PowerDNS", api, dns, key: Secret::new(key), _fake: None };
        }
        let fake = runtime.block_on(FakePowerDns::start());
        let dns = runtime.block_on(fake.dns_address()).unwrap();
        let (api, key) = (socket(&fake.address()), fake.api_key());
        Self { runtime, name: "the fake", api, dns: Some(dns), key, _fake: Some(fake) }
    }

    /// A client of the API.
    pub(crate) fn client(&self) -> PowerDns {
        self.client_at(self.api)
    }

    /// A client of the API that goes through `relay`.
    pub(crate) fn client_through(&self, relay: &Relay) -> PowerDns {
        self.client_at(relay.address)
    }

    fn client_at(&self, address: SocketAddr) -> PowerDns {
        PowerDns::builder(&format!("http://{address}")).unwrap().api_key(self.key.clone()).build().unwrap()
    }

    /// The bare counterpart of a read: the request on a new connection, and the bytes of the answer thrown away.
    pub(crate) fn get(&self, path: &str) {
        self.send("GET", path, b"", "200");
    }

    /// The bare counterpart of a write: the body, written before, on a new connection.
    pub(crate) fn patch(&self, request: &DryRequest) {
        self.send(request.method, &request.path, request.body.as_bytes(), "204");
    }

    fn send(&self, method: &str, path: &str, body: &[u8], status: &str) {
        let (host, key, length) = (self.api, self.key.expose(), body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-api-key: {key}\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(self.api).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::with_capacity(64 << 10);
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.get(9..12), Some(status.as_bytes()), "{}", String::from_utf8_lossy(&answer));
    }
}

fn socket(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap()
}
