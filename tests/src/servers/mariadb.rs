//! A real MariaDB.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use nix::sys::signal::Signal;
use nix::unistd::Uid;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, Row};
use tokio::process::Command;

use super::certificates::{ServerCertificate, server_certificate};
use super::folder::Folder;
use super::install::MariaDb;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start MariaDB";
const START_LIMIT: Duration = Duration::from_secs(30);

/// The database that applications use.
pub const DATABASE: &str = "app";
/// The user by which OpenBao makes and drops users: it may create users, end their sessions, and hand on its rights on
/// [`DATABASE`].
pub const MANAGER: &str = "bao_manager";
/// The role with all rights on [`DATABASE`], which [`MANAGER`] may give to others.
pub const APPLICATION: &str = "app_rw";
/// Who may do everything.
pub const SUPERUSER: &str = "root";

/// A MariaDB on loopback, in a folder of its own; ends when it is dropped.
///
/// It takes connections with and without TLS, with a certificate of an authority of its own. The database [`DATABASE`]
/// has a table `orders` with three rows.
#[derive(Debug)]
pub struct MariaDbServer {
    process: Process,
    program: PathBuf,
    lifetime: Lifetime,
    port: u16,
    superuser_password: Secret,
    manager_password: Secret,
    certificate: ServerCertificate,
    folder: Folder,
}

impl MariaDbServer {
    /// Starts one; installs MariaDB when it is missing and that is possible. Takes some 3 s.
    ///
    /// # Errors
    /// If it cannot be installed, or accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        Self::start_for(Lifetime::Ours).await
    }

    /// [`MariaDbServer::start`], with a say in how long it runs.
    ///
    /// # Errors
    /// As [`MariaDbServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_for(lifetime: Lifetime) -> Result<Self> {
        let programs = install::mariadb().await?;
        let folder = Folder::new("mariadb")?;
        make_tables(programs, &folder).await?;
        let certificate = server_certificate()?;
        for (name, text) in [
            ("ca.pem", &certificate.authority),
            ("cert.pem", &certificate.certificate),
            ("key.pem", &certificate.key),
        ] {
            fs::write(folder.join(name), text).map_err(cannot_write)?;
        }
        let (port, program) = (port::free_port()?, programs.server());
        let process = run(&program, &folder, port, lifetime)?;
        let mut server = Self {
            process,
            program,
            lifetime,
            port,
            superuser_password: Secret::new("catalyst-superuser"),
            manager_password: Secret::new("catalyst-manager-first"),
            certificate,
            folder,
        };
        // Fresh tables have a superuser without a password.
        server.wait_ready(&Secret::new("")).await?;
        server.prepare().await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The authority that signed its certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.certificate.authority
    }

    /// The same in a file.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The password of [`SUPERUSER`].
    pub fn superuser_password(&self) -> &Secret {
        &self.superuser_password
    }

    /// The password of [`MANAGER`], until OpenBao rotates it.
    pub fn manager_password(&self) -> &Secret {
        &self.manager_password
    }

    /// Lets `user` into [`DATABASE`] without a password, by a client certificate of `authorities_pem` whose subject is
    /// `subject`, as OpenSSL writes it: `/C=US/O=SPIRE/CN=orders`. Without one, any certificate of them will do.
    ///
    /// # Errors
    /// If the file cannot be written, or MariaDB refuses.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn accept_identity(
        &self,
        user: &str,
        authorities_pem: &str,
        subject: Option<&str>,
    ) -> Result<()> {
        // Its own authority stays, for whoever checks it reads the same file.
        let text = format!("{}{authorities_pem}", self.certificate.authority);
        fs::write(self.ca_file(), text).map_err(cannot_write)?;
        let needed = subject.map_or_else(|| "X509".to_owned(), |subject| format!("SUBJECT '{subject}'"));
        self.execute(&format!(
            "FLUSH SSL; CREATE OR REPLACE USER '{user}'@'%' REQUIRE {needed};
             GRANT ALL ON {DATABASE}.* TO '{user}'@'%'"
        ))
        .await
    }

    /// Logs in to [`DATABASE`], without TLS.
    ///
    /// # Errors
    /// What the server said: a wrong password, an unknown user, no connection.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn connect(&self, user: &str, password: &Secret) -> sqlx::Result<MySqlConnection> {
        self.options(user, password).database(DATABASE).connect().await
    }

    /// Runs `statements`, separated by semicolons, as the superuser.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] with what the server said.
    ///
    /// # Cancel safety
    /// The statements may or may not have run.
    pub async fn execute(&self, statements: &str) -> Result<()> {
        let mut admin = self.admin().await?;
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut admin)
            .await
            .map_err(|error| refused(&error))?;
        admin.close().await.map_err(|error| refused(&error))
    }

    /// The users that OpenBao made and has not dropped: those that are not the server's own, but for the manager and the
    /// `keep`ed.
    ///
    /// # Errors
    /// As [`MariaDbServer::execute`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn made_users(&self, keep: &[&str]) -> Result<Vec<String>> {
        let sql = "select User from mysql.user where is_role = 'N' order by User";
        let names = self.names(sql).await?;
        let own = [SUPERUSER, MANAGER, "mariadb.sys", "mysql", ""];
        Ok(names
            .into_iter()
            .filter(|name| !own.contains(&name.as_str()) && !keep.contains(&name.as_str()))
            .collect())
    }

    /// Whether the user exists.
    ///
    /// # Errors
    /// As [`MariaDbServer::execute`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn has_user(&self, name: &str) -> Result<bool> {
        Ok(self.names("select User from mysql.user").await?.iter().any(|user| user == name))
    }

    /// How many sessions `user` has.
    ///
    /// # Errors
    /// As [`MariaDbServer::execute`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn sessions_of(&self, user: &str) -> Result<usize> {
        let users = self.names("select USER from information_schema.PROCESSLIST").await?;
        Ok(users.iter().filter(|name| *name == user).count())
    }

    /// Takes it out of this value's hands: it goes on, and its folder stays. Only a [`Lifetime::Detachable`] one
    /// outlives the program.
    pub fn leave_running(mut self) {
        self.process.leave_running();
        self.folder.leave();
    }

    /// Ends it as an administrator does: open sessions are closed, nothing is lost.
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
    /// As [`MariaDbServer::stop`].
    pub async fn kill9(&mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Starts it again on the same port, after ending it if it still runs.
    ///
    /// # Errors
    /// If it accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// Calling it again repairs what was left undone.
    pub async fn restart(&mut self) -> Result<()> {
        self.process.end().await?;
        self.process = run(&self.program, &self.folder, self.port, self.lifetime)?;
        let password = self.superuser_password.clone();
        self.wait_ready(&password).await
    }

    /// All that it logged so far.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the file cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.folder.join("server.log"))
            .map_err(|error| Error::new(ErrorKind::Other, "read MariaDB's log").with_source(error))
    }

    async fn wait_ready(&mut self, password: &Secret) -> Result<()> {
        poll::until("wait for MariaDB to accept connections", START_LIMIT, async || {
            if self.options(SUPERUSER, password).connect().await.is_ok() {
                return Ok(Some(()));
            }
            if self.process.is_running() { Ok(None) } else { Err(self.process.died(OPERATION)) }
        })
        .await
    }

    async fn prepare(&self) -> Result<()> {
        let mut fresh =
            self.options(SUPERUSER, &Secret::new("")).connect().await.map_err(|error| refused(&error))?;
        let (superuser, manager) = (self.superuser_password.expose(), self.manager_password.expose());
        let statements = format!(
            "CREATE DATABASE {DATABASE};
             CREATE TABLE {DATABASE}.orders (id int AUTO_INCREMENT PRIMARY KEY, item text NOT NULL);
             INSERT INTO {DATABASE}.orders (item) VALUES ('tea'), ('milk'), ('bread');
             CREATE ROLE {APPLICATION};
             GRANT ALL ON {DATABASE}.* TO {APPLICATION};
             CREATE USER '{MANAGER}'@'%' IDENTIFIED BY '{manager}';
             GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO '{MANAGER}'@'%';
             GRANT ALL ON {DATABASE}.* TO '{MANAGER}'@'%' WITH GRANT OPTION;
             GRANT {APPLICATION} TO '{MANAGER}'@'%' WITH ADMIN OPTION;
             CREATE USER '{SUPERUSER}'@'%' IDENTIFIED BY '{superuser}';
             GRANT ALL ON *.* TO '{SUPERUSER}'@'%' WITH GRANT OPTION;
             DROP USER '{SUPERUSER}'@'127.0.0.1', '{SUPERUSER}'@'::1';
             ALTER USER '{SUPERUSER}'@'localhost' IDENTIFIED BY '{superuser}';"
        );
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut fresh)
            .await
            .map_err(|error| refused(&error))?;
        Ok(())
    }

    async fn names(&self, sql: &'static str) -> Result<Vec<String>> {
        let mut admin = self.admin().await?;
        let rows = sqlx::query(sql).fetch_all(&mut admin).await.map_err(|error| refused(&error))?;
        admin.close().await.map_err(|error| refused(&error))?;
        rows.iter().map(|row| row.try_get_unchecked(0).map_err(|error| refused(&error))).collect()
    }

    async fn admin(&self) -> Result<MySqlConnection> {
        self.connect(SUPERUSER, &self.superuser_password).await.map_err(|error| refused(&error))
    }

    fn options(&self, user: &str, password: &Secret) -> MySqlConnectOptions {
        let options = MySqlConnectOptions::new()
            .host(&Ipv4Addr::LOCALHOST.to_string())
            .port(self.port)
            .username(user)
            .ssl_mode(MySqlSslMode::Disabled);
        // An empty password is none, which the driver does not see by itself.
        if password.expose().is_empty() { options } else { options.password(password.expose()) }
    }
}

/// MariaDB runs as root only when it is told to.
fn as_root() -> Option<String> {
    Uid::effective().is_root().then(|| "--user=root".to_owned())
}

async fn make_tables(programs: MariaDb, folder: &Folder) -> Result<()> {
    let mut command = Command::new(programs.maker);
    command
        .current_dir(folder.path())
        .arg("--no-defaults")
        .arg(format!("--datadir={}", folder.join("data").display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])
        .args(as_root());
    install::run(command, OPERATION, "mariadb-install-db made no tables").await.map(drop)
}

/// What is written need not survive a crash of the machine, and does survive one of the server.
fn run(program: &Path, folder: &Folder, port: u16, lifetime: Lifetime) -> Result<Process> {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut arguments = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", file("data")),
        format!("--bind-address={}", Ipv4Addr::LOCALHOST),
        format!("--port={port}"),
        format!("--socket={}", file("mariadb.sock")),
        format!("--pid-file={}", file("mariadb.pid")),
        format!("--ssl-ca={}", file("ca.pem")),
        format!("--ssl-cert={}", file("cert.pem")),
        format!("--ssl-key={}", file("key.pem")),
        "--skip-name-resolve".to_owned(),
        "--max-connections=200".to_owned(),
        "--innodb-buffer-pool-size=32M".to_owned(),
        "--innodb-flush-log-at-trx-commit=0".to_owned(),
        // Each connection that breaks, with its user.
        "--log-warnings=2".to_owned(),
    ];
    arguments.extend(as_root());
    Process::start(&Launch {
        program,
        arguments,
        folder: folder.path(),
        log: &folder.join("server.log"),
        user: None,
        end: Signal::SIGTERM,
        lifetime,
    })
}

fn refused(error: &sqlx::Error) -> Error {
    Error::new(ErrorKind::Other, "ask MariaDB")
        .with_service("mariadb")
        .with_server_message(&error.to_string())
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}
