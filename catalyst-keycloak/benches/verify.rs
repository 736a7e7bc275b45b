//! What the verification of an access token costs, beside the bare signature check of `aws-lc-rs` with a parsed key;
//! how it scales; and what tokens with invented keys do to the good ones.
//!
//! `cargo bench -p catalyst-keycloak --bench verify`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark: it stops on failure, prints its figures and reads the machine's clock"
)]

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalyst_keycloak::jose::{Algorithm, KeySet, SigningKey};
use catalyst_keycloak::token::TokenVerifier;
use futures_util::FutureExt as _;

#[path = "../../benches/beside.rs"]
mod beside;
mod issuer;

use beside::{Beside, header, line, time};
use issuer::{Bare, Issuer, block_on};

const ALGORITHMS: [Algorithm; 4] = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];
/// Few of them in a round, and many rounds: what disturbs one round disturbs both sides.
const ROUNDS: usize = 2_000;
const VERIFICATIONS: u32 = 10;
const INVENTED: usize = 10_000;
/// Good tokens whose slowest hundredth is compared.
const BLOCK: usize = 1_000;

fn main() {
    header("Verification of an access token");
    for algorithm in ALGORITHMS {
        let issuer = Issuer::new(algorithm);
        let (verifier, token) = (issuer.warm(), issuer.token());
        let bare = Bare::new(&issuer.key, &token);
        Beside::measure(
            ROUNDS,
            || per_call(VERIFICATIONS, || verify(&verifier, &token)),
            || per_call(VERIFICATIONS, || bare.verify()),
        )
        .print(&format!("{algorithm} / bare aws-lc-rs, parsed key"), Some(1.1));
    }
    let issuer = Issuer::new(Algorithm::Rs256);
    scaling(&issuer);
    println!();
    small(&issuer);
    flood(&issuer);
    cold(&issuer);
}

/// One verification, which is done at the first poll, for the key is there.
fn verify(verifier: &TokenVerifier, token: &str) {
    let result = verifier.verify_access(black_box(token)).now_or_never();
    black_box(result.unwrap().unwrap());
}

/// Twice the threads, and as many verifications each: how much longer it takes.
fn scaling(issuer: &std::sync::Arc<Issuer>) {
    let (verifier, token) = (issuer.warm(), issuer.token());
    let bare = Bare::new(&issuer.key, &token);
    let ours = |threads| on_threads(threads, || verify(&verifier, &token));
    let alone = |threads| on_threads(threads, || bare.verify());
    Beside::measure(200, || ours(2), || ours(1)).print("RS256, 2 threads / 1 thread", Some(1.0 / 0.9));
    Beside::measure(200, || alone(2), || alone(1)).print("bare aws-lc-rs, 2 threads / 1 thread", None);
    Beside::measure(200, || ours(2), || alone(2)).print("RS256 / bare aws-lc-rs, 2 threads each", Some(1.1));
}

/// What has no counterpart: a remembered token, and the search for a key.
fn small(issuer: &std::sync::Arc<Issuer>) {
    let verifier = issuer.builder().remember(1_000).build().unwrap();
    let token = issuer.token();
    block_on(verifier.verify_access(&token)).unwrap();
    let remembered = median(200, || per_call(1_000, || verify(&verifier, &token)));
    println!("{:<52} {:>10}   below 1 µs", "a token that is remembered", time(remembered));

    let keys: Vec<_> = (0..4).map(|_| SigningKey::generate(Algorithm::EdDsa).unwrap()).collect();
    let jwks: Vec<_> = keys.iter().map(SigningKey::public_jwk).collect();
    let set = KeySet::parse(&serde_json::to_vec(&serde_json::json!({ "keys": jwks })).unwrap()).unwrap();
    let find = || assert!(black_box(set.find(black_box(keys[3].kid()), Algorithm::EdDsa)).is_some());
    println!("{:<52} {:>10}", "the search for one of four keys", time(median(200, || per_call(1_000, find))));
}

/// Good tokens, each after an invented one, beside good tokens alone; in turns.
fn flood(issuer: &std::sync::Arc<Issuer>) {
    let (verifier, token) = (issuer.warm(), issuer.token());
    let (runtime, before, start) = (runtime(), issuer.fetches(), Instant::now());
    let mut invented = invented();
    let mut sent = 0;
    let mut block = |flooded: bool| {
        let mut samples: Vec<_> = (0..BLOCK)
            .map(|_| {
                if flooded {
                    sent += 1;
                    let bad = invented.next().unwrap();
                    assert!(runtime.block_on(verifier.verify_access(&bad)).is_err());
                } else {
                    verify(&verifier, &token);
                }
                per_call(1, || verify(&verifier, &token))
            })
            .collect();
        samples.sort_unstable_by(f64::total_cmp);
        samples[BLOCK * 99 / 100]
    };
    let mut pairs = Vec::new();
    for round in 0..INVENTED / BLOCK {
        // Each goes first as often as the other.
        let first = (round % 2 == 0).then(|| block(true));
        let quiet = block(false);
        pairs.push((first.unwrap_or_else(|| block(true)), quiet));
    }
    let windows = start.elapsed().as_secs().div_ceil(10).max(1);
    let middle = |pick: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<_> = pairs.iter().map(pick).collect();
        values.sort_unstable_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let texts = [time(middle(|pair| pair.0)), time(middle(|pair| pair.1))];
    let ratio = middle(|pair| pair.0 / pair.1);
    println!(
        "{}",
        line("p99 of good tokens, flood / none", texts.each_ref().map(String::as_str), ratio, Some(1.05))
    );
    let fetches = issuer.fetches() - before;
    println!("{sent} invented keys: {fetches} fetches in {windows} windows of 10 s");
}

/// A thousand at once with no key there.
fn cold(issuer: &std::sync::Arc<Issuer>) {
    let (verifier, token, before) = (issuer.builder().build().unwrap(), issuer.token(), issuer.fetches());
    runtime().block_on(async {
        let tasks: Vec<_> = (0..1_000)
            .map(|_| {
                let (verifier, token) = (verifier.clone(), token.clone());
                tokio::spawn(async move { verifier.verify_access(&token).await.is_ok() })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap());
        }
    });
    println!("1000 cold verifications: {} fetch", issuer.fetches() - before);
}

/// Tokens that nobody signed, of keys that nobody has.
fn invented() -> impl Iterator<Item = String> {
    (0_u64..).map(|index| {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"invented-{index:032}"}}"#);
        format!("{}.e30.{}", URL_SAFE_NO_PAD.encode(header), "A".repeat(342))
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Nanoseconds of one call.
fn per_call(calls: u32, call: impl Fn()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(rounds: usize, mut measure: impl FnMut() -> f64) -> f64 {
    let mut samples: Vec<_> = (0..rounds).map(|_| measure()).collect();
    samples.sort_unstable_by(f64::total_cmp);
    samples[rounds / 2]
}

/// Nanoseconds of one call when so many threads call at once.
fn on_threads(threads: u32, call: impl Fn() + Sync) -> f64 {
    const CALLS: u32 = 100;
    let together = Barrier::new(threads as usize);
    let total: Duration = thread::scope(|scope| {
        let caller = || {
            call();
            together.wait();
            let start = Instant::now();
            (0..CALLS).for_each(|_| call());
            start.elapsed()
        };
        let callers: Vec<_> = (0..threads).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    total.as_nanos() as f64 / f64::from(threads * CALLS)
}
