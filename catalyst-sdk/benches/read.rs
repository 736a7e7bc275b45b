//! What reading a rotating value costs, beside the bare `ArcSwap` below it, on one thread and on two.
//!
//! `cargo bench -p catalyst-sdk`
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

use arc_swap::ArcSwap;
use catalyst_sdk::rotation::{self, Policy, Rotating};

#[path = "../../benches/beside.rs"]
mod beside;
mod fixed;

use beside::{Beside, header};
use fixed::Fixed;

const ROUNDS: usize = 300;
const READS: u32 = 200_000;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let rotating = runtime.block_on(rotation::start(Fixed, Policy::default())).unwrap();
    header("A read of the current value");
    values(&rotating, &ArcSwap::from_pointee("hunter2".to_owned()));
    runtime.block_on(rotating.shutdown(Duration::from_secs(1))).unwrap();
}

fn values(rotating: &Rotating<String>, bare: &ArcSwap<String>) {
    let current = || assert!(!black_box(&rotating.current()).is_empty());
    let load = || assert!(!black_box(&bare.load()).is_empty());
    let checkout = || assert!(!black_box(&rotating.checkout()).is_empty());
    let load_full = || assert!(!black_box(&bare.load_full()).is_empty());
    for threads in [1, 2] {
        Beside::measure(ROUNDS, || per_read(threads, current), || per_read(threads, load))
            .print(&format!("current() / ArcSwap::load, threads: {threads}"), Some(1.2));
    }
    Beside::measure(ROUNDS, || per_read(2, current), || per_read(1, current))
        .print("current(), 2 threads / 1 thread", Some(1.0));
    for threads in [1, 2] {
        Beside::measure(ROUNDS, || per_read(threads, checkout), || per_read(threads, load_full))
            .print(&format!("checkout() / ArcSwap::load_full, threads: {threads}"), Some(2.0));
    }
}

/// Nanoseconds of one read, when so many threads read at once.
fn per_read(threads: u32, read: impl Fn() + Sync) -> f64 {
    let together = Barrier::new(threads as usize);
    let total: Duration = thread::scope(|scope| {
        let reader = || {
            // A thread's first read sets up what the later ones use.
            read();
            together.wait();
            let start = Instant::now();
            for _ in 0..READS {
                read();
            }
            start.elapsed()
        };
        let readers: Vec<_> = (0..threads).map(|_| scope.spawn(reader)).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    total.as_nanos() as f64 / f64::from(threads * READS)
}
