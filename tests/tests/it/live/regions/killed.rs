//! The replicator as a process, killed at random moments.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use catalyst_openbao::testing::{change_at_random, image};
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::stage::{NAMES, Stage};
use crate::live::program::example;

const KILLS: usize = 100;
/// However slow the machine is, the kills end.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_replicator_killed_at_random_moments_ends_in_the_same_state() {
    let stage = Stage::start().await;
    let (program, tokens) = (example("replicate-openbao"), tempfile::tempdir().unwrap());
    for (region, server) in NAMES.into_iter().zip(&stage.servers) {
        fs::write(tokens.path().join(region), server.root_token().expose()).unwrap();
    }
    let command = || {
        let mut command = Command::new(&program);
        let region = |index: usize| format!("{}={}", NAMES[index], stage.servers[index].address());
        command.args(["--source", &region(0), "--target", &region(1), "--target", &region(2)]);
        command.args(["--claim", "--policies", "--concurrency", "4", "--tokens"]).arg(tokens.path());
        command.stdout(Stdio::piped()).kill_on_drop(true);
        command
    };
    // To repeat a failure, give it the seed that was printed.
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let (source, mut random) = (stage.kv(0), fastrand::Rng::with_seed(seed));
    let (begun, mut killed) = (Instant::now(), 0);
    while killed < KILLS && begun.elapsed() < LIMIT {
        let mut replicator = command().spawn().unwrap();
        let life = Duration::from_millis(random.u64(5..350));
        let writer = async {
            loop {
                // What a missing version or a demanded check refuses is no change.
                drop(change_at_random(&source, 60, &mut random).await);
                sleep(Duration::from_millis(4)).await;
            }
        };
        let ended: Result<(), _> = timeout(life, writer).await;
        assert!(ended.is_err());
        assert!(replicator.try_wait().unwrap().is_none(), "it runs until it is killed");
        // SIGKILL.
        replicator.kill().await.unwrap();
        killed += 1;
    }
    println!("killed {killed} times in {:?}", begun.elapsed());
    assert!(killed >= 20, "only {killed}");
    sleep(Duration::from_millis(1100)).await;
    let last = command().arg("--once").output().await.unwrap();
    let said = String::from_utf8_lossy(&last.stdout).into_owned();
    assert!(last.status.success(), "{said}");
    assert!(!said.contains(stage.servers[0].root_token().expose()), "{said}");
    let here = image(&source).await.unwrap();
    for index in [1, 2] {
        assert_eq!(image(&stage.kv(index)).await.unwrap(), here, "{said}");
    }
}
