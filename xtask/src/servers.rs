//! Servers that stay for a developer, until they are told to go.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use catalyst_core::{Error, ErrorKind, Result};
use catalyst_tests::servers::postgres::{DATABASE, SUPERUSER};
use catalyst_tests::servers::{
    KeycloakServer, Lifetime, PowerDnsBackend, PowerDnsServer, Servers, ServersOptions,
};
use serde::{Deserialize, Serialize};

use crate::running::Running;

/// The state file: what runs, and how to reach it. Only its owner may read it, for there are passwords in it.
#[derive(Debug, Deserialize, Serialize)]
struct State {
    servers: Vec<Running>,
    environment: Vec<(String, String)>,
}

/// Starts the servers, unless they run already, and prints what to export.
pub(crate) async fn up(root: &Path) -> Result<ExitCode> {
    let file = state_file(root);
    let state = match read(&file)? {
        Some(state) if state.servers.iter().all(Running::is_alive) => {
            eprintln!("the servers run already");
            state
        }
        Some(_) => {
            eprintln!("some servers have ended; starting anew");
            down(root).await?;
            start(&file).await?
        }
        None => start(&file).await?,
    };
    for server in &state.servers {
        eprintln!("{}: pid {}", server.name(), server.pid());
    }
    for (name, value) in &state.environment {
        println!("export {name}='{value}'");
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends exactly what the state file names, then removes it.
pub(crate) async fn down(root: &Path) -> Result<ExitCode> {
    let file = state_file(root);
    let Some(state) = read(&file)? else {
        eprintln!("no servers are running");
        return Ok(ExitCode::SUCCESS);
    };
    for server in &state.servers {
        server.end().await?;
        eprintln!("{}: stopped", server.name());
    }
    fs::remove_file(&file).map_err(|error| cannot_use(&file, error))?;
    Ok(ExitCode::SUCCESS)
}

async fn start(file: &Path) -> Result<State> {
    let (servers, keycloak, powerdns) = tokio::try_join!(
        Servers::start(ServersOptions::default().lifetime(Lifetime::Detachable)),
        KeycloakServer::start_for(Lifetime::Detachable),
        PowerDnsServer::start_with(PowerDnsBackend::Sqlite, &[], Lifetime::Detachable)
    )?;
    let (openbao, postgres) = (&servers.openbao, &servers.postgres);
    let database = format!(
        "postgres://{SUPERUSER}:{}@127.0.0.1:{}/{DATABASE}?sslmode=disable",
        postgres.superuser_password().expose(),
        postgres.port()
    );
    let environment = [
        ("BAO_ADDR", openbao.address().to_owned()),
        ("BAO_CACERT", openbao.ca_file().display().to_string()),
        ("BAO_TOKEN", openbao.root_token().expose().to_owned()),
        ("DATABASE_URL", database),
        ("KEYCLOAK_URL", keycloak.address().to_owned()),
        ("KEYCLOAK_ADMIN", KeycloakServer::ADMIN.0.to_owned()),
        ("KEYCLOAK_ADMIN_PASSWORD", KeycloakServer::ADMIN.1.to_owned()),
        ("PDNS_API_URL", powerdns.address()),
        ("PDNS_API_KEY", PowerDnsServer::API_KEY.to_owned()),
        ("PDNS_DNS_ADDRESS", powerdns.dns_address().to_string()),
    ];
    let state = State {
        servers: vec![
            Running::new("OpenBao", openbao.pid(), openbao.folder())?,
            Running::new("PostgreSQL", postgres.pid(), postgres.folder())?,
            Running::new("Keycloak", keycloak.pid(), keycloak.folder())?,
            Running::new("PowerDNS", powerdns.pid(), powerdns.folder())?,
        ],
        environment: environment.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    };
    // Written while the servers still end with this program: they must never run without a file that names them.
    write(file, &state)?;
    servers.leave_running();
    keycloak.leave_running();
    powerdns.leave_running();
    Ok(state)
}

fn state_file(root: &Path) -> PathBuf {
    root.join(".servers").join("state.json")
}

fn read(file: &Path) -> Result<Option<State>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| cannot_use(file, error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot_use(file, error)),
    }
}

fn write(file: &Path, state: &State) -> Result<()> {
    let text = serde_json::to_vec_pretty(state).map_err(|error| cannot_use(file, error.into()))?;
    let create = || {
        fs::create_dir_all(file.parent().unwrap_or(file))?;
        let mut open =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
        open.write_all(&text)
    };
    create().map_err(|error| cannot_use(file, error))
}

fn cannot_use(file: &Path, error: io::Error) -> Error {
    let help = format!("{} cannot be used", file.display());
    Error::new(ErrorKind::Config, "keep the state of the servers").with_help(help).with_source(error)
}
