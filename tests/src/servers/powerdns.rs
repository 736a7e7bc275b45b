//! A real PowerDNS.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, parse_address};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start PowerDNS";
const START_LIMIT: Duration = Duration::from_secs(30);

/// Where PowerDNS keeps its zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerDnsBackend {
    /// One file, which is locked as a whole for each write: writes that overlap fail (500).
    Sqlite,
    /// Writes wait for one another; no comments, and nothing is found by search.
    Lmdb,
}

/// An authoritative PowerDNS on loopback, in a folder of its own; ends when it is dropped.
///
/// LUA records are on and health checks are made each second, nothing is cached, and zones may be transferred from
/// loopback.
#[derive(Debug)]
pub struct PowerDnsServer {
    process: Process,
    files: install::PowerDns,
    lifetime: Lifetime,
    api_port: u16,
    dns_port: u16,
    folder: Folder,
}

impl PowerDnsServer {
    /// The key of its API, with which every test but those of bad keys calls it.
    pub const API_KEY: &str = "catalyst-live-api-key";

    /// Starts one; installs PowerDNS when it is missing and that is possible. Takes some 0.3 s.
    ///
    /// # Errors
    /// If it cannot be installed, or does not answer within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start(backend: PowerDnsBackend) -> Result<Self> {
        Self::start_with(backend, &[], Lifetime::Ours).await
    }

    /// [`PowerDnsServer::start`] with other settings, which come after ours, and with a say in how long it runs.
    ///
    /// # Errors
    /// As [`PowerDnsServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_with(
        backend: PowerDnsBackend,
        settings: &[(&str, &str)],
        lifetime: Lifetime,
    ) -> Result<Self> {
        let files = install::powerdns().await?;
        let folder = Folder::new("powerdns")?;
        let (api_port, dns_port) = (port::free_port()?, free_port_of_both()?);
        let mut text = configuration(backend, folder.path(), api_port, dns_port);
        for (name, value) in settings {
            // A setting that stands twice is an error.
            let line = format!("{name}=");
            text = text.lines().filter(|old| !old.starts_with(&line)).flat_map(|old| [old, "\n"]).collect();
            writeln!(text, "{line}{value}").ok();
        }
        fs::write(folder.join("pdns.conf"), text).map_err(cannot_write)?;
        if backend == PowerDnsBackend::Sqlite {
            make_tables(files, &folder).await?;
        }
        let process = run(files, &folder, lifetime)?;
        let mut server = Self { process, files, lifetime, api_port, dns_port, folder };
        server.wait_ready().await?;
        Ok(server)
    }

    /// The one with SQLite that all tests of this program share; it ends with the program. Who stops or freezes a
    /// server starts one of his own.
    ///
    /// # Errors
    /// As [`PowerDnsServer::start`].
    ///
    /// # Cancel safety
    /// Safe: whoever asks next starts it.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<PowerDnsServer> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || {
                let server = Self::start(PowerDnsBackend::Sqlite).await?;
                server.process.remove_after_us(server.folder.path())?;
                Ok(server)
            })
            .await
    }

    /// Where its API is: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.api_port)
    }

    /// Where it answers questions, by UDP and by TCP.
    pub fn dns_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.dns_port))
    }

    /// [`PowerDnsServer::API_KEY`].
    pub fn api_key(&self) -> Secret {
        Secret::new(Self::API_KEY)
    }

    /// What BIND's validator says of `name` and `kind`, with `anchor` in place of the root's key: a line of a
    /// `trust-anchors` statement, such as `example.test. static-ds 1234 13 2 "…";`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if it cannot be run; that it says no is no error.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn validate(&self, name: &str, kind: &str, anchor: &str) -> Result<String> {
        let file = self.folder.join(&format!("anchor-{:016x}", fastrand::u64(..)));
        fs::write(&file, format!("trust-anchors {{\n{anchor}\n}};\n")).map_err(cannot_write)?;
        let root = anchor.split_whitespace().next().unwrap_or(".");
        let mut command = Command::new(self.files.delv);
        command
            .arg("@127.0.0.1")
            .args(["-p", &self.dns_port.to_string(), "-a"])
            .arg(&file)
            .arg(format!("+root={root}"))
            .args([name, kind]);
        let output = command.output().await.map_err(|error| {
            Error::new(ErrorKind::Config, "run delv").with_help("delv did not start").with_source(error)
        })?;
        let said = [output.stdout, output.stderr].concat();
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All that it logged so far.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the file cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.folder.join("server.log"))
            .map_err(|error| Error::new(ErrorKind::Other, "read PowerDNS' log").with_source(error))
    }

    /// Takes it out of this value's hands: it goes on, and its folder stays. Only a [`Lifetime::Detachable`] one
    /// outlives the program.
    pub fn leave_running(mut self) {
        self.process.leave_running();
        self.folder.leave();
    }

    /// Ends it in good order. [`PowerDnsServer::restart`] starts it again.
    ///
    /// # Errors
    /// If the process does not end.
    ///
    /// # Cancel safety
    /// The signal was sent; calling it again waits on.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.end().await
    }

    /// Starts it again on the same ports, after ending it if it still runs.
    ///
    /// # Errors
    /// If it does not answer within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.end().await?;
        self.process = run(self.files, &self.folder, self.lifetime)?;
        self.wait_ready().await
    }

    /// Stops it in its tracks (SIGSTOP): connections stay open and nothing is answered.
    ///
    /// # Errors
    /// If it does not run, or does not stand still within 10 s.
    ///
    /// # Cancel safety
    /// It may be frozen; [`Self::thaw`] undoes it.
    pub async fn freeze(&mut self) -> Result<()> {
        self.process.freeze().await
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// If it does not run.
    pub fn thaw(&mut self) -> Result<()> {
        self.process.thaw()
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let limits = HttpConfig::new("powerdns").timeout(Duration::from_secs(5)).fresh_connections();
        let http = HttpClient::new(limits)?;
        let url = parse_address(&format!("{}/api/v1/servers/localhost", self.address()))?;
        poll::until("wait for PowerDNS to answer", START_LIMIT, async || {
            let request = Request::new(Method::Get, url.clone(), OPERATION)
                .secret_header("x-api-key", &Secret::new(Self::API_KEY))?;
            let answer = http.send(request).await;
            match (answer.is_ok_and(|answer| answer.is_success()), self.process.is_running()) {
                (true, _) => Ok(Some(())),
                (false, true) => Ok(None),
                (false, false) => Err(self.process.died(OPERATION)),
            }
        })
        .await
    }
}

/// A port that is free for both protocols.
fn free_port_of_both() -> Result<u16> {
    for _ in 0..100 {
        let port = port::free_port()?;
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::new(ErrorKind::Other, OPERATION).with_help("no port is free for both UDP and TCP"))
}

/// It looks for news of its own security by DNS when it starts, unless told not to.
fn configuration(backend: PowerDnsBackend, folder: &Path, api_port: u16, dns_port: u16) -> String {
    let (host, folder, key) = (Ipv4Addr::LOCALHOST, folder.display(), PowerDnsServer::API_KEY);
    let launch = match backend {
        PowerDnsBackend::Sqlite => format!(
            "launch=gsqlite3\ngsqlite3-database={folder}/pdns.sqlite3\ngsqlite3-dnssec=yes\n\
             gsqlite3-pragma-synchronous=0\n"
        ),
        PowerDnsBackend::Lmdb => format!("launch=lmdb\nlmdb-filename={folder}/pdns.lmdb\nlmdb-shards=1\n"),
    };
    format!(
        "{launch}local-address={host}\n\
         local-port={dns_port}\n\
         socket-dir={folder}\n\
         api=yes\n\
         api-key={key}\n\
         webserver=yes\n\
         webserver-address={host}\n\
         webserver-port={api_port}\n\
         webserver-allow-from=127.0.0.0/8\n\
         enable-lua-records=yes\n\
         lua-health-checks-interval=1\n\
         lua-health-checks-expire-delay=3600\n\
         lua-records-exec-limit=5000\n\
         primary=yes\n\
         secondary=yes\n\
         allow-axfr-ips=127.0.0.0/8\n\
         allow-notify-from=127.0.0.0/8\n\
         only-notify=127.0.0.0/8\n\
         cache-ttl=0\n\
         query-cache-ttl=0\n\
         negquery-cache-ttl=0\n\
         zone-cache-refresh-interval=0\n\
         default-soa-content=ns1.@ hostmaster.@ 0 10800 3600 604800 60\n\
         guardian=no\n\
         daemon=no\n\
         disable-syslog=yes\n\
         log-timestamp=yes\n\
         loglevel=5\n\
         version-string=anonymous\n\
         security-poll-suffix=\n"
    )
}

async fn make_tables(files: install::PowerDns, folder: &Folder) -> Result<()> {
    let mut command = Command::new(files.sqlite);
    command.arg(folder.join("pdns.sqlite3"));
    command.args(["-cmd", "PRAGMA journal_mode=WAL;"]).arg(format!(".read {}", files.schema));
    install::run(command, OPERATION, "sqlite3 made no tables").await.map(drop)
}

fn run(files: install::PowerDns, folder: &Folder, lifetime: Lifetime) -> Result<Process> {
    Process::start(&Launch {
        program: &files.server(),
        arguments: vec![format!("--config-dir={}", folder.path().display())],
        folder: folder.path(),
        log: &folder.join("server.log"),
        user: None,
        end: Signal::SIGTERM,
        lifetime,
    })
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}
