//! What a signature by transit costs through the SDK, beside bare `reqwest` and serde on the same server: wall time, and
//! allocations of the client; and what 1,000 encryptions cost in one batch, beside one by one.
//!
//! `cargo bench -p catalyst-openbao --bench transit`. With `BAO_ADDR` and `BAO_TOKEN` (and `BAO_CACERT`) in the
//! environment, the server is that one, and its engine is mounted at `transit`; the keys are `catalyst-bench-sign` and
//! `catalyst-bench-encrypt`, which are removed afterwards. Otherwise it is a process that gives recorded answers, and
//! there is no batch to measure.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures, and reads the clock and the environment"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, fs};

use allocation_counter::measure;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::tls::TlsConfig;
use catalyst_openbao::{
    Encryption, KeyName, KeySettings, KeyType, Login, Message, NewKey, OpenBao, Plaintext, Secret,
    SignatureScheme, Signing, Transit,
};
use tokio::runtime::Runtime;

#[path = "../../benches/beside.rs"]
mod beside;
mod canned;

use beside::{Beside, header, line};
use canned::Canned;

/// Each of one signature by either side: see `kv_read`.
const ROUNDS: usize = 10_000;
/// Signatures whose allocations are counted.
const COUNTED: u32 = 100;
/// How many items a batch has.
const ITEMS: usize = 1000;
/// Batches, of which the median counts.
const BATCHES: usize = 11;
/// As long as what is signed of a token.
const MESSAGE: &[u8] = &[7; 256];

fn main() {
    if canned::serve_if_asked() {
        return;
    }
    if let (Ok(address), Ok(token)) = (env::var("BAO_ADDR"), env::var("BAO_TOKEN")) {
        let sides = Sides::new(&address, &token);
        sides.set_up();
        sides.compare(&format!("A signature by {address}"));
        sides.batch();
        sides.clear_away();
    } else {
        let server = Canned::start();
        Sides::new(&server.address, "root").compare("A signature from recorded answers");
    }
}

/// The two that are compared.
struct Sides {
    runtime: Runtime,
    transit: Transit,
    sign: KeyName,
    encrypt: KeyName,
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
        let bare = Bare::new(address, token, &tls);
        let bao = OpenBao::builder(address).unwrap().login(Login::token(Secret::new(token))).tls(tls);
        let transit = bao.build().unwrap().transit("transit".parse().unwrap());
        let key = |name: &str| format!("catalyst-bench-{name}").parse().unwrap();
        Self { runtime, transit, sign: key("sign"), encrypt: key("encrypt"), bare }
    }

    fn set_up(&self) {
        let made = async {
            self.transit.create_key(&self.sign, &NewKey::new(KeyType::Ed25519)).await.unwrap();
            self.transit.create_key(&self.encrypt, &NewKey::default()).await.unwrap();
        };
        self.runtime.block_on(made);
    }

    fn clear_away(&self) {
        let settings = KeySettings::new().deletion_allowed(true);
        for key in [&self.sign, &self.encrypt] {
            self.runtime.block_on(self.transit.configure_key(key, &settings)).unwrap();
            self.runtime.block_on(self.transit.delete_key(key)).unwrap();
        }
    }

    fn compare(&self, title: &str) {
        header(title);
        // Both log in and connect here.
        assert_eq!(self.with_sdk(), self.with_bare());
        Beside::measure(
            ROUNDS,
            || timed(|| drop(black_box(self.with_sdk()))),
            || timed(|| drop(black_box(self.with_bare()))),
        )
        .print("SDK / reqwest and serde, wall time", Some(1.05));
        let ours = counted(|| drop(black_box(self.with_sdk())));
        let bare = counted(|| drop(black_box(self.with_bare())));
        let print = |what, ours: f64, bare: f64, target| {
            let texts = [ours, bare].map(|count| format!("{count:.1}"));
            println!("{}", line(what, texts.each_ref().map(String::as_str), ours / bare, target));
        };
        print("SDK / reqwest and serde, allocations", ours.0, bare.0, Some(1.5));
        print("SDK / reqwest and serde, bytes allocated", ours.1, bare.1, None);
    }

    fn with_sdk(&self) -> String {
        let signed = self.transit.sign(&self.sign, Message::new(MESSAGE), SignatureScheme::default());
        self.runtime.block_on(signed).unwrap().to_string()
    }

    fn with_bare(&self) -> String {
        self.runtime.block_on(self.bare.sign())
    }

    /// How many times faster a batch is than its items one by one, over one connection.
    fn batch(&self) {
        let texts: Vec<[u8; 64]> = (0..ITEMS).map(|number| [number.to_le_bytes()[0]; 64]).collect();
        let items: Vec<Plaintext<'_>> = texts.iter().map(|text| Plaintext::new(text)).collect();
        let together = || {
            let outcomes = self.runtime.block_on(self.transit.encrypt_all(&self.encrypt, &items)).unwrap();
            assert!(outcomes.iter().all(Result::is_ok));
        };
        let apart = || {
            for item in &items {
                black_box(self.runtime.block_on(self.transit.encrypt(&self.encrypt, *item)).unwrap());
            }
        };
        together();
        let median = |act: &dyn Fn()| {
            let mut times: Vec<f64> = (0..BATCHES).map(|_| timed(act)).collect();
            times.sort_by(f64::total_cmp);
            times[BATCHES / 2]
        };
        let (together, apart) = (median(&together), median(&apart));
        println!(
            "1,000 encryptions: {:.1} ms in a batch, {:.1} ms one by one: {:.1} times the rate (target: at least 20)",
            together / 1e6,
            apart / 1e6,
            apart / together
        );
    }
}

/// Nanoseconds of one call.
fn timed(call: impl Fn()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_nanos() as f64
}

/// Allocations of one call, and their bytes.
fn counted(call: impl Fn()) -> (f64, f64) {
    let counted = measure(|| (0..COUNTED).for_each(|_| call()));
    (counted.count_total as f64 / f64::from(COUNTED), counted.bytes_total as f64 / f64::from(COUNTED))
}

/// The same signature, as one asks for it with nothing but `reqwest`, serde and base64: the same headers to the server,
/// the same limit on the time.
struct Bare {
    client: reqwest::Client,
    url: String,
    token: String,
}

#[derive(serde::Serialize)]
struct Body {
    input: String,
}

#[derive(serde::Deserialize)]
struct Answer {
    data: Signed,
}

#[derive(serde::Deserialize)]
struct Signed {
    signature: String,
}

impl Bare {
    fn new(address: &str, token: &str, tls: &TlsConfig) -> Self {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls.to_rustls().unwrap()).clone())
            .no_proxy()
            .user_agent("bare reqwest/0.13")
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let url = format!("{}/v1/transit/sign/catalyst-bench-sign", address.trim_end_matches('/'));
        Self { client, url, token: token.to_owned() }
    }

    async fn sign(&self) -> String {
        let body = serde_json::to_vec(&Body { input: STANDARD.encode(MESSAGE) }).unwrap();
        let request = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-vault-request", "true")
            .header("x-vault-token", &self.token)
            .body(body);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice::<Answer>(&answer.bytes().await.unwrap()).unwrap().data.signature
    }
}
