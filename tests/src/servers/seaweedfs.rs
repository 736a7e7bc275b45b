//! A real SeaweedFS: object storage with the interfaces S3 and IAM.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::net::TcpStream;

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start SeaweedFS";
const START_LIMIT: Duration = Duration::from_secs(60);

/// A SeaweedFS on loopback, in a folder of its own; ends when it is dropped. Its users are made by its IAM interface,
/// which answers at the same address as S3.
#[derive(Debug)]
pub struct SeaweedServer {
    process: Process,
    program: PathBuf,
    arguments: Vec<String>,
    lifetime: Lifetime,
    port: u16,
    folder: Folder,
}

impl SeaweedServer {
    /// The access key and the secret key of the administrator.
    pub const ADMIN: (&str, &str) = ("CATALYSTADMIN", "catalyst-seaweed-admin");

    /// Starts one; downloads SeaweedFS when it is missing. Takes some 4 s.
    ///
    /// # Errors
    /// If it cannot be installed, or accepts no connection within 60 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        Self::start_for(Lifetime::Ours).await
    }

    /// [`SeaweedServer::start`], with a say in how long it runs.
    ///
    /// # Errors
    /// As [`SeaweedServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_for(lifetime: Lifetime) -> Result<Self> {
        let program = install::seaweedfs().await?;
        let folder = Folder::new("seaweedfs")?;
        fs::create_dir(folder.join("data")).map_err(cannot_write)?;
        let (key, secret) = Self::ADMIN;
        let identities = json!({ "identities": [{
            "name": "admin",
            "credentials": [{ "accessKey": key, "secretKey": secret }],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }] });
        fs::write(folder.join("s3.json"), identities.to_string()).map_err(cannot_write)?;
        let port = port::free_port()?;
        let arguments = arguments(folder.path(), port)?;
        let process = run(&program, &arguments, &folder, lifetime)?;
        let mut server = Self { process, program, arguments, lifetime, port, folder };
        server.wait_ready().await?;
        Ok(server)
    }

    /// Where S3 and IAM answer: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it: without a grace, for it takes ten seconds to do it in good order.
    ///
    /// # Errors
    /// If the process does not end.
    ///
    /// # Cancel safety
    /// The signal was sent; calling it again waits on.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again on the same ports, after ending it if it still runs.
    ///
    /// # Errors
    /// If it accepts no connection within 60 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.process = run(&self.program, &self.arguments, &self.folder, self.lifetime)?;
        self.wait_ready().await
    }

    async fn wait_ready(&mut self) -> Result<()> {
        poll::until("wait for SeaweedFS to accept connections", START_LIMIT, async || {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_ok() {
                return Ok(Some(()));
            }
            if self.process.is_running() { Ok(None) } else { Err(self.process.died(OPERATION)) }
        })
        .await
    }
}

/// Master, volume, filer and S3 in one process; each has a second port for gRPC, which is ten thousand higher where
/// nobody says otherwise.
fn arguments(folder: &Path, port: u16) -> Result<Vec<String>> {
    let mut arguments = vec![
        "server".to_owned(),
        format!("-dir={}", folder.join("data").display()),
        format!("-s3.config={}", folder.join("s3.json").display()),
        format!("-s3.port={port}"),
    ];
    for name in ["s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"] {
        arguments.push(format!("-{name}={}", port::free_port()?));
    }
    for name in ["filer.port", "filer.port.grpc"] {
        arguments.push(format!("-{name}={}", port::free_port()?));
    }
    let fixed = [
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        "-s3.port.iceberg=0",
        // Users are made by the tests.
        "-s3.iam.readOnly=false",
        // With too few volumes a bucket cannot be written to.
        "-volume.max=100",
        "-master.volumeSizeLimitMB=32",
    ];
    arguments.extend(fixed.map(str::to_owned));
    Ok(arguments)
}

fn run(program: &Path, arguments: &[String], folder: &Folder, lifetime: Lifetime) -> Result<Process> {
    Process::start(&Launch {
        program,
        arguments: arguments.to_vec(),
        folder: folder.path(),
        log: &folder.join("server.log"),
        user: None,
        // In good order it takes ten seconds, and nothing of it is kept.
        end: Signal::SIGKILL,
        lifetime,
    })
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}
