//! `catalyst-bootstrap`, killed at random moments.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use catalyst_openbao::bootstrap::Declared;
use catalyst_openbao::mock::{MockSeal, Model, TokenGrant};
use catalyst_openbao::testing::FakeOpenBao;
use catalyst_openbao::{Login, OpenBao};
use serde_json::Value;

const DECLARATION: &str = r#"
audit:
  to-file: {}
policies:
  external-secrets-read: 'path "secret/data/*" { capabilities = ["read"] }'
engines:
  secret: { type: kv }
logins:
  kubernetes:
    type: kubernetes
    host: https://kubernetes.default.svc
    roles:
      external-secrets:
        service_accounts: [external-secrets]
        namespaces: [external-secrets-system]
        policies: [external-secrets-read]
        ttl: 1h
"#;

/// A seed, a declaration and a place for the shares.
struct Job {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Job {
    fn new(address: &str, extra: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("seed"), [9; 32]).unwrap();
        std::fs::set_permissions(path("seed"), PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(path("declared.yaml"), DECLARATION).unwrap();
        std::fs::create_dir(path("custody")).unwrap();
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let mut arguments: Vec<String> =
            ["--json", "--patience", "20s", "--address", address, "--seed-file"].map(str::to_owned).to_vec();
        arguments.push(text(path("seed")));
        arguments.extend(["--declaration".to_owned(), text(path("declared.yaml"))]);
        arguments.extend(["--custody-folder".to_owned(), text(path("custody"))]);
        arguments.extend(extra.iter().map(|&argument| argument.to_owned()));
        Self { folder, arguments }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_catalyst-bootstrap"));
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self) -> (Option<i32>, Value, String) {
        let mut command = self.command();
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let Output { status, stdout, stderr } = output;
        let last = String::from_utf8(stdout).unwrap();
        let json = last.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        (status.code(), json, String::from_utf8(stderr).unwrap())
    }

    /// `kill -9` after a while; whether it was still running.
    async fn kill_after(&self, pause: Duration) -> bool {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            std::thread::sleep(pause);
            let running = child.try_wait().unwrap().is_none();
            child.kill().unwrap();
            child.wait().unwrap();
            running
        })
        .await
        .unwrap()
    }

    fn left(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn shamir() -> [&'static str; 6] {
    ["--seal", "shamir", "--shares", "3", "--threshold", "2"]
}

async fn fake() -> (FakeOpenBao, Model) {
    let model = Model::uninitialized(MockSeal::Shamir);
    model.allow_root_generation(true);
    (FakeOpenBao::serve(model.clone()).await, model)
}

/// What a convergence would still do.
async fn left_to_do(model: &Model) -> String {
    let token = model.new_token(&TokenGrant::endless());
    let builder = OpenBao::builder("http://127.0.0.1").unwrap().in_memory(model.clone());
    let bao = builder.login(Login::token(token.clone())).build().unwrap();
    let declared: Declared = serde_yaml_ng::from_str(DECLARATION).unwrap();
    let plan = declared.plan(&bao).await.unwrap();
    model.revoke_token(&token);
    plan.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_brings_a_server_up_and_says_so_and_a_second_run_changes_nothing() {
    let (fake, model) = fake().await;
    let job = Job::new(&fake.address(), &shamir());
    let mut dry = Job::new(&fake.address(), &shamir());
    dry.arguments.push("--dry-run".to_owned());
    let (code, said, _log) = dry.run().await;
    assert_eq!((code, said["would"].as_str()), (Some(0), Some("bring_up")), "{said}");
    assert_eq!(dry.left(), ["custody", "declared.yaml", "seed"]);

    let (code, said, log) = job.run().await;
    assert_eq!((code, said["outcome"].as_str()), (Some(0), Some("brought_up")), "{said} {log}");
    assert_eq!(said["applied"].as_array().unwrap().len(), 5);
    assert_eq!(job.left(), ["custody", "declared.yaml"]);
    for share in model.key_shares() {
        assert!(!log.contains(share.expose()) && !said.to_string().contains(share.expose()));
    }
    let (code, said, _log) = job.run().await;
    assert_eq!((code, said["outcome"].as_str()), (Some(0), Some("already_up")));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_exit_code_tells_what_to_do() {
    let (fake, _model) = fake().await;
    let job = Job::new(&fake.address(), &shamir());
    std::fs::write(job.folder.path().join("declared.yaml"), "policies: { root: canary }").unwrap();
    let (code, said, log) = job.run().await;
    assert_eq!((code, said["code"].as_str()), (Some(3), Some("contradiction")));
    assert!(!log.contains("canary") && !said.to_string().contains("canary"));
    std::fs::set_permissions(job.folder.path().join("seed"), PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::write(job.folder.path().join("declared.yaml"), DECLARATION).unwrap();
    assert_eq!(job.run().await.1["code"], "seed_too_open");
    let mut nobody = Job::new("http://127.0.0.1:9", &shamir());
    let limit = nobody.arguments.iter().position(|argument| argument == "20s").unwrap();
    nobody.arguments[limit] = "1s".to_owned();
    assert_eq!(nobody.run().await.0, Some(1), "later it may work");
    let mut nothing = Job::new(&fake.address(), &[]);
    nothing.arguments.clear();
    assert_eq!(nothing.run().await.0, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_a_hundred_times_at_random_moments_it_comes_to_the_same_end() {
    let (mut killed, mut lost) = (0, 0);
    // As long as a run takes here, so that the kills fall into it.
    let (fake, _model) = fake().await;
    let start = tokio::time::Instant::now();
    let (code, said, log) = Job::new(&fake.address(), &shamir()).run().await;
    assert_eq!(code, Some(0), "{said} {log}");
    let whole = start.elapsed();
    while killed < 100 {
        let (fake, model) = self::fake().await;
        let job = Job::new(&fake.address(), &shamir());
        let pause = whole.mul_f64(fastrand::f64());
        killed += u32::from(job.kill_after(pause).await);
        loop {
            let (code, said, log) = job.run().await;
            if said["code"] == "init_answer_lost" {
                // What the error tells an operator to do.
                assert!(names(&job.folder.path().join("custody")).is_empty());
                model.wipe();
                lost += 1;
                continue;
            }
            assert_eq!(code, Some(0), "killed after {pause:?}: {said} {log}");
            break;
        }
        assert_eq!((model.live_root_tokens(), model.live_tokens()), (0, 0), "killed after {pause:?}");
        assert_eq!(job.left(), ["custody", "declared.yaml"], "killed after {pause:?}");
        assert_eq!(names(&job.folder.path().join("custody")).len(), 3);
        assert_eq!(left_to_do(&model).await, "no change", "killed after {pause:?}");
    }
    assert!(lost < 20, "the moment in which the answer to init is lost is short: {lost} of {killed}");
}
