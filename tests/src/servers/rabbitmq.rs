//! A real RabbitMQ.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use nix::sys::signal::Signal;

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start RabbitMQ";
/// Erlang starts slowly where the machine is busy.
const START_LIMIT: Duration = Duration::from_secs(120);

/// A RabbitMQ on loopback with its management plugin, in a folder of its own; ends when it is dropped.
#[derive(Debug)]
pub struct RabbitMqServer {
    http: HttpClient,
    address: String,
    // In this order: the directory of nodes ends last.
    server: Process,
    _directory: Process,
    _folder: Folder,
}

impl RabbitMqServer {
    /// The administrator.
    pub const ADMINISTRATOR: &str = "catalyst-admin";
    /// Its password.
    pub const PASSWORD: &str = "catalyst-admin-password";

    /// Starts one; installs RabbitMQ when it is missing and that is possible. Takes some 6 s.
    ///
    /// # Errors
    /// If it cannot be installed, or does not answer within two minutes.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        let programs = install::rabbitmq().await?;
        let folder = Folder::new("rabbitmq")?;
        let [amqp, http, distribution, directory] =
            [port::free_port()?, port::free_port()?, port::free_port()?, port::free_port()?];
        fs::write(folder.join("rabbitmq.conf"), configuration(amqp, http)).map_err(cannot_write)?;
        fs::write(folder.join("enabled_plugins"), "[rabbitmq_management].\n").map_err(cannot_write)?;
        let names = Process::start(&Launch {
            program: Path::new(programs.directory),
            arguments: ["-port", &directory.to_string(), "-address", "127.0.0.1"].map(str::to_owned).into(),
            folder: folder.path(),
            log: &folder.join("directory.log"),
            user: None,
            end: Signal::SIGTERM,
            lifetime: Lifetime::Ours,
        })?;
        let mut arguments = environment(folder.path(), distribution, directory);
        arguments.push(programs.server.to_owned());
        let server = Process::start(&Launch {
            program: Path::new("/usr/bin/env"),
            arguments,
            folder: folder.path(),
            log: &folder.join("server.log"),
            user: None,
            end: Signal::SIGTERM,
            lifetime: Lifetime::Ours,
        })?;
        let client = HttpClient::new(HttpConfig::new("rabbitmq").timeout(Duration::from_secs(10)))?;
        let address = format!("http://{}:{http}", Ipv4Addr::LOCALHOST);
        let mut rabbit = Self { http: client, address, server, _directory: names, _folder: folder };
        rabbit.wait_ready().await?;
        Ok(rabbit)
    }

    /// Where its management plugin is: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether the management plugin lets that user in with that password; only users with a tag are.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn accepts(&self, user: &str, password: &Secret) -> bool {
        self.ask("api/whoami", user, password).await.is_ok_and(|status| status == 200)
    }

    /// Whether the user exists.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] if it does not answer.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn has_user(&self, name: &str) -> Result<bool> {
        let status =
            self.ask(&format!("api/users/{name}"), Self::ADMINISTRATOR, &Secret::new(Self::PASSWORD)).await?;
        Ok(status == 200)
    }

    async fn ask(&self, path: &str, user: &str, password: &Secret) -> Result<u16> {
        let bad = |_| Error::new(ErrorKind::Other, OPERATION).with_help("no address");
        let url = format!("{}/{path}", self.address).parse().map_err(bad)?;
        let basic = STANDARD.encode(format!("{user}:{}", password.expose()));
        let request = Request::new(Method::Get, url, "ask RabbitMQ")
            .secret_header("authorization", &Secret::from(format!("Basic {basic}")))?;
        Ok(self.http.send(request).await?.status())
    }

    async fn wait_ready(&mut self) -> Result<()> {
        poll::until("wait for RabbitMQ to answer", START_LIMIT, async || {
            if self.accepts(Self::ADMINISTRATOR, &Secret::new(Self::PASSWORD)).await {
                return Ok(Some(()));
            }
            if self.server.is_running() { Ok(None) } else { Err(self.server.died(OPERATION)) }
        })
        .await
    }
}

fn configuration(amqp: u16, http: u16) -> String {
    format!(
        "listeners.tcp.1 = 127.0.0.1:{amqp}\n\
         management.tcp.ip = 127.0.0.1\n\
         management.tcp.port = {http}\n\
         default_user = {}\n\
         default_pass = {}\n",
        RabbitMqServer::ADMINISTRATOR,
        RabbitMqServer::PASSWORD
    )
}

/// With `ALLOW_INPUT` the script becomes the server, whose process is then the one that was started.
fn environment(folder: &Path, distribution: u16, directory: u16) -> Vec<String> {
    let below = |name: &str| folder.join(name).display().to_string();
    vec![
        "RABBITMQ_ALLOW_INPUT=1".to_owned(),
        // And does not end when it finds that there is no input.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput".to_owned(),
        format!("RABBITMQ_NODENAME=catalyst{directory}@localhost"),
        format!("RABBITMQ_MNESIA_BASE={}", below("mnesia")),
        format!("RABBITMQ_LOG_BASE={}", below("log")),
        format!("RABBITMQ_LOGS={}", below("rabbit.log")),
        format!("RABBITMQ_PID_FILE={}", below("pid")),
        format!("RABBITMQ_CONFIG_FILE={}", below("rabbitmq.conf")),
        format!("RABBITMQ_ENABLED_PLUGINS_FILE={}", below("enabled_plugins")),
        format!("RABBITMQ_DIST_PORT={distribution}"),
        format!("ERL_EPMD_PORT={directory}"),
        "ERL_EPMD_ADDRESS=127.0.0.1".to_owned(),
    ]
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}
