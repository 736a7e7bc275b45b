//! The server: a listener, its sessions, and what can be done to it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pgwire::api::ConnectionManager;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::faults::Faults;
use super::login::Logins;
use super::session::{End, Session, serve};
use super::statistics::{Counters, Statistics};
use super::users::UserDirectory;

/// How long a shutdown waits for sessions that were told to end.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(3);

/// What becomes of the open sessions of a user who was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDrop {
    /// PostgreSQL's own way, and that of OpenBao's default revocation: the session lives on, reading a table gives
    /// 42501 (`permission denied for table orders`) and `current_user` gives 42704 (`invalid role OID`).
    #[default]
    TablesDenied,
    /// As with `pg_terminate_backend` in the role's revocation statements: FATAL 57P01 at once.
    SessionsEnd,
}

/// How the server goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// `pg_ctl stop -m fast`: each session gets FATAL 57P01.
    Fast,
    /// `kill -9`: connections break without a word.
    Crash,
}

/// A Postgres-protocol server in process, on a free port of the loopback address. It goes down when dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use catalyst_core::Secret;
/// use catalyst_tests::postgres::{FakePostgres, Users};
///
/// let users = Users::default();
/// users.create("app", Secret::new("s3cret"));
/// let server = FakePostgres::start(Arc::new(users)).await?;
///
/// let url = format!("postgres://app:s3cret@{}/orders", server.address());
/// let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
/// tokio::spawn(connection);
/// let orders: i64 = client.query_one("select count(*) from orders", &[]).await?.get(0);
/// assert_eq!(orders, FakePostgres::ORDERS);
/// # Ok(()) }
/// ```
pub struct FakePostgres {
    server: Arc<Server>,
    address: SocketAddr,
    on_drop: OnDrop,
    running: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    stop: watch::Sender<Option<Shutdown>>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings of a [`FakePostgres`] before it starts.
#[must_use]
pub struct FakePostgresBuilder {
    users: Arc<dyn UserDirectory>,
    on_drop: OnDrop,
    max_connections: usize,
    orders: i64,
}

impl FakePostgres {
    /// Rows in the table `orders` of a server that was not told otherwise.
    pub const ORDERS: i64 = 1_000;

    /// Starts a server for the users of `users`.
    ///
    /// # Errors
    /// If no port of the loopback address can be opened.
    pub async fn start(users: Arc<dyn UserDirectory>) -> io::Result<Self> {
        Self::builder(users).start().await
    }

    /// A server with other settings than the defaults: 100 connections, [`OnDrop::TablesDenied`].
    pub fn builder(users: Arc<dyn UserDirectory>) -> FakePostgresBuilder {
        FakePostgresBuilder { users, on_drop: OnDrop::default(), max_connections: 100, orders: Self::ORDERS }
    }

    /// Where it listens; a restart keeps it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Counters, as they are now.
    pub fn statistics(&self) -> Statistics {
        self.server.counters.snapshot()
    }

    /// Trouble on demand.
    pub fn faults(&self) -> &Faults {
        &self.server.faults
    }

    /// Call it when the directory has dropped `user`: its sessions then end, if the server was built with
    /// [`OnDrop::SessionsEnd`].
    pub fn user_dropped(&self, user: &str) {
        if self.on_drop == OnDrop::SessionsEnd {
            self.end_sessions_of(user);
        }
    }

    /// `pg_terminate_backend` for each session of `user`: FATAL 57P01, also in the middle of a statement.
    pub fn end_sessions_of(&self, user: &str) {
        self.server.each(|session| {
            if session.user() == user {
                session.end(End::Told);
            }
        });
    }

    /// Goes down; connections are refused until [`FakePostgres::restart`]. Idempotent, takes at most 3 s.
    pub async fn stop(&self, how: Shutdown) {
        if let Some(mut running) = self.running.lock().await.take() {
            running.stop.send_replace(Some(how));
            // Past the limit, `Running` aborts the task as it is dropped.
            let _late = timeout(SHUTDOWN_LIMIT + Duration::from_secs(1), &mut running.task).await;
        }
    }

    /// Goes down, if it was up, and comes back on the same address.
    ///
    /// # Errors
    /// If the port has been taken meanwhile.
    pub async fn restart(&self, how: Shutdown) -> io::Result<()> {
        self.stop(how).await;
        let listener = TcpListener::bind(self.address).await?;
        *self.running.lock().await = Some(Running::new(listener, Arc::clone(&self.server)));
        Ok(())
    }
}

impl FakePostgresBuilder {
    /// What becomes of a dropped user's sessions.
    pub fn on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// `max_connections`: further logins get FATAL 53300.
    pub fn max_connections(mut self, limit: usize) -> Self {
        self.max_connections = limit;
        self
    }

    /// Rows in the table `orders`.
    pub fn orders(mut self, rows: i64) -> Self {
        self.orders = rows;
        self
    }

    /// Starts it on a free port of the loopback address.
    ///
    /// # Errors
    /// If no port can be opened.
    pub async fn start(self) -> io::Result<FakePostgres> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(ConnectionManager::new());
        let server = Arc::new(Server {
            logins: Logins::new(Arc::clone(&self.users), Arc::clone(&connections)),
            users: self.users,
            connections,
            faults: Faults::default(),
            counters: Counters::default(),
            orders: AtomicI64::new(self.orders),
            max_connections: self.max_connections,
            numbers: AtomicU64::new(0),
            sessions: Mutex::default(),
        });
        let running = Running::new(listener, Arc::clone(&server));
        Ok(FakePostgres {
            server,
            address,
            on_drop: self.on_drop,
            running: tokio::sync::Mutex::new(Some(running)),
        })
    }
}

impl fmt::Debug for FakePostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePostgres").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for FakePostgresBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakePostgresBuilder").field("on_drop", &self.on_drop).finish_non_exhaustive()
    }
}

impl Running {
    fn new(listener: TcpListener, server: Arc<Server>) -> Self {
        let (stop, stopped) = watch::channel(None);
        Self { stop, task: tokio::spawn(listen(listener, server, stopped)) }
    }
}

/// Accepts until told to stop; its sessions end with it.
async fn listen(listener: TcpListener, server: Arc<Server>, mut stopped: watch::Receiver<Option<Shutdown>>) {
    let mut sessions = JoinSet::new();
    let how = loop {
        tokio::select! {
            // An error: whoever could stop it is gone.
            _ = stopped.changed() => break *stopped.borrow(),
            accepted = listener.accept() => match accepted {
                // Half as many again may knock; the rest is dropped before a byte is read.
                Ok((stream, _)) if sessions.len() < server.max_connections * 3 / 2 + 16 => {
                    sessions.spawn(serve(server.enter(), stream));
                }
                Ok(_) => {}
                // Out of file descriptors: do not spin.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
        }
    };
    drop(listener);
    server.each(|session| session.end(if how == Some(Shutdown::Fast) { End::Told } else { End::Cut }));
    let drained = async { while sessions.join_next().await.is_some() {} };
    if timeout(SHUTDOWN_LIMIT, drained).await.is_err() {
        tracing::warn!("sessions of the fake PostgreSQL did not end in time and were cut");
    }
}

/// What all connections share.
pub(super) struct Server {
    pub(super) users: Arc<dyn UserDirectory>,
    pub(super) logins: Logins,
    pub(super) connections: Arc<ConnectionManager>,
    pub(super) faults: Faults,
    pub(super) counters: Counters,
    pub(super) orders: AtomicI64,
    max_connections: usize,
    numbers: AtomicU64,
    sessions: Mutex<HashMap<u64, Arc<Session>>>,
}

impl Server {
    /// A place in the list, taken before the session's task runs so that a shutdown misses none.
    fn enter(self: &Arc<Self>) -> Entered {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let session = Arc::new(Session::new(Arc::clone(self)));
        self.lock().insert(number, Arc::clone(&session));
        Entered { number, session }
    }

    /// Whether the sessions that are there, the asking one included, are not too many.
    pub(super) fn within_limit(&self) -> bool {
        self.lock().len() <= self.max_connections
    }

    fn each(&self, act: impl Fn(&Session)) {
        self.lock().values().for_each(|session| act(session));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("sessions", &self.lock().len()).finish_non_exhaustive()
    }
}

/// A session's place in the server's list, given back when dropped, also when its task is aborted.
pub(super) struct Entered {
    number: u64,
    pub(super) session: Arc<Session>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.session.server().lock().remove(&self.number);
        self.session.closed();
    }
}
