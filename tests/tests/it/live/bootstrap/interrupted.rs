//! Broken off at random moments, on the real server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::Result;
use catalyst_openbao::bootstrap::StorageReset;
use catalyst_tests::servers::OpenBaoServer;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::stage::{Seal, Stage, builder, with_token};

/// Empties the storage of the server under test.
#[derive(Debug)]
struct Wipe(Arc<Mutex<OpenBaoServer>>);

#[async_trait]
impl StorageReset for Wipe {
    async fn start_over(&self) -> Result<()> {
        let (server, runtime) = (Arc::clone(&self.0), tokio::runtime::Handle::current());
        // The harness' futures stay on their thread.
        let wipe = move || runtime.block_on(async { server.lock().await.wipe().await });
        tokio::task::spawn_blocking(wipe).await.unwrap()
    }
}

async fn broken_off_at_random(seal: Seal, rounds: u32, seed: u64) {
    let stage = Stage::start(seal).await;
    let started = OpenBaoServer::start_uninitialized(&stage.fresh().root_generation()).await.unwrap();
    let server = Arc::new(Mutex::new(started));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut whole = Duration::from_secs(4);
    for round in 0..rounds {
        if round > 0 {
            server.lock().await.wipe().await.unwrap();
            stage.new_seed();
        }
        let bootstrap = {
            let server_now = server.lock().await;
            let bootstrap = stage.bootstrap(&server_now, stage.file_seed());
            bootstrap.storage_reset(Arc::new(Wipe(Arc::clone(&server))))
        };
        let pauses: Vec<_> = (0..2).map(|_| whole.mul_f64(random.f64())).collect();
        for pause in &pauses {
            drop(timeout(*pause, bootstrap.run()).await);
        }
        let start = tokio::time::Instant::now();
        let finished = bootstrap.run().await;
        finished.unwrap_or_else(|error| panic!("{seal:?}, broken off after {pauses:?}: {error:?}"));
        whole = whole.min(start.elapsed() + Duration::from_secs(1));
        let server = server.lock().await;
        let root = builder(&server).build().unwrap().operator().generate_root(&stage.shares()).await.unwrap();
        let api = server.api_with(&root).unwrap();
        let accessors = api.list("auth/token/accessors").await.unwrap();
        assert_eq!(accessors.len(), 1, "{seal:?}, broken off after {pauses:?}");
        let plan = stage.declared(&server).plan(&with_token(&server, &root)).await.unwrap();
        assert!(plan.is_empty(), "{seal:?}, broken off after {pauses:?}: {plan}");
        assert!(!stage.path("seed").exists() && !stage.path("seed.journal").exists());
    }
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn broken_off_at_random_moments_it_comes_to_the_same_end_with_a_shamir_seal() {
    // To repeat a failure, give it the seed that was printed.
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    broken_off_at_random(Seal::Shamir, 6, seed).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn broken_off_at_random_moments_it_comes_to_the_same_end_with_a_seal_that_opens_itself() {
    // To repeat a failure, give it the seed that was printed.
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    broken_off_at_random(Seal::Static, 6, seed).await;
}
