//! What a read of a secret costs through the SDK, beside bare `reqwest` and serde on the same server: wall time, and
//! allocations of the client.
//!
//! `cargo bench -p catalyst-openbao`. With `BAO_ADDR` and `BAO_TOKEN` (and `BAO_CACERT`) in the environment, the
//! server is that one, and the secret is `catalyst-bench` in its mount `secret`, which is removed afterwards;
//! otherwise it is a process that gives recorded answers.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures, and reads the clock and the environment"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, fs};

use allocation_counter::measure;
use catalyst_core::tls::TlsConfig;
use catalyst_openbao::{Kv2, Login, OpenBao, Secret, SecretPath, SecretStore, WriteMode};
use tokio::runtime::Runtime;

#[path = "../../benches/beside.rs"]
mod beside;
mod canned;

use beside::{Beside, header, line};
use canned::Canned;

/// Each of one read by either side: on which core the server runs changes more than all else, and seldom between two
/// reads in a row.
const ROUNDS: usize = 20_000;
/// Reads whose allocations are counted.
const COUNTED: u32 = 100;
const VALUES: [(&str, &str); 3] =
    [("host", "db.internal:5432"), ("password", "nJ1-0vXk7Zs9qWmLr4Tu"), ("user", "orders")];

fn main() {
    if canned::serve_if_asked() {
        return;
    }
    if let (Ok(address), Ok(token)) = (env::var("BAO_ADDR"), env::var("BAO_TOKEN")) {
        let sides = Sides::new(&address, &token);
        let values = VALUES.into_iter().collect();
        sides.runtime.block_on(sides.kv.write(&sides.path, &values, WriteMode::Overwrite)).unwrap();
        sides.compare(&format!("A read of a secret from {address}"));
        sides.runtime.block_on(sides.kv.delete_metadata(&sides.path)).unwrap();
    } else {
        let server = Canned::start();
        Sides::new(&server.address, "root").compare("A read of a secret from recorded answers");
    }
}

/// The two that are compared.
struct Sides {
    runtime: Runtime,
    kv: Kv2,
    path: SecretPath,
    bare: Bare,
}

impl Sides {
    fn new(address: &str, token: &str) -> Self {
        // One thread, so that what the connections' tasks allocate is counted.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut tls = TlsConfig::new();
        if let Ok(file) = env::var("BAO_CACERT") {
            tls = tls.ca_pem(&fs::read(file).unwrap()).unwrap();
        }
        let path: SecretPath = "catalyst-bench".parse().unwrap();
        let bare = Bare::new(address, token, &path, &tls);
        let bao = OpenBao::builder(address).unwrap().login(Login::token(Secret::new(token))).tls(tls);
        let kv = bao.build().unwrap().kv("secret".parse().unwrap());
        Self { runtime, kv, path, bare }
    }

    fn compare(&self, title: &str) {
        header(title);
        // Both log in and connect here.
        self.assert_same();
        Beside::measure(ROUNDS, || timed(|| self.with_sdk()), || timed(|| self.with_bare()))
            .print("SDK / reqwest and serde, wall time", Some(1.05));
        self.count();
    }

    fn with_sdk(&self) {
        drop(black_box(self.runtime.block_on(self.kv.read(&self.path, None)).unwrap()));
    }

    fn with_bare(&self) {
        drop(black_box(self.runtime.block_on(self.bare.read())));
    }

    fn assert_same(&self) {
        let read = self.runtime.block_on(self.kv.read(&self.path, None)).unwrap();
        let values = read.data.iter().map(|(name, value)| (name.to_owned(), value.expose().to_owned()));
        let bare = self.runtime.block_on(self.bare.read());
        assert_eq!(values.collect::<BTreeMap<_, _>>(), bare.data);
        let (ours, bare) = (read.metadata, bare.metadata);
        assert_eq!((ours.version, ours.destroyed), (bare.version, bare.destroyed));
        assert_eq!(ours.custom, bare.custom.unwrap_or_default());
        assert!(!bare.created_time.is_empty() && ours.deleted_at.is_none() == bare.deletion_time.is_empty());
    }

    fn count(&self) {
        let (ours, bare) = (counted(|| self.with_sdk()), counted(|| self.with_bare()));
        let print = |what, ours: f64, bare: f64, target| {
            let texts = [ours, bare].map(|count| format!("{count:.1}"));
            println!("{}", line(what, texts.each_ref().map(String::as_str), ours / bare, target));
        };
        print("SDK / reqwest and serde, allocations", ours.0, bare.0, Some(1.5));
        print("SDK / reqwest and serde, bytes allocated", ours.1, bare.1, None);
    }
}

/// Nanoseconds of one read.
fn timed(read: impl Fn()) -> f64 {
    let start = Instant::now();
    read();
    start.elapsed().as_nanos() as f64
}

/// Allocations of one read, and their bytes.
fn counted(read: impl Fn()) -> (f64, f64) {
    let counted = measure(|| (0..COUNTED).for_each(|_| read()));
    (counted.count_total as f64 / f64::from(COUNTED), counted.bytes_total as f64 / f64::from(COUNTED))
}

/// The same read, as one writes it with nothing but `reqwest` and serde: the same headers to the server, the same
/// limit on the time, the same fields of the answer.
struct Bare {
    client: reqwest::Client,
    url: String,
    token: String,
}

#[derive(serde::Deserialize)]
struct Answer {
    data: Read,
}

#[derive(serde::Deserialize)]
struct Read {
    data: BTreeMap<String, String>,
    metadata: Metadata,
}

#[derive(serde::Deserialize)]
struct Metadata {
    version: u64,
    created_time: String,
    deletion_time: String,
    destroyed: bool,
    #[serde(rename = "custom_metadata")]
    custom: Option<BTreeMap<String, String>>,
}

impl Bare {
    fn new(address: &str, token: &str, path: &SecretPath, tls: &TlsConfig) -> Self {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls.to_rustls().unwrap()).clone())
            .no_proxy()
            .user_agent("bare reqwest/0.13")
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let url = format!("{}/v1/secret/data/{path}", address.trim_end_matches('/'));
        Self { client, url, token: token.to_owned() }
    }

    async fn read(&self) -> Read {
        let request =
            self.client.get(&self.url).header("x-vault-request", "true").header("x-vault-token", &self.token);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice::<Answer>(&answer.bytes().await.unwrap()).unwrap().data
    }
}
