//! A real Valkey, alone or as a cluster.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use nix::sys::signal::Signal;
use serde_json::json;

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::resp::{Reply, Resp};
use super::{Api, install, poll, port, setup};

const OPERATION: &str = "start Valkey";
const ASK: &str = "ask Valkey";
const START_LIMIT: Duration = Duration::from_secs(30);
const SLOTS: usize = 16_384;

/// A Valkey on loopback, in a folder of its own; ends when it is dropped.
///
/// Nobody gets in without a password. It keeps nothing over a restart but the users of its ACL file.
#[derive(Debug)]
pub struct ValkeyServer {
    process: Process,
    program: PathBuf,
    lifetime: Lifetime,
    port: u16,
    folder: Folder,
}

impl ValkeyServer {
    /// The user that may do everything, by which OpenBao makes and drops users.
    pub const MANAGER: &str = "default";
    /// Its password.
    pub const PASSWORD: &str = "catalyst-valkey-manager";
    /// The rules of users that OpenBao makes for the role of [`ValkeyServer::role`]: everything but administration.
    pub const RULES: &str =
        r#"["~*", "&*", "+@all", "-@dangerous", "+info", "+cluster|slots", "+cluster|shards"]"#;

    /// Starts one; downloads Valkey when it is missing. Takes some 0.1 s.
    ///
    /// # Errors
    /// If it cannot be installed, or accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        Self::start_for(Lifetime::Ours).await
    }

    /// [`ValkeyServer::start`], with a say in how long it runs.
    ///
    /// # Errors
    /// As [`ValkeyServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_for(lifetime: Lifetime) -> Result<Self> {
        Self::start_with(lifetime, "").await
    }

    async fn start_with(lifetime: Lifetime, settings: &str) -> Result<Self> {
        let program = install::valkey().await?;
        let (folder, port) = (Folder::new("valkey")?, port::free_port()?);
        let users = format!("user {} on >{} ~* &* +@all\n", Self::MANAGER, Self::PASSWORD);
        fs::write(folder.join("users.acl"), users).map_err(cannot_write)?;
        let text = configuration(folder.path(), port);
        fs::write(folder.join("valkey.conf"), text + settings).map_err(cannot_write)?;
        let process = run(&program, &folder, lifetime)?;
        let mut server = Self { process, program, lifetime, port, folder };
        server.wait_ready().await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is: `redis://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("redis://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it answers [`ValkeyServer::MANAGER`].
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if it does not answer, or refuses, with its words.
    ///
    /// # Cancel safety
    /// The command may or may not have run.
    pub async fn command(&self, words: &[&str]) -> Result<Reply> {
        let fail = |error: std::io::Error| Error::new(ErrorKind::Other, ASK).with_source(error);
        let mut connection = Resp::log_in(self.port, Self::MANAGER, Self::PASSWORD).await.map_err(fail)?;
        match connection.ask(words).await.map_err(fail)? {
            Reply::Refused(why) => {
                Err(Error::new(ErrorKind::Other, ASK).with_service("valkey").with_server_message(&why))
            }
            reply => Ok(reply),
        }
    }

    /// Whether that user gets in with that password.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn accepts(&self, user: &str, password: &Secret) -> bool {
        Resp::log_in(self.port, user, password.expose()).await.is_ok()
    }

    /// The users that were made: all but [`ValkeyServer::MANAGER`].
    ///
    /// # Errors
    /// As [`ValkeyServer::command`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn made_users(&self) -> Result<Vec<String>> {
        let users = self.command(&["ACL", "USERS"]).await?;
        let made = users.texts().into_iter().filter(|user| *user != Self::MANAGER);
        Ok(made.map(str::to_owned).collect())
    }

    /// How many connections `user` has.
    ///
    /// # Errors
    /// As [`ValkeyServer::command`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn connections_of(&self, user: &str) -> Result<usize> {
        let clients = self.command(&["CLIENT", "LIST"]).await?;
        let mark = format!(" user={user} ");
        Ok(clients.text().unwrap_or_default().lines().filter(|line| line.contains(&mark)).count())
    }

    /// Connects OpenBao's database engine, which is mounted at `database` if it is not yet, to this server, under the
    /// name `valkey`.
    ///
    /// # Errors
    /// If OpenBao refuses, or cannot connect.
    ///
    /// # Cancel safety
    /// It may or may not be there.
    pub async fn connect_openbao(&self, api: &Api) -> Result<()> {
        setup::mount_once(api, "mounts", "database", json!({ "type": "database" })).await?;
        let config = json!({
            "plugin_name": "valkey-database-plugin",
            "allowed_roles": "*",
            "host": Ipv4Addr::LOCALHOST.to_string(),
            "port": self.port,
            "username": Self::MANAGER,
            "password": Self::PASSWORD,
        });
        api.write("database/config/valkey", &config).await.map(drop)
    }

    /// Defines a role at `database/roles/{name}` whose users live for `ttl`, and for `max_ttl` with renewals;
    /// [`ValkeyServer::connect_openbao`] comes first.
    ///
    /// # Errors
    /// If OpenBao refuses.
    ///
    /// # Cancel safety
    /// It may or may not be there.
    pub async fn role(api: &Api, name: &str, ttl: Duration, max_ttl: Duration) -> Result<()> {
        let body = json!({
            "db_name": "valkey",
            "creation_statements": [Self::RULES],
            "default_ttl": ttl.as_secs(),
            "max_ttl": max_ttl.as_secs(),
        });
        api.write(&format!("database/roles/{name}"), &body).await.map(drop)
    }

    /// Ends it in good order.
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
    /// As [`ValkeyServer::stop`].
    pub async fn kill9(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again on the same port, after ending it if it still runs. Users that were not saved are gone.
    ///
    /// # Errors
    /// If it accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.end().await?;
        self.process = run(&self.program, &self.folder, self.lifetime)?;
        self.wait_ready().await
    }

    /// Stops it by SIGSTOP.
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
        poll::until("wait for Valkey to answer", START_LIMIT, async || {
            if self.command(&["PING"]).await.is_ok() {
                return Ok(Some(()));
            }
            if self.process.is_running() { Ok(None) } else { Err(self.process.died(OPERATION)) }
        })
        .await
    }
}

/// Three Valkeys that share the slots among them, without replicas.
#[derive(Debug)]
pub struct ValkeyCluster {
    nodes: [ValkeyServer; 3],
}

impl ValkeyCluster {
    /// Starts three and makes them one cluster. Takes some 2 s.
    ///
    /// # Errors
    /// As [`ValkeyServer::start`], or if they do not find each other within 30 s.
    ///
    /// # Cancel safety
    /// Servers that were started end.
    pub async fn start() -> Result<Self> {
        let bus = [port::free_port()?, port::free_port()?, port::free_port()?];
        let settings = bus.map(|bus| {
            format!("cluster-enabled yes\ncluster-port {bus}\ncluster-config-file nodes.conf\ncluster-node-timeout 2000\n")
        });
        let [first, second, third] = &settings;
        let (first, second, third) = tokio::try_join!(
            ValkeyServer::start_with(Lifetime::Ours, first),
            ValkeyServer::start_with(Lifetime::Ours, second),
            ValkeyServer::start_with(Lifetime::Ours, third),
        )?;
        let cluster = Self { nodes: [first, second, third] };
        let share = SLOTS.div_ceil(cluster.nodes.len());
        for (number, node) in cluster.nodes.iter().enumerate() {
            let (from, to) = (number * share, ((number + 1) * share).min(SLOTS) - 1);
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()]).await?;
        }
        for (node, bus) in cluster.nodes.iter().zip(bus).skip(1) {
            let (port, bus) = (node.port().to_string(), bus.to_string());
            cluster.nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await?;
        }
        cluster.wait_whole().await?;
        Ok(cluster)
    }

    /// Waits until every node serves its slots and knows the others.
    ///
    /// # Errors
    /// If that takes more than 30 s.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn wait_whole(&self) -> Result<()> {
        for node in &self.nodes {
            poll::until("wait for the cluster of Valkey", START_LIMIT, async || {
                let info = node.command(&["CLUSTER", "INFO"]).await?;
                let whole = info.text().is_some_and(|info| {
                    info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
                });
                Ok(whole.then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// The nodes.
    pub fn nodes(&self) -> &[ValkeyServer] {
        &self.nodes
    }

    /// The nodes, to stop and start them.
    pub fn nodes_mut(&mut self) -> &mut [ValkeyServer] {
        &mut self.nodes
    }

    /// Makes a user at every node: users are no part of what a cluster shares.
    ///
    /// # Errors
    /// As [`ValkeyServer::command`].
    ///
    /// # Cancel safety
    /// It may be at some nodes.
    pub async fn make_user(&self, user: &str, password: &Secret) -> Result<()> {
        let password = format!(">{}", password.expose());
        for node in &self.nodes {
            node.command(&["ACL", "SETUSER", user, "on", &password, "~*", "&*", "+@all"]).await?;
        }
        Ok(())
    }

    /// Drops a user at every node.
    ///
    /// # Errors
    /// As [`ValkeyServer::command`].
    ///
    /// # Cancel safety
    /// It may be left at some nodes.
    pub async fn drop_user(&self, user: &str) -> Result<()> {
        for node in &self.nodes {
            node.command(&["ACL", "DELUSER", user]).await?;
        }
        Ok(())
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "bind 127.0.0.1
port {port}
dir {folder}
aclfile {folder}/users.acl
save \"\"
appendonly no
daemonize no
"
    )
}

fn run(program: &Path, folder: &Folder, lifetime: Lifetime) -> Result<Process> {
    Process::start(&Launch {
        program,
        arguments: vec![folder.join("valkey.conf").display().to_string()],
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
