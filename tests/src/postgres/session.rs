//! One connection.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pgwire::api::auth::StartupHandler;
use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::api::{ClientInfo, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use pgwire::tokio::server::{
    MaybeTls, PgWireMessageServerCodec, negotiate_tls, process_error, process_message,
};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::codec::Framed;

use super::faults::LoginFault;
use super::refusal;
use super::server::{Entered, Server};
use super::statement::Statement;

/// PostgreSQL's `authentication_timeout` is a minute; nobody waits that long for a fake.
const LOGIN_LIMIT: Duration = Duration::from_secs(40);
/// For the last words to a client that does not read.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);
/// Named prepared statements in one session.
const MAX_PREPARED: i64 = 10_000;

type Socket = Framed<MaybeTls, PgWireMessageServerCodec<Statement>>;

/// How a session that did not end itself ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// FATAL 57P01, then the connection is closed.
    Told,
    /// The connection is closed without a word.
    Cut,
}

/// What the server knows about a session while its connection is open.
#[derive(Debug)]
pub(super) struct Session {
    server: Arc<Server>,
    user: OnceLock<String>,
    open: AtomicBool,
    end: watch::Sender<Option<End>>,
    /// Rows inserted in the open transaction.
    pending: AtomicI64,
    prepared: AtomicI64,
}

/// pgwire's handlers for one connection; see `login` and `answer`.
#[derive(Clone, Debug)]
pub(super) struct Handlers {
    pub(super) server: Arc<Server>,
    pub(super) session: Arc<Session>,
}

/// Serves a connection until one side has had enough.
pub(super) async fn serve(entered: Entered, stream: TcpStream) {
    let session = Arc::clone(&entered.session);
    let server = Arc::clone(&session.server);
    if server.faults.take_login_fault(|fault| fault == LoginFault::Reset).is_some() {
        server.counters.refused("");
        return;
    }
    let handlers = Handlers { server, session };
    if let Err(error) = handlers.run(stream).await {
        tracing::debug!(user = entered.session.user(), %error, "a connection to the fake PostgreSQL broke");
    }
}

impl Handlers {
    async fn run(&self, stream: TcpStream) -> io::Result<()> {
        let login_ends = Instant::now() + LOGIN_LIMIT;
        let Ok(negotiated) = timeout_at(login_ends, negotiate_tls(stream, None)).await else {
            return Ok(());
        };
        let Some(mut socket) = negotiated? else { return Ok(()) };
        loop {
            let message = tokio::select! {
                biased;
                end = self.session.ended() => return farewell(&mut socket, end).await,
                message = next(&mut socket, login_ends) => message,
            };
            let message = match message {
                Some(Ok(PgWireFrontendMessage::Terminate(_)) | Err(PgWireError::IoError(_))) | None => {
                    return Ok(());
                }
                Some(Ok(message)) => message,
                Some(Err(error)) => return self.fail(&mut socket, error).await,
            };
            let extended = message.is_extended_query();
            let last = matches!(message, PgWireFrontendMessage::CancelRequest(_));
            match self.process(&mut socket, message, login_ends).await {
                Ok(()) if last => return Ok(()),
                Ok(()) => {}
                Err(error) if error.is_fatal() => return self.fail(&mut socket, error).await,
                Err(error) => process_error(&mut socket, error, extended).await?,
            }
        }
    }

    async fn process(
        &self,
        socket: &mut Socket,
        message: PgWireFrontendMessage,
        login_ends: Instant,
    ) -> Result<(), PgWireError> {
        self.session.count_prepared(&message)?;
        let handler = Arc::new(self.clone());
        if logging_in(socket) && !matches!(message, PgWireFrontendMessage::CancelRequest(_)) {
            let login = timeout_at(login_ends, handler.on_startup(socket, message)).await;
            return login.unwrap_or_else(|_| Err(refusal::login_too_slow()));
        }
        let cancel = Arc::new(DefaultCancelHandler::new(Arc::clone(&self.server.connections)));
        let extended = Arc::clone(&handler);
        let simple = Arc::clone(&handler);
        process_message(message, socket, handler, simple, extended, Arc::new(NoopHandler), cancel).await
    }

    /// A FATAL error is the last that a client hears; no `ReadyForQuery` follows.
    async fn fail(&self, socket: &mut Socket, error: PgWireError) -> io::Result<()> {
        if *self.session.end.borrow() == Some(End::Cut) {
            return Ok(());
        }
        if logging_in(socket) {
            self.server.counters.refused(self.session.user());
        }
        last_words(socket, error).await
    }
}

async fn next(
    socket: &mut Socket,
    login_ends: Instant,
) -> Option<Result<PgWireFrontendMessage, PgWireError>> {
    if logging_in(socket) {
        return timeout_at(login_ends, socket.next()).await.unwrap_or(Some(Err(refusal::login_too_slow())));
    }
    socket.next().await
}

fn logging_in(socket: &Socket) -> bool {
    use PgWireConnectionState::{AuthenticationInProgress, AwaitingSslRequest, AwaitingStartup};
    matches!(socket.state(), AwaitingSslRequest | AwaitingStartup | AuthenticationInProgress)
}

async fn farewell(socket: &mut Socket, end: End) -> io::Result<()> {
    match end {
        End::Told => last_words(socket, refusal::terminated()).await,
        End::Cut => Ok(()),
    }
}

async fn last_words(socket: &mut Socket, error: PgWireError) -> io::Result<()> {
    let words = PgWireBackendMessage::ErrorResponse(ErrorInfo::from(error).into());
    let said = timeout(FAREWELL_LIMIT, async {
        socket.send(words).await?;
        socket.close().await
    });
    said.await.unwrap_or(Ok(()))
}

impl Session {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            user: OnceLock::new(),
            open: AtomicBool::new(false),
            end: watch::Sender::new(None),
            pending: AtomicI64::new(0),
            prepared: AtomicI64::new(0),
        }
    }

    /// The user of the start-up message; empty before it.
    pub(super) fn user(&self) -> &str {
        self.user.get().map_or("", String::as_str)
    }

    pub(super) fn name(&self, user: &str) {
        self.user.get_or_init(|| user.chars().take(63).collect());
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn opened(&self) {
        self.open.store(true, Ordering::Relaxed);
        self.server.counters.opened(self.user());
    }

    pub(super) fn closed(&self) {
        if self.open.swap(false, Ordering::Relaxed) {
            self.server.counters.closed(self.user());
        }
    }

    pub(super) fn end(&self, how: End) {
        self.end.send_replace(Some(how));
    }

    pub(super) async fn ended(&self) -> End {
        let mut end = self.end.subscribe();
        let how = end.wait_for(Option::is_some).await.ok().and_then(|how| *how);
        how.unwrap_or(End::Cut)
    }

    fn count_prepared(&self, message: &PgWireFrontendMessage) -> Result<(), PgWireError> {
        let before = match message {
            PgWireFrontendMessage::Parse(parse) if parse.name.is_some() => {
                self.prepared.fetch_add(1, Ordering::Relaxed)
            }
            PgWireFrontendMessage::Close(_) => self.prepared.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        let allowed = before < MAX_PREPARED;
        allowed.then_some(()).ok_or_else(|| refusal::limit("10,000 prepared statements in one session"))
    }

    pub(super) fn orders(&self) -> i64 {
        self.server.orders.load(Ordering::Relaxed) + self.pending.load(Ordering::Relaxed)
    }

    pub(super) fn insert(&self, in_transaction: bool) {
        let rows = if in_transaction { &self.pending } else { &self.server.orders };
        rows.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn commit(&self) {
        self.server.orders.fetch_add(self.pending.swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    pub(super) fn roll_back(&self) {
        self.pending.store(0, Ordering::Relaxed);
    }
}
