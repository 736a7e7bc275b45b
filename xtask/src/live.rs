//! The live tests.

use std::process::ExitCode;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_tests::servers::{environment, install};
use tokio::process::Command;
use tokio::time::Instant;

const OPERATION: &str = "run the live tests";

/// Two servers for each test, and a machine of CI has two cores.
const TEST_THREADS: &str = "--test-threads=2";

/// Installs what is missing and runs the tests, which start their servers themselves and stop them also when they
/// fail. Tests of `--workspace` are selected, not of a package: the features of the dependencies are then the same as
/// in `cargo test --workspace`, and nothing is built twice.
pub(crate) async fn run(filter: &str) -> Result<ExitCode> {
    let openbao = install::openbao().await?;
    println!("OpenBao {}: {}", install::OPENBAO_VERSION, openbao.display());
    println!("PostgreSQL: {}", install::postgres().await?.display());
    println!("MariaDB: {}", install::mariadb().await?.server);
    println!("PowerDNS: {}", install::powerdns().await?.server);
    println!("Keycloak {}: {}", install::KEYCLOAK_VERSION, install::keycloak().await?.home.display());
    println!("External Secrets Operator {}: {}", install::OPERATOR_VERSION, install::crds().await?.display());
    println!("Valkey {}: {}", install::VALKEY_VERSION, install::valkey().await?.display());
    println!("SeaweedFS {}: {}", install::SEAWEEDFS_VERSION, install::seaweedfs().await?.display());
    println!("FerretDB {}: {}", install::FERRETDB_VERSION, install::ferretdb().await?.display());
    println!("OpenSSH: {}", install::ssh_keygen().await?);
    install::rabbitmq().await?;
    println!("RabbitMQ: installed");
    build_programs().await?;
    let spire = environment::spire_bin();

    let start = Instant::now();
    let mut tests = Command::new("cargo");
    tests
        .args(["test", "--workspace", "--test", "it", "--", "--ignored", TEST_THREADS])
        .arg(format!("live::{filter}"))
        .current_dir(crate::root());
    if spire.is_none() {
        tests.args(["--skip", "live::spire"]);
    }
    let status = tests.status().await.map_err(did_not_start)?;

    let word = if status.success() { "passed" } else { "FAILED" };
    println!(
        "live tests on OpenBao, PostgreSQL, MariaDB, PowerDNS, Keycloak, Valkey, SeaweedFS, FerretDB and RabbitMQ: {word} after {} s",
        start.elapsed().as_secs()
    );
    match spire {
        Some(folder) => println!("live tests on SPIRE: they ran, with {}", folder.display()),
        None => println!(
            "live tests on SPIRE: they did NOT run; set SPIRE_BIN to a folder with spire-server and spire-agent"
        ),
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The programs that tests kill, so that no test builds beside others that watch the time; with the tests, whose
/// features they share then.
async fn build_programs() -> Result<()> {
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--workspace", "--bins", "--tests"]).current_dir(crate::root());
    if build.status().await.map_err(did_not_start)?.success() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Other, OPERATION).with_help("the programs of the examples cannot be built"))
}

fn did_not_start(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("cargo did not start").with_source(error)
}
