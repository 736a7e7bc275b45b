//! One error for every crate of the workspace.
//!
//! Ask [`Error::kind`] what happened, [`Error::retry`] whether trying again can help, and
//! [`Error::outcome_unknown`] whether the server may have acted all the same. Everything else is for people:
//! the text names the operation, says what to do where that is known, and never holds a secret.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The result of every fallible operation of the workspace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what can be done about it.
///
/// One word in size and cheap to clone, so that the callers of one shared request can all receive its error.
/// `Display` does not repeat the source; error reporters print the chain.
///
/// ```
/// use catalyst_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Config, "read configuration").with_help("set BAO_ADDR");
/// assert_eq!(error.to_string(), "read configuration: set BAO_ADDR");
/// ```
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

/// The coarse meaning of an [`Error`]; new kinds may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller's configuration cannot work; change it.
    Config,
    /// The server does not know who we are: a login failed, or a token has ended.
    Unauthenticated,
    /// The server knows us and refuses.
    PermissionDenied,
    /// The thing named does not exist: a secret, a role, a lease, a mount.
    NotFound,
    /// Somebody else changed it first: a check-and-set mismatch.
    Conflict,
    /// The server understood the request and refused its contents.
    InvalidRequest,
    /// Too many requests; see [`Error::retry`] for how long to wait.
    RateLimited,
    /// The server cannot serve now: sealed, not initialised, standby, overloaded, its backend down.
    Unavailable,
    /// No answer within the limit.
    Timeout,
    /// No connection was made; the request never left.
    Connect,
    /// The peer is not who it must be, or the connection's security could not be established.
    Tls,
    /// Our own identity is missing, withdrawn or no longer valid.
    Identity,
    /// The answer is not what the protocol promises, or larger than the limit.
    Decode,
    /// A credential, lease or token came to its end.
    Expired,
    /// The object was shut down.
    Closed,
    /// None of the above; the source says more.
    Other,
}

/// Whether trying the same thing again can succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAdvice {
    /// It cannot, unless something else changes first.
    Never,
    /// It can, after a growing pause.
    Backoff,
    /// It can, and the server said when.
    After(Duration),
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    service: Option<&'static str>,
    target: Option<Box<str>>,
    help: Option<Box<str>>,
    status: Option<u16>,
    code: Option<&'static str>,
    server_message: Option<Box<str>>,
    request_id: Option<Box<str>>,
    attempts: u32,
    elapsed: Duration,
    retry: Option<RetryAdvice>,
    outcome_unknown: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The longest text of a server that an error keeps, in bytes.
const MAX_SERVER_MESSAGE: usize = 512;

impl Error {
    /// An error of `kind` that happened while doing `operation` ("issue database credentials").
    pub fn new(kind: ErrorKind, operation: &'static str) -> Self {
        Self {
            inner: Arc::new(Inner {
                kind,
                operation,
                service: None,
                target: None,
                help: None,
                status: None,
                code: None,
                server_message: None,
                request_id: None,
                attempts: 1,
                elapsed: Duration::ZERO,
                retry: None,
                outcome_unknown: false,
                source: None,
            }),
        }
    }

    /// What happened.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What was being done.
    pub fn operation(&self) -> &'static str {
        self.inner.operation
    }

    /// The service that was asked ("openbao"), if one was.
    pub fn service(&self) -> Option<&'static str> {
        self.inner.service
    }

    /// What the operation was about: a path, a role, a socket. Never holds a query or a secret.
    pub fn target(&self) -> Option<&str> {
        self.inner.target.as_deref()
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.inner.help.as_deref()
    }

    /// The HTTP or gRPC status of the answer.
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// A stable word for the cause, finer than the kind: `sealed`, `cas_mismatch`, `lease_not_found`.
    pub fn code(&self) -> Option<&'static str> {
        self.inner.code
    }

    /// The server's own words, bounded and redacted.
    pub fn server_message(&self) -> Option<&str> {
        self.inner.server_message.as_deref()
    }

    /// The server's identifier of the request, to look it up in the audit log.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// How many times it was tried.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// How long all tries took together.
    pub fn elapsed(&self) -> Duration {
        self.inner.elapsed
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> RetryAdvice {
        self.inner.retry.unwrap_or(match self.inner.kind {
            ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Connect => {
                RetryAdvice::Backoff
            }
            _ => RetryAdvice::Never,
        })
    }

    /// Whether the server may have carried the request out although no answer came. A request that creates
    /// something must then not be repeated blindly.
    pub fn outcome_unknown(&self) -> bool {
        self.inner.outcome_unknown
    }

    /// Names the service.
    #[must_use]
    pub fn with_service(self, service: &'static str) -> Self {
        self.change(|inner| inner.service = Some(service))
    }

    /// Names what the operation was about. The caller vouches that it holds no secret.
    #[must_use]
    pub fn with_target(self, target: impl Into<String>) -> Self {
        let target = target.into().into_boxed_str();
        self.change(|inner| inner.target = Some(target))
    }

    /// Says what to do.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        let help = help.into().into_boxed_str();
        self.change(|inner| inner.help = Some(help))
    }

    /// Keeps the status of the answer.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    /// Keeps a stable word for the cause.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        self.change(|inner| inner.code = Some(code))
    }

    /// Keeps the server's words: redacted by [`crate::redact::text`], control characters removed, cut to 512 bytes.
    #[must_use]
    pub fn with_server_message(self, message: &str) -> Self {
        let clean = crate::redact::text(message, MAX_SERVER_MESSAGE).into_boxed_str();
        self.change(|inner| inner.server_message = Some(clean))
    }

    /// Keeps the server's identifier of the request.
    #[must_use]
    pub fn with_request_id(self, id: &str) -> Self {
        let id = crate::redact::text(id, 64).into_boxed_str();
        self.change(|inner| inner.request_id = Some(id))
    }

    /// Says how often and how long it was tried.
    #[must_use]
    pub fn with_attempts(self, attempts: u32, elapsed: Duration) -> Self {
        self.change(|inner| {
            inner.attempts = attempts;
            inner.elapsed = elapsed;
        })
    }

    /// Overrides the advice that follows from the kind.
    #[must_use]
    pub fn with_retry(self, advice: RetryAdvice) -> Self {
        self.change(|inner| inner.retry = Some(advice))
    }

    /// Marks that the server may have acted although no answer came.
    #[must_use]
    pub fn with_outcome_unknown(self) -> Self {
        self.change(|inner| inner.outcome_unknown = true)
    }

    /// Takes that mark off: what was asked changes nothing, so there is no doubt about what was done.
    #[must_use]
    pub fn with_outcome_known(self) -> Self {
        self.change(|inner| inner.outcome_unknown = false)
    }

    /// Keeps the cause. The caller vouches that its text holds no secret and no URL with a query.
    #[must_use]
    pub fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        let source: Arc<dyn StdError + Send + Sync> = Arc::new(source);
        self.change(|inner| inner.source = Some(source))
    }

    fn change(mut self, edit: impl FnOnce(&mut Inner)) -> Self {
        edit(Arc::make_mut(&mut self.inner));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.write_str(inner.operation)?;
        if let Some(target) = &inner.target {
            write!(f, " ({target})")?;
        }
        match &inner.help {
            Some(help) => write!(f, ": {help}")?,
            None => write!(f, ": {}", inner.kind)?,
        }
        if let Some(message) = &inner.server_message {
            write!(f, "; {} said: {message}", inner.service.unwrap_or("the server"))?;
        }
        if let Some(status) = inner.status {
            write!(f, " [status {status}]")?;
        }
        if inner.attempts > 1 {
            write!(f, " [after {} attempts in {:.1?}]", inner.attempts, inner.elapsed)?;
        }
        if let Some(id) = &inner.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("code", &inner.code)
            .field("message", &format_args!("{self}"))
            .field("outcome_unknown", &inner.outcome_unknown)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "the configuration cannot work",
            Self::Unauthenticated => "not authenticated",
            Self::PermissionDenied => "permission denied",
            Self::NotFound => "not found",
            Self::Conflict => "changed by somebody else in the meantime",
            Self::InvalidRequest => "the request was refused",
            Self::RateLimited => "too many requests",
            Self::Unavailable => "the service is unavailable",
            Self::Timeout => "no answer in time",
            Self::Connect => "no connection",
            Self::Tls => "no secure connection",
            Self::Identity => "no usable workload identity",
            Self::Decode => "the answer could not be read",
            Self::Expired => "expired",
            Self::Closed => "already shut down",
            Self::Other => "failed",
        })
    }
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_operation_target_help_and_the_servers_words() {
        let error = Error::new(ErrorKind::NotFound, "issue database credentials")
            .with_service("openbao")
            .with_target("database/creds/nosuch")
            .with_status(400)
            .with_server_message("unknown role: nosuch")
            .with_attempts(2, Duration::from_millis(1500));
        assert_eq!(
            error.to_string(),
            "issue database credentials (database/creds/nosuch): not found; openbao said: unknown role: nosuch \
             [status 400] [after 2 attempts in 1.5s]"
        );
    }

    #[test]
    fn a_clone_keeps_the_source_chain() {
        let io = std::io::Error::other("broken pipe");
        let error = Error::new(ErrorKind::Connect, "connect").with_source(io);
        let copy = error.clone().with_attempts(3, Duration::ZERO);
        assert_eq!(StdError::source(&copy).unwrap().to_string(), "broken pipe");
        assert_eq!((error.attempts(), copy.attempts()), (1, 3));
    }

    #[test]
    fn the_advice_follows_the_kind_unless_set() {
        assert_eq!(Error::new(ErrorKind::Unavailable, "x").retry(), RetryAdvice::Backoff);
        assert_eq!(Error::new(ErrorKind::Config, "x").retry(), RetryAdvice::Never);
        let after = RetryAdvice::After(Duration::from_secs(3));
        assert_eq!(Error::new(ErrorKind::RateLimited, "x").with_retry(after).retry(), after);
    }

    #[test]
    fn a_long_server_message_is_cut_and_cleaned() {
        let error = Error::new(ErrorKind::Other, "x").with_server_message(&"a\u{7}".repeat(5000));
        assert!(error.server_message().unwrap().len() <= MAX_SERVER_MESSAGE + '…'.len_utf8());
        assert!(!error.server_message().unwrap().contains('\u{7}'));
    }
}
