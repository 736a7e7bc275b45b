//! The program, killed at random moments of a real server's bring-up.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use catalyst_openbao::bootstrap::Declared;
use catalyst_tests::servers::OpenBaoServer;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::stage::{Seal, Stage, builder, with_token};
use crate::live::program::example;

/// In sum, over servers that are brought up side by side: they mostly wait for their own election.
const KILLS: usize = 100;
const SERVERS: usize = 4;
/// In one bring-up; each begins where the last one was killed.
const KILLS_EACH: usize = 5;
/// However slow the machine is, no bring-up begins later.
const LIMIT: Duration = Duration::from_secs(60);
/// About as long as a bring-up takes. Most kills come early in it, for a run goes on where the one before it ended.
const WHOLE: Duration = Duration::from_secs(2);

fn declaration(stage: &Stage) -> Value {
    let read = "path \"secret/data/*\" { capabilities = [\"read\"] }";
    json!({
        "audit": { "to-file": {} },
        "policies": { "external-secrets-read": read },
        "engines": { "secret": { "type": "kv" } },
        "logins": { "kubernetes": {
            "type": "kubernetes",
            "host": stage.kube.address(),
            "ca": stage.kube.ca_pem(),
            "reviewer_token": stage.kube.admin_token(),
            "roles": { "external-secrets": {
                "service_accounts": ["external-secrets"],
                "namespaces": ["external-secrets-system"],
                "policies": ["external-secrets-read"],
                "ttl": "1h",
            } },
        } },
    })
}

/// A server, and what brings it up.
struct Job<'a> {
    stage: &'a Stage,
    seal: Seal,
    server: OpenBaoServer,
    program: &'a Path,
}

impl Job<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command.args(["--json", "--patience", "30s", "--address", self.server.address()]);
        command.args(["--shares", "3", "--threshold", "2", "--seal"]);
        command.arg(if self.seal == Seal::Shamir { "shamir" } else { "automatic" });
        command.arg("--ca-file").arg(self.server.ca_file());
        for (argument, name) in
            [("--seed-file", "seed"), ("--declaration", "declared.yaml"), ("--custody-folder", "custody")]
        {
            command.arg(argument).arg(self.stage.path(name));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// SIGKILL after `pause`; whether it was still running.
    async fn kill_after(&self, pause: Duration) -> bool {
        let mut program = self.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(pause).await;
        let running = program.try_wait().unwrap().is_none();
        if running {
            program.kill().await.unwrap();
        }
        running
    }

    /// Runs it to its end, as an operator would who does what its error says.
    async fn finish(&mut self, pauses: &[Duration]) {
        for _ in 0..2 {
            let output = self.command().output().await.unwrap();
            let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            if said["code"] == "init_answer_lost" {
                let custody = std::fs::read_dir(self.stage.path("custody")).unwrap();
                assert_eq!(custody.count(), 0, "shares were handed over, and are said to be lost");
                self.server.wipe().await.unwrap();
                continue;
            }
            let log = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{:?}, killed after {pauses:?}: {said} {log}", self.seal);
            return;
        }
        panic!("{:?}, killed after {pauses:?}: the answer was lost of a run that was not killed", self.seal);
    }

    /// The server is as declared, nobody holds a root token, and nothing of the seed is left.
    async fn check(&self, pauses: &[Duration]) {
        let (seal, server, stage) = (self.seal, &self.server, self.stage);
        let operator = builder(server).build().unwrap().operator();
        let root = operator.generate_root(&stage.shares()).await.unwrap();
        let accessors = server.api_with(&root).unwrap().list("auth/token/accessors").await.unwrap();
        assert_eq!(accessors.len(), 1, "{seal:?}, killed after {pauses:?}");
        let declared: Declared = serde_json::from_value(declaration(stage)).unwrap();
        let plan = declared.plan(&with_token(server, &root)).await.unwrap();
        assert!(plan.is_empty(), "{seal:?}, killed after {pauses:?}: {plan}");
        assert!(!stage.path("seed").exists() && !stage.path("seed.journal").exists());
    }
}

/// One server after the other; how many kills found the program running.
async fn kill_again_and_again(program: &Path, seal: Seal, seed: u64) -> usize {
    let stage = Stage::start(seal).await;
    std::fs::write(stage.path("declared.yaml"), declaration(&stage).to_string()).unwrap();
    let server = OpenBaoServer::start_uninitialized(&stage.fresh().root_generation()).await.unwrap();
    let mut job = Job { stage: &stage, seal, server, program };
    let (mut random, begun, mut killed) = (fastrand::Rng::with_seed(seed), Instant::now(), 0);
    while killed < KILLS / SERVERS && begun.elapsed() < LIMIT {
        if killed > 0 {
            job.server.wipe().await.unwrap();
            stage.new_seed();
        }
        let pauses: Vec<_> = (0..KILLS_EACH).map(|_| WHOLE.mul_f64(random.f64().powi(2))).collect();
        for pause in &pauses {
            killed += usize::from(job.kill_after(*pause).await);
        }
        job.finish(&pauses).await;
        job.check(&pauses).await;
    }
    killed
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_bring_up_killed_at_random_moments_comes_to_the_same_end() {
    let program = example("catalyst-bootstrap");
    // To repeat a failure, give it the seed that was printed.
    let (seed, begun) = (fastrand::u64(..), Instant::now());
    println!("seed {seed}");
    let servers = (0..SERVERS).map(|number| {
        let seal = if number % 2 == 0 { Seal::Shamir } else { Seal::Static };
        kill_again_and_again(&program, seal, seed.wrapping_add(number as u64))
    });
    let killed: usize = join_all(servers).await.into_iter().sum();
    println!("killed {killed} times in {:?}", begun.elapsed());
    assert!(killed >= 20, "only {killed}");
}
