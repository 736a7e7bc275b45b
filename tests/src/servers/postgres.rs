//! A real PostgreSQL.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User, chown};
use tokio::process::Command;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use super::folder::Folder;
use super::process::{Launch, Lifetime, Process};
use super::{install, poll, port};

const OPERATION: &str = "start PostgreSQL";
const START_LIMIT: Duration = Duration::from_secs(30);

/// The database that applications use.
pub const DATABASE: &str = "app";
/// The role by which OpenBao makes and drops users: it may create roles and end their sessions, and is no superuser.
pub const MANAGER: &str = "bao_manager";
/// The role that every made user is a member of, and that owns what they leave behind.
pub const APPLICATION: &str = "app_rw";
/// The superuser.
pub const SUPERUSER: &str = "postgres";

/// A PostgreSQL on loopback, in a folder of its own; ends when it is dropped.
///
/// Passwords are checked by SCRAM-SHA-256, every connection and disconnection is logged. The database
/// [`DATABASE`] has a table `orders` with three rows, which [`APPLICATION`] may read and write.
#[derive(Debug)]
pub struct PostgresServer {
    process: Process,
    program: PathBuf,
    user: Option<String>,
    lifetime: Lifetime,
    port: u16,
    superuser_password: Secret,
    manager_password: Secret,
    folder: Folder,
}

impl PostgresServer {
    /// Starts one; installs PostgreSQL when it is missing and that is possible. Takes some 1.5 s.
    ///
    /// # Errors
    /// If it cannot be installed, or accepts no connection within 30 s.
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start() -> Result<Self> {
        Self::start_for(Lifetime::Ours).await
    }

    /// [`PostgresServer::start`], with a say in how long it runs.
    ///
    /// # Errors
    /// As [`PostgresServer::start`].
    ///
    /// # Cancel safety
    /// A server that was started ends.
    pub async fn start_for(lifetime: Lifetime) -> Result<Self> {
        let programs = install::postgres().await?;
        let folder = Folder::new("postgres")?;
        let user = own(&folder)?;
        let superuser_password = Secret::new("catalyst-superuser");
        let manager_password = Secret::new("catalyst-manager-first");
        make_cluster(&programs, &folder, user.as_deref(), &superuser_password).await?;

        let (port, program) = (port::free_port()?, programs.join("postgres"));
        fs::write(folder.join("data/postgresql.auto.conf"), settings(port, folder.path()))
            .map_err(cannot_write)?;
        let process = run(&program, &folder, user.as_deref(), lifetime)?;
        let mut server =
            Self { process, program, user, lifetime, port, superuser_password, manager_password, folder };
        server.wait_ready().await?;
        server.prepare().await?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process; its children are the server's own.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The password of [`SUPERUSER`].
    pub fn superuser_password(&self) -> &Secret {
        &self.superuser_password
    }

    /// The password of [`MANAGER`], until OpenBao rotates it.
    pub fn manager_password(&self) -> &Secret {
        &self.manager_password
    }

    /// Logs in to [`DATABASE`].
    ///
    /// # Errors
    /// What the server said: a wrong password, an unknown user, no connection.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn connect(&self, user: &str, password: &Secret) -> Result<Client, tokio_postgres::Error> {
        self.connect_to(DATABASE, user, password).await
    }

    /// Runs `statements`, separated by semicolons, as the superuser.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] with what the server said.
    ///
    /// # Cancel safety
    /// The statements may or may not have run.
    pub async fn execute(&self, statements: &str) -> Result<()> {
        self.admin().await?.batch_execute(statements).await.map_err(|error| refused(&error))
    }

    /// Whether the role exists.
    ///
    /// # Errors
    /// As [`PostgresServer::execute`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn has_role(&self, name: &str) -> Result<bool> {
        let sql = "select exists(select from pg_roles where rolname = $1)";
        let row = self.admin().await?.query_one(sql, &[&name]).await.map_err(|error| refused(&error))?;
        row.try_get(0).map_err(|error| refused(&error))
    }

    /// The users that OpenBao made and has not dropped: the roles that can log in, but for the superuser, the
    /// manager, and the `keep`ed.
    ///
    /// # Errors
    /// As [`PostgresServer::execute`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn made_users(&self, keep: &[&str]) -> Result<Vec<String>> {
        let sql = "select rolname::text from pg_roles where rolcanlogin order by oid";
        let rows = self.admin().await?.query(sql, &[]).await.map_err(|error| refused(&error))?;
        let names = rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok());
        Ok(names
            .filter(|name| name != SUPERUSER && name != MANAGER && !keep.contains(&name.as_str()))
            .collect())
    }

    /// Has the server log each statement that defines something, for [`PostgresServer::users_ever_made`]. Logged of a
    /// password is what the statement holds: with SCRAM a verifier only.
    ///
    /// # Errors
    /// As [`PostgresServer::execute`].
    ///
    /// # Cancel safety
    /// It may or may not log them.
    pub async fn log_definitions(&self) -> Result<()> {
        self.execute("ALTER SYSTEM SET log_statement = 'ddl'").await?;
        self.execute("SELECT pg_reload_conf()").await
    }

    /// The users that OpenBao had made since [`PostgresServer::log_definitions`], also those that are gone.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn users_ever_made(&self) -> Result<BTreeSet<String>> {
        const MAKES: &str = "CREATE ROLE \"v-";
        let log = fs::read(self.folder.join("server.log")).map_err(cannot_write)?;
        let log = String::from_utf8_lossy(&log);
        let made = log.split(MAKES).skip(1).filter_map(|rest| rest.split_once('"'));
        Ok(made.map(|(name, _)| format!("v-{name}")).collect())
    }

    /// How many sessions `user` has.
    ///
    /// # Errors
    /// As [`PostgresServer::execute`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn sessions_of(&self, user: &str) -> Result<i64> {
        let sql = "select count(*) from pg_stat_activity where usename = $1";
        let row = self.admin().await?.query_one(sql, &[&user]).await.map_err(|error| refused(&error))?;
        row.try_get(0).map_err(|error| refused(&error))
    }

    /// Takes it out of this value's hands: it goes on, and its folder stays. Only a [`Lifetime::Detachable`] one
    /// outlives the program.
    pub fn leave_running(mut self) {
        self.process.leave_running();
        self.folder.leave();
    }

    /// Ends it as an administrator does: open sessions are closed (57P01), nothing is lost.
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
    /// As [`PostgresServer::stop`].
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
        self.process = run(&self.program, &self.folder, self.user.as_deref(), self.lifetime)?;
        self.wait_ready().await
    }

    /// Stops it from accepting connections (SIGSTOP to the process that does). Open sessions go on: each has a
    /// process of its own.
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

    /// All that it logged so far.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] if the file cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.folder.join("server.log"))
            .map_err(|error| Error::new(ErrorKind::Other, "read PostgreSQL's log").with_source(error))
    }

    async fn wait_ready(&mut self) -> Result<()> {
        poll::until("wait for PostgreSQL to accept connections", START_LIMIT, async || {
            if self.connect_to("postgres", SUPERUSER, &self.superuser_password).await.is_ok() {
                return Ok(Some(()));
            }
            if self.process.is_running() { Ok(None) } else { Err(self.process.died(OPERATION)) }
        })
        .await
    }

    async fn prepare(&self) -> Result<()> {
        let cluster = self
            .connect_to("postgres", SUPERUSER, &self.superuser_password)
            .await
            .map_err(|error| refused(&error))?;
        let password = self.manager_password.expose();
        cluster
            .batch_execute(&format!("CREATE DATABASE {DATABASE}"))
            .await
            .map_err(|error| refused(&error))?;
        self.execute(&format!(
            "CREATE ROLE {MANAGER} LOGIN CREATEROLE PASSWORD '{password}';
             CREATE ROLE {APPLICATION} NOLOGIN;
             GRANT {APPLICATION} TO {MANAGER} WITH ADMIN OPTION;
             GRANT pg_signal_backend TO {MANAGER};
             GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION};
             CREATE TABLE orders (id serial PRIMARY KEY, item text NOT NULL);
             INSERT INTO orders (item) VALUES ('tea'), ('milk'), ('bread');
             GRANT CREATE, USAGE ON SCHEMA public TO {APPLICATION};
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {APPLICATION};
             GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION};"
        ))
        .await
    }

    async fn admin(&self) -> Result<Client> {
        self.connect_to(DATABASE, SUPERUSER, &self.superuser_password).await.map_err(|error| refused(&error))
    }

    async fn connect_to(
        &self,
        database: &str,
        user: &str,
        password: &Secret,
    ) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = Config::new()
            .host(Ipv4Addr::LOCALHOST.to_string())
            .port(self.port)
            .dbname(database)
            .user(user)
            .password(password.expose())
            .ssl_mode(SslMode::Disable)
            .connect_timeout(Duration::from_secs(5))
            .connect(NoTls)
            .await?;
        // It ends with the client; what goes wrong on it, the client's calls report.
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }
}

/// PostgreSQL refuses to run as root: there, the folder is given to the user `postgres`, whom it then runs as.
fn own(folder: &Folder) -> Result<Option<String>> {
    const USER: &str = "postgres";
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let missing = || {
        Error::new(ErrorKind::Config, OPERATION)
            .with_help("as root, PostgreSQL needs the unix user postgres, which its Debian package makes")
    };
    let user = User::from_name(USER).ok().flatten().ok_or_else(missing)?;
    let data = folder.join("data");
    fs::create_dir(&data).map_err(cannot_write)?;
    for path in [folder.path(), &data] {
        chown(path, Some(user.uid), Some(user.gid)).map_err(|error| cannot_write(error.into()))?;
    }
    Ok(Some(USER.to_owned()))
}

async fn make_cluster(programs: &Path, folder: &Folder, user: Option<&str>, password: &Secret) -> Result<()> {
    let password_file = folder.join("password");
    fs::write(&password_file, password.expose()).map_err(cannot_write)?;
    // Readable for the user postgres; gone again in a second.
    fs::set_permissions(&password_file, Permissions::from_mode(0o644)).map_err(cannot_write)?;
    let initdb = programs.join("initdb");
    let mut command = match user {
        None => Command::new(initdb),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", user, "--init-groups"]).arg(initdb);
            command
        }
    };
    command
        .current_dir(folder.path())
        .arg("-D")
        .arg(folder.join("data"))
        .arg(format!("--pwfile={}", password_file.display()))
        .args(["-U", SUPERUSER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "-N"]);
    let made = install::run(command, OPERATION, "initdb made no cluster").await;
    fs::remove_file(password_file).map_err(cannot_write)?;
    made.map(drop)
}

/// `fsync` is off: the cluster need not survive a crash of the machine, and does survive one of the server.
fn settings(port: u16, folder: &Path) -> String {
    format!(
        "listen_addresses = '{}'\n\
         port = {port}\n\
         unix_socket_directories = '{}'\n\
         password_encryption = scram-sha-256\n\
         max_connections = 200\n\
         log_connections = on\n\
         log_disconnections = on\n\
         log_line_prefix = '%m [%p] %u@%d '\n\
         fsync = off\n",
        Ipv4Addr::LOCALHOST,
        folder.display()
    )
}

/// SIGINT is the fast shutdown: sessions are ended, and the data is left in order.
fn run(program: &Path, folder: &Folder, user: Option<&str>, lifetime: Lifetime) -> Result<Process> {
    Process::start(&Launch {
        program,
        arguments: vec!["-D".to_owned(), folder.join("data").display().to_string()],
        folder: folder.path(),
        log: &folder.join("server.log"),
        user,
        end: Signal::SIGINT,
        lifetime,
    })
}

fn refused(error: &tokio_postgres::Error) -> Error {
    let said = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
    Error::new(ErrorKind::Other, "ask PostgreSQL").with_service("postgres").with_server_message(&said)
}

fn cannot_write(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Other, OPERATION).with_help("its folder is not writable").with_source(error)
}
