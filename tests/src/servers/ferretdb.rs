//! A real FerretDB, which speaks the protocol of MongoDB.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::Result;
use nix::sys::signal::Signal;
use tokio::net::TcpStream;

use super::folder::Folder;
use super::postgres::{DATABASE, PostgresServer};
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start FerretDB";
const START_LIMIT: Duration = Duration::from_secs(30);

/// A FerretDB on loopback, on the database [`DATABASE`] of a PostgreSQL, in a folder of its own; ends when it is dropped.
///
/// Its users are those of PostgreSQL, which it hands user and password to (PLAIN). Its own users, by SCRAM, are no good
/// for MongoDB's Rust driver, which wants the conversation to end one message earlier.
#[derive(Debug)]
pub struct FerretServer {
    process: Process,
    program: PathBuf,
    lifetime: Lifetime,
    postgres: u16,
    port: u16,
    folder: Folder,
}

impl FerretServer {
    /// Starts one; builds FerretDB when it is missing. Takes some 0.3 s.
    ///
    /// # Errors
    /// If it cannot be installed, or accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start(postgres: &PostgresServer) -> Result<Self> {
        let lifetime = Lifetime::Ours;
        let program = install::ferretdb().await?;
        let (folder, port) = (Folder::new("ferretdb")?, port::free_port()?);
        let postgres = postgres.port();
        let process = run(&program, &folder, (port, postgres), lifetime)?;
        let mut server = Self { process, program, lifetime, postgres, port, folder };
        server.wait_ready().await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, and how one logs in.
    pub fn address(&self) -> String {
        let place = format!("{}:{}", Ipv4Addr::LOCALHOST, self.port);
        format!("mongodb://user:password@{place}/?authMechanism=PLAIN&authSource=$external")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it again on the same port, after ending it if it still runs. Users and data are kept.
    ///
    /// # Errors
    /// If it accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.end().await?;
        self.process = run(&self.program, &self.folder, (self.port, self.postgres), self.lifetime)?;
        self.wait_ready().await
    }

    async fn wait_ready(&mut self) -> Result<()> {
        poll::until("wait for FerretDB to accept connections", START_LIMIT, async || {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_ok() {
                return Ok(Some(()));
            }
            if self.process.is_running() { Ok(None) } else { Err(self.process.died(OPERATION)) }
        })
        .await
    }
}

fn run(program: &Path, folder: &Folder, (port, postgres): (u16, u16), lifetime: Lifetime) -> Result<Process> {
    let arguments = [
        format!("--postgresql-url=postgres://127.0.0.1:{postgres}/{DATABASE}?sslmode=disable"),
        format!("--state-dir={}", folder.path().display()),
        format!("--listen-addr=127.0.0.1:{port}"),
        // No second door, and no word to anybody.
        "--debug-addr=-".to_owned(),
        "--telemetry=disable".to_owned(),
    ];
    Process::start(&Launch {
        program,
        arguments: arguments.to_vec(),
        folder: folder.path(),
        log: &folder.join("server.log"),
        user: None,
        end: Signal::SIGTERM,
        lifetime,
    })
}
