//! A real Keycloak.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, parse_address};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use nix::sys::signal::Signal;
use tokio::sync::OnceCell;

use super::certificates::{ClientCertificate, ServerCertificate, server_certificate};
use super::folder::Folder;
use super::keycloak_admin::KeycloakAdmin;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start Keycloak";
/// It takes 5 s on an idle machine, and a machine of CI is not idle.
const START_LIMIT: Duration = Duration::from_secs(180);

/// A Keycloak on loopback, in a folder of its own; ends when it is dropped.
///
/// It has the features `spiffe` and `client-secret-rotation`, a realm `master` with the administrator
/// [`KeycloakServer::ADMIN`], and listens twice: without TLS at [`KeycloakServer::address`], which is also the issuer
/// of its tokens, and with TLS at [`KeycloakServer::tls_address`], where a client may present a certificate.
#[derive(Debug)]
pub struct KeycloakServer {
    process: Process,
    keycloak: install::Keycloak,
    arguments: Vec<String>,
    lifetime: Lifetime,
    address: String,
    tls_address: String,
    tls: ServerCertificate,
    folder: Folder,
}

impl KeycloakServer {
    /// The administrator of the realm `master`, and the password.
    pub const ADMIN: (&str, &str) = ("admin", "admin");

    /// Starts one; installs Keycloak when it is missing and that is possible. Takes 5 to 10 s.
    ///
    /// # Errors
    /// If it cannot be installed, or does not answer within 180 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        Self::start_for(Lifetime::Ours).await
    }

    /// [`KeycloakServer::start`], with a say in how long it runs.
    ///
    /// # Errors
    /// As [`KeycloakServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_for(lifetime: Lifetime) -> Result<Self> {
        let keycloak = install::keycloak().await?;
        let folder = Folder::new("keycloak")?;
        fs::create_dir(folder.join("data")).map_err(cannot_write)?;
        fs::copy(&keycloak.seed, folder.join("data/keycloakdb.mv.db")).map_err(cannot_write)?;
        let tls = server_certificate()?;
        for (name, pem) in
            [("server.pem", &tls.certificate), ("server.key", &tls.key), ("ca.pem", &tls.authority)]
        {
            fs::write(folder.join(name), pem).map_err(cannot_write)?;
        }
        let (port, tls_port) = (port::free_port()?, port::free_port()?);
        let [address, tls_address] = [("http", port), ("https", tls_port)]
            .map(|(scheme, port)| format!("{scheme}://127.0.0.1:{port}"));
        let mut arguments = java(&keycloak.home);
        arguments.extend(settings(folder.path(), port, tls_port));
        let process = run(&keycloak, &folder, &arguments, lifetime)?;
        let mut server = Self { process, keycloak, arguments, lifetime, address, tls_address, tls, folder };
        server.wait_ready().await?;
        Ok(server)
    }

    /// The one that all tests of this program share, for a start takes long; it ends with the program. Who stops or
    /// freezes a server starts one of his own.
    ///
    /// # Errors
    /// As [`KeycloakServer::start`].
    ///
    /// # Cancel safety
    /// Safe: whoever asks next starts it.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<KeycloakServer> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || {
                let server = Self::start().await?;
                server.process.remove_after_us(server.folder.path())?;
                Ok(server)
            })
            .await
    }

    /// Where it is without TLS: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where it is with TLS: `https://127.0.0.1:PORT`. The issuer of its tokens is [`KeycloakServer::address`] there
    /// too.
    pub fn tls_address(&self) -> &str {
        &self.tls_address
    }

    /// The authority of its certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.tls.authority
    }

    /// TLS settings that trust it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if its authority cannot be read, which is a bug.
    pub fn tls(&self) -> Result<TlsConfig> {
        TlsConfig::new().ca_pem(self.tls.authority.as_bytes())
    }

    /// A client certificate that it accepts, with the subject `CN=common_name`.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if none can be made.
    pub fn client_certificate(&self, common_name: &str) -> Result<ClientCertificate> {
        self.tls.client(common_name)
    }

    /// Calls it as the administrator.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] if this machine cannot make an HTTP client.
    pub fn admin(&self) -> Result<KeycloakAdmin> {
        KeycloakAdmin::new(&self.address)
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
        fs::read_to_string(self.log_file())
            .map_err(|error| Error::new(ErrorKind::Other, "read Keycloak's log").with_source(error))
    }

    /// Takes it out of this value's hands: it goes on, and its folder stays. Only a [`Lifetime::Detachable`] one
    /// outlives the program.
    pub fn leave_running(mut self) {
        self.process.leave_running();
        self.folder.leave();
    }

    /// Ends it in good order. [`KeycloakServer::restart`] starts it again.
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
    /// If it does not answer within 180 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.end().await?;
        self.process = run(&self.keycloak, &self.folder, &self.arguments, self.lifetime)?;
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
        let http = HttpClient::new(HttpConfig::new("keycloak").timeout(Duration::from_secs(10)))?;
        let url = parse_address(&format!("{}/realms/master/.well-known/openid-configuration", self.address))?;
        poll::until("wait for Keycloak to answer", START_LIMIT, async || {
            let answer = http.send(Request::new(Method::Get, url.clone(), OPERATION)).await;
            match (answer.is_ok_and(|answer| answer.is_success()), self.process.is_running()) {
                (true, _) => Ok(Some(())),
                (false, true) => Ok(None),
                (false, false) => Err(self.process.died(OPERATION)),
            }
        })
        .await
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("server.log")
    }
}

/// What its script `kc.sh` tells Java. The script itself would stand between us and the server: we hold the pid of
/// what we start, to end it and to freeze it. Memory and start count here and speed does not, so the collector is the
/// simple one, and nothing is compiled twice.
fn java(home: &Path) -> Vec<String> {
    const FIXED: &str = "-Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
        -Dfile.encoding=UTF-8 -Duser.language=en -Duser.country=US \
        -Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory \
        -Djava.util.logging.manager=org.jboss.logmanager.LogManager -Dpicocli.disable.closures=true \
        --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.util.concurrent=ALL-UNNAMED \
        --add-opens=java.base/java.security=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED \
        --enable-native-access=ALL-UNNAMED";
    let mut arguments: Vec<_> = FIXED.split_whitespace().map(str::to_owned).collect();
    arguments.push(format!("-Dkc.home.dir={}", home.display()));
    arguments.push(format!("-Djboss.server.config.dir={}", home.join("conf").display()));
    arguments.push("-cp".to_owned());
    arguments.push(home.join("lib/quarkus-run.jar").display().to_string());
    arguments.push("io.quarkus.bootstrap.runner.QuarkusEntryPoint".to_owned());
    arguments
}

/// `--cache=local` is read at the start; given to the build it is ignored, and the server looks for its like in the
/// network.
fn settings(folder: &Path, port: u16, tls_port: u16) -> Vec<String> {
    let host = Ipv4Addr::LOCALHOST;
    let file = |name: &str| folder.join(name).display().to_string();
    vec![
        "start".to_owned(),
        "--optimized".to_owned(),
        "--http-enabled=true".to_owned(),
        format!("--http-host={host}"),
        format!("--http-port={port}"),
        format!("--https-port={tls_port}"),
        format!("--https-certificate-file={}", file("server.pem")),
        format!("--https-certificate-key-file={}", file("server.key")),
        format!("--https-trust-store-file={}", file("ca.pem")),
        format!("--hostname=http://{host}:{port}"),
        "--cache=local".to_owned(),
        install::keycloak_database(&folder.join("data")),
    ]
}

fn run(
    keycloak: &install::Keycloak,
    folder: &Folder,
    arguments: &[String],
    lifetime: Lifetime,
) -> Result<Process> {
    Process::start(&Launch {
        program: &keycloak.java,
        arguments: arguments.to_vec(),
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
