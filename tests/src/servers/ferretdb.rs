//! A real FerretDB, which speaks the protocol of MongoDB.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use nix::sys::signal::Signal;
use tokio::net::TcpStream;

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start FerretDB";
const START_LIMIT: Duration = Duration::from_secs(30);

/// A FerretDB on loopback, in a folder of its own; ends when it is dropped. Its data lie in SQLite, and nobody gets in
/// without a password (SCRAM).
#[derive(Debug)]
pub struct FerretServer {
    process: Process,
    program: PathBuf,
    lifetime: Lifetime,
    port: u16,
    folder: Folder,
}

impl FerretServer {
    /// The user that may do everything, and its password.
    pub const ADMIN: (&str, &str) = ("catalyst-admin", "catalyst-ferret-admin");

    /// Starts one; builds FerretDB when it is missing. Takes some 0.3 s.
    ///
    /// # Errors
    /// If it cannot be installed, or accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        let lifetime = Lifetime::Ours;
        let program = install::ferretdb().await?;
        let (folder, port) = (Folder::new("ferretdb")?, port::free_port()?);
        fs::create_dir(folder.join("data")).map_err(|error| {
            Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
        })?;
        let process = run(&program, &folder, port, lifetime)?;
        let mut server = Self { process, program, lifetime, port, folder };
        server.wait_ready().await?;
        Ok(server)
    }

    /// Where it is: `mongodb://127.0.0.1:PORT/`.
    pub fn address(&self) -> String {
        format!("mongodb://{}:{}/", Ipv4Addr::LOCALHOST, self.port)
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
        self.process = run(&self.program, &self.folder, self.port, self.lifetime)?;
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

fn run(program: &Path, folder: &Folder, port: u16, lifetime: Lifetime) -> Result<Process> {
    let (user, password) = FerretServer::ADMIN;
    let arguments = [
        "--handler=sqlite".to_owned(),
        format!("--sqlite-url=file:{}/", folder.join("data").display()),
        format!("--state-dir={}", folder.path().display()),
        format!("--listen-addr=127.0.0.1:{port}"),
        // No second door, and no word to anybody.
        "--debug-addr=-".to_owned(),
        "--telemetry=disable".to_owned(),
        "--test-enable-new-auth".to_owned(),
        format!("--setup-username={user}"),
        format!("--setup-password={password}"),
        "--setup-database=admin".to_owned(),
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
