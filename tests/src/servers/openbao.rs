//! A real OpenBao.

use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result, Secret};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::api::Api;
use super::certificates::server_certificate;
use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start OpenBao";
const START_LIMIT: Duration = Duration::from_secs(30);
const KEY_SHARES: usize = 5;
const KEY_THRESHOLD: usize = 3;

/// An OpenBao on loopback, in a folder of its own; ends when it is dropped.
///
/// As [`OpenBaoServer::start`] makes it, it is what production runs: TLS, Raft storage, an audit device, and a
/// Shamir seal of which this value holds the keys. It survives a kill and a restart.
#[derive(Debug)]
pub struct OpenBaoServer {
    process: Process,
    binary: PathBuf,
    arguments: Vec<String>,
    lifetime: Lifetime,
    address: String,
    authority: Option<String>,
    root_token: Secret,
    unseal_keys: Vec<Secret>,
    folder: Folder,
}

/// How a server is configured that nobody has initialised yet.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct FreshOpenBao {
    static_seal: bool,
    root_generation: bool,
    audit: bool,
}

impl FreshOpenBao {
    /// With a Shamir seal and an audit device; root tokens are not generated without a session, as by default.
    pub fn new() -> Self {
        Self { static_seal: false, root_generation: false, audit: true }
    }

    /// With a key in its configuration: it unseals itself.
    pub fn static_seal(self) -> Self {
        Self { static_seal: true, ..self }
    }

    /// Root tokens are generated out of key shares without a session.
    pub fn root_generation(self) -> Self {
        Self { root_generation: true, ..self }
    }

    /// Without an audit device.
    pub fn no_audit(self) -> Self {
        Self { audit: false, ..self }
    }
}

impl Default for FreshOpenBao {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenBaoServer {
    /// Starts one with TLS, Raft storage and audit, initialised and unsealed; installs OpenBao when it is missing.
    /// Takes some 3 s.
    ///
    /// # Errors
    /// If it cannot be installed, or does not become active within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        Self::start_for(Lifetime::Ours).await
    }

    /// [`OpenBaoServer::start`], with a say in how long it runs.
    ///
    /// # Errors
    /// As [`OpenBaoServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_for(lifetime: Lifetime) -> Result<Self> {
        let mut server = Self::start_raw(&FreshOpenBao::new(), lifetime).await?;
        server.initialize().await?;
        server.unseal().await?;
        Ok(server)
    }

    /// Starts one as [`OpenBaoServer::start`] does, but leaves it as it comes up: never initialised. Its root token
    /// is empty. Takes some 0.3 s.
    ///
    /// # Errors
    /// If it cannot be installed, or does not answer within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_uninitialized(how: &FreshOpenBao) -> Result<Self> {
        Self::start_raw(how, Lifetime::Ours).await
    }

    /// Empties its storage and starts it again, never initialised.
    ///
    /// # Errors
    /// If it does not end, its storage cannot be removed, or it does not answer within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn wipe(&mut self) -> Result<()> {
        self.process.kill().await?;
        let storage = self.folder.join("data");
        std::fs::remove_dir_all(&storage).map_err(cannot_write)?;
        std::fs::create_dir(&storage).map_err(cannot_write)?;
        self.start_sealed().await
    }

    async fn start_raw(how: &FreshOpenBao, lifetime: Lifetime) -> Result<Self> {
        let folder = Folder::new("openbao")?;
        let (port, cluster_port) = (port::free_port()?, port::free_port()?);
        let tls = server_certificate()?;
        write_secret(&folder.join("server.pem"), tls.certificate.as_bytes())?;
        write_secret(&folder.join("server.key"), tls.key.as_bytes())?;
        write_secret(&folder.join("ca.pem"), tls.authority.as_bytes())?;
        let storage = folder.join("data");
        std::fs::create_dir(&storage).map_err(cannot_write)?;
        let config = folder.join("config.hcl");
        if how.static_seal {
            write_secret(&folder.join("seal.key"), &std::array::from_fn::<u8, 32, _>(|_| fastrand::u8(..)))?;
        }
        let text = production_like(folder.path(), port, cluster_port, *how);
        write_secret(&config, text.as_bytes())?;

        let arguments = vec!["server".to_owned(), format!("-config={}", config.display())];
        let address = format!("https://{}:{port}", Ipv4Addr::LOCALHOST);
        Self::launch(folder, lifetime, address, Some(tls.authority), arguments).await
    }

    /// Starts one in development mode: no TLS, all in memory, never sealed at its start, gone when it ends. Audit
    /// is on. Takes some 0.3 s.
    ///
    /// # Errors
    /// As [`OpenBaoServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_dev() -> Result<Self> {
        let folder = Folder::new("openbao-dev")?;
        // In development mode it takes the next port for its cluster.
        let port = port::free_pair()?;
        let config = folder.join("config.hcl");
        write_secret(&config, audit_device(folder.path()).as_bytes())?;
        let root_token = "catalyst-dev-root";
        let arguments = vec![
            "server".to_owned(),
            "-dev".to_owned(),
            "-dev-no-store-token".to_owned(),
            format!("-dev-root-token-id={root_token}"),
            format!("-dev-listen-address={}:{port}", Ipv4Addr::LOCALHOST),
            format!("-config={}", config.display()),
        ];
        let address = format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
        let mut server = Self::launch(folder, Lifetime::Ours, address, None, arguments).await?;
        server.root_token = Secret::new(root_token);
        server.wait_active().await?;
        Ok(server)
    }

    /// Where it is: `https://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The authority of its certificate, in PEM; none in development mode.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The file of [`OpenBaoServer::ca_pem`].
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// TLS settings that trust it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if its authority cannot be read, which is a bug.
    pub fn tls(&self) -> Result<TlsConfig> {
        match &self.authority {
            Some(pem) => TlsConfig::new().ca_pem(pem.as_bytes()),
            None => Ok(TlsConfig::new()),
        }
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &Secret {
        &self.root_token
    }

    /// Calls it with the root token.
    ///
    /// # Errors
    /// As [`OpenBaoServer::tls`].
    pub fn api(&self) -> Result<Api> {
        Ok(self.anonymous_api()?.with_token(self.root_token.clone()))
    }

    /// Calls it with another token than the root token.
    ///
    /// # Errors
    /// As [`OpenBaoServer::tls`].
    pub fn api_with(&self, token: &Secret) -> Result<Api> {
        Ok(self.anonymous_api()?.with_token(token.clone()))
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All that was written to the audit device so far: JSON, one line for each request and each answer.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the file cannot be read.
    pub fn audit_log(&self) -> Result<String> {
        std::fs::read_to_string(self.folder.join("audit.log"))
            .map_err(|error| Error::new(ErrorKind::Other, "read the audit log").with_source(error))
    }

    /// Takes it out of this value's hands: it goes on, and its folder stays. Only a [`Lifetime::Detachable`] one
    /// outlives the program.
    pub fn leave_running(mut self) {
        self.process.leave_running();
        self.folder.leave();
    }

    /// Ends it in good order. [`OpenBaoServer::restart`] starts it again.
    ///
    /// # Errors
    /// If the process does not end.
    ///
    /// # Cancel safety
    /// The signal was sent; calling it again waits on.
    pub async fn stop(&mut self) -> Result<()> {
        self.process.end().await
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the process does not end.
    ///
    /// # Cancel safety
    /// As [`OpenBaoServer::stop`].
    pub async fn kill9(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again on the same port, after ending it if it still runs, and unseals it. In development mode
    /// nothing of what was in it is left.
    ///
    /// # Errors
    /// If it does not become active within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.start_sealed().await?;
        self.unseal().await
    }

    /// Starts it again as [`OpenBaoServer::restart`] does, but leaves it as it comes up: sealed.
    ///
    /// # Errors
    /// If it does not answer within 30 s.
    ///
    /// # Cancel safety
    /// As [`OpenBaoServer::restart`].
    pub async fn start_sealed(&mut self) -> Result<()> {
        self.process.end().await?;
        self.process = run(&self.folder, &self.binary, &self.arguments, self.lifetime)?;
        self.wait_listening().await
    }

    /// Seals it: from now on every request but a few is answered by 503.
    ///
    /// # Errors
    /// If it refuses.
    ///
    /// # Cancel safety
    /// It may or may not be sealed.
    pub async fn seal(&self) -> Result<()> {
        self.api()?.send(Method::Put, "sys/seal", Some(&json!({}))).await.map(drop)
    }

    /// Unseals it if it is sealed, and waits until it is active.
    ///
    /// # Errors
    /// If it refuses, or is not active within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again goes on where it stopped.
    pub async fn unseal(&mut self) -> Result<()> {
        let api = self.anonymous_api()?;
        for key in self.unseal_keys.iter().take(KEY_THRESHOLD) {
            api.write("sys/unseal", &json!({ "key": key.expose() })).await?;
        }
        self.wait_active().await
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

    /// Waits until it is unsealed and active.
    ///
    /// # Errors
    /// If the process ended, or after 30 s.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_active(&mut self) -> Result<()> {
        let api = self.anonymous_api()?;
        poll::until("wait for OpenBao to be active", START_LIMIT, async || {
            let answer = api.send(Method::Get, "sys/health", None).await;
            self.alive_with(answer.is_ok_and(|answer| answer.status() == 200))
        })
        .await
    }

    async fn launch(
        folder: Folder,
        lifetime: Lifetime,
        address: String,
        authority: Option<String>,
        arguments: Vec<String>,
    ) -> Result<Self> {
        let binary = install::openbao().await?;
        let process = run(&folder, &binary, &arguments, lifetime)?;
        let (root_token, unseal_keys) = (Secret::new(""), Vec::new());
        let mut server = Self {
            process,
            binary,
            arguments,
            lifetime,
            address,
            authority,
            root_token,
            unseal_keys,
            folder,
        };
        server.wait_listening().await?;
        Ok(server)
    }

    async fn wait_listening(&mut self) -> Result<()> {
        let api = self.anonymous_api()?;
        poll::until("wait for OpenBao to listen", START_LIMIT, async || {
            let answer = api.send(Method::Get, "sys/seal-status", None).await;
            self.alive_with(answer.is_ok_and(|answer| answer.is_success()))
        })
        .await
    }

    fn alive_with(&mut self, ready: bool) -> Result<Option<()>> {
        match (ready, self.process.is_running()) {
            (true, _) => Ok(Some(())),
            (false, true) => Ok(None),
            (false, false) => Err(self.process.died(OPERATION)),
        }
    }

    async fn initialize(&mut self) -> Result<()> {
        let shares = json!({ "secret_shares": KEY_SHARES, "secret_threshold": KEY_THRESHOLD });
        let made = self.anonymous_api()?.write("sys/init", &shares).await?;
        let text = |value: &Value| value.as_str().map(Secret::new);
        let bad = || Error::new(ErrorKind::Decode, OPERATION).with_help("sys/init gave no keys or no token");
        let keys = made["keys_base64"].as_array().ok_or_else(bad)?;
        self.unseal_keys = keys.iter().filter_map(text).collect();
        self.root_token = text(&made["root_token"]).ok_or_else(bad)?;
        Ok(())
    }

    fn anonymous_api(&self) -> Result<Api> {
        Api::new(&self.address, self.tls()?)
    }
}

fn run(folder: &Folder, binary: &Path, arguments: &[String], lifetime: Lifetime) -> Result<Process> {
    Process::start(&Launch {
        program: binary,
        arguments: arguments.to_vec(),
        folder: folder.path(),
        log: &folder.join("server.log"),
        user: None,
        end: Signal::SIGTERM,
        lifetime,
    })
}

/// The configuration file. A client certificate is requested but not demanded (the default of the listener), for
/// the `cert` method wants one and the others have none. `performance_multiplier` 1 makes a single node active
/// after 3 s instead of 7.
fn production_like(folder: &Path, port: u16, cluster_port: u16, how: FreshOpenBao) -> String {
    let host = Ipv4Addr::LOCALHOST;
    let audit = if how.audit { audit_device(folder) } else { String::new() };
    let roots = !how.root_generation;
    let seal = if how.static_seal {
        format!(
            "seal \"static\" {{\n  current_key_id = \"k1\"\n  current_key    = {}\n}}",
            Value::from(format!("file://{}", folder.join("seal.key").display()))
        )
    } else {
        String::new()
    };
    let [data, certificate, key] =
        ["data", "server.pem", "server.key"].map(|name| quoted(&folder.join(name)));
    format!(
        r#"storage "raft" {{
  path                   = {data}
  node_id                = "n1"
  performance_multiplier = 1
}}
listener "tcp" {{
  address         = "{host}:{port}"
  cluster_address = "{host}:{cluster_port}"
  tls_cert_file   = {certificate}
  tls_key_file    = {key}
  disable_unauthed_generate_root_endpoints = {roots}
}}
{seal}
{audit}
api_addr          = "https://{host}:{port}"
cluster_addr      = "https://{host}:{cluster_port}"
default_lease_ttl = "10m"
"#
    )
}

/// Audit devices are declared in the configuration; the API of this version refuses to make one.
fn audit_device(folder: &Path) -> String {
    format!(
        r#"audit "file" "to-file" {{
  options {{
    file_path = {}
  }}
}}"#,
        quoted(&folder.join("audit.log"))
    )
}

/// A path as a string of HCL.
pub(super) fn quoted(path: &Path) -> String {
    Value::from(path.display().to_string()).to_string()
}

pub(super) fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(cannot_write)
}

pub(super) fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}
