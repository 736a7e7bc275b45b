//! The sessions of one client: at most one that new calls use, and those that it superseded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Fetched, Result, TokenCache};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::auth::{self, Login};
use crate::denial::Denials;
use crate::operation::Operation;
use crate::refusal::SERVICE;
use crate::token::{Term, Token};
use crate::transport::Transport;
use crate::upkeep::Failures;

/// How many superseded sessions are remembered; the oldest beyond that end with their term.
const MAX_RETIRED: usize = 64;
/// A token without end is looked at again after this time, which any clock can add.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What to do about a refused token.
pub(crate) enum Verdict {
    /// Try once more with this one.
    Retry(Arc<Token>),
    /// The token is good: a policy forbids it.
    Denied,
}

#[derive(Debug)]
pub(crate) struct Sessions {
    login: Option<Login>,
    cache: TokenCache<Arc<Token>>,
    ledger: Mutex<Ledger>,
    denials: tokio::sync::Mutex<Denials>,
    closed: AtomicBool,
    /// A session came, was prolonged or went, or its last handle was dropped: the upkeep looks again.
    pub(crate) wake: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Ledger {
    /// The newest session, refused and ended ones included.
    latest: Option<Arc<Token>>,
    retired: Vec<Arc<Token>>,
    failures: Failures,
}

impl Ledger {
    fn retire(&mut self, token: Arc<Token>) {
        self.forget_ended();
        if self.retired.len() >= MAX_RETIRED {
            self.retired.remove(0);
        }
        self.retired.push(token);
    }

    fn forget_ended(&mut self) {
        let now = Instant::now();
        self.retired.retain(|token| !token.has_ended(now) && !token.is_lost());
    }
}

impl Sessions {
    pub(crate) fn new(login: Option<Login>) -> Self {
        Self {
            login,
            cache: TokenCache::new(),
            ledger: Mutex::default(),
            denials: tokio::sync::Mutex::default(),
            closed: AtomicBool::new(false),
            wake: Arc::new(Notify::new()),
        }
    }

    /// The token to use now; logs in, or prolongs it, where nobody did so in time. Waits no longer than `limit`.
    pub(crate) async fn token(&self, transport: &Transport, limit: Duration) -> Result<Arc<Token>> {
        self.check_open()?;
        let cached = tokio::time::timeout(limit, self.cache.get(|| self.prolong(transport))).await;
        cached.map_err(|_elapsed| too_late())?.map(|token| Arc::<Token>::clone(&token))
    }

    /// Prolongs the session, or replaces it, although it still serves.
    pub(crate) async fn keep(&self, transport: &Transport) -> Result<Arc<Token>> {
        self.check_open()?;
        self.cache.refresh(|| self.prolong(transport)).await.map(|token| Arc::<Token>::clone(&token))
    }

    /// Replaces the session; a static token is looked up once more.
    pub(crate) async fn replace(&self, transport: &Transport) -> Result<Arc<Token>> {
        self.check_open()?;
        let before = self.ledger().latest.as_ref().map(|token| token.id());
        let mut token = self.cache.refresh(|| self.log_in(transport)).await?;
        if before == Some(token.id()) && self.makes_tokens() {
            // It was being prolonged just then, and that is not what was asked for.
            token = self.cache.refresh(|| self.log_in(transport)).await?;
        }
        Ok(Arc::<Token>::clone(&token))
    }

    /// A token that lives at least as long as a lease of `needed`, if a renewal or a fresh login can give that.
    pub(crate) async fn token_for(
        &self,
        transport: &Transport,
        needed: Duration,
        limit: Duration,
    ) -> Result<Arc<Token>> {
        let mut token = self.token(transport, limit).await?;
        for renew in [true, false] {
            if token.outlives(needed, Instant::now()) {
                break;
            }
            let better = match renew {
                true if token.term().renewable => self.keep(transport).await,
                false if self.makes_tokens() => self.replace(transport).await,
                _ => continue,
            };
            match better {
                Ok(better) => token = better,
                Err(error) => {
                    // The lease says that it ends with its session, so that a short one does no harm.
                    tracing::warn!(%error, "no longer session was to be had for a lease");
                    break;
                }
            }
        }
        Ok(token)
    }

    /// The server refused `used` in a request made at `asked`. It does not say why; so the token is looked up, once
    /// for all who were refused.
    pub(crate) async fn refused(
        &self,
        transport: &Transport,
        used: &Arc<Token>,
        asked: Instant,
    ) -> Result<Verdict> {
        let mut denials = self.denials.lock().await;
        self.check_open()?;
        if let Some(current) = self.cache.peek()
            && current.id() != used.id()
        {
            return Ok(Verdict::Retry(Arc::<Token>::clone(&current)));
        }
        if !denials.knows_alive(used.id(), asked) {
            match auth::look_up(transport, &used.secret).await {
                Ok(_) => denials.alive(used.id(), Instant::now()),
                Err(error) if error.code() == Some("invalid_token") => {
                    tracing::info!(session = used.id(), "the server no longer knows our token");
                    used.lost();
                    self.forget(used);
                    let token = self.cache.get(|| self.log_in(transport)).await?;
                    return Ok(Verdict::Retry(Arc::<Token>::clone(&token)));
                }
                Err(error) => return Err(error),
            }
        }
        // The token is good. Its policies may have changed since it was made; a new login shows that, but it also
        // ends the session, so that it is not done each time somebody asks for what is forbidden.
        if !self.makes_tokens() || !denials.may_log_in(Instant::now()) {
            return Ok(Verdict::Denied);
        }
        self.replace(transport).await.map(Verdict::Retry)
    }

    /// What a second try with a fresh token showed.
    pub(crate) async fn tried_again(&self, was_cured: bool) {
        self.denials.lock().await.tried_again(was_cured, Instant::now());
    }

    /// What the upkeep plans by: the newest session's term, unless nobody has logged in yet or nothing can be done.
    pub(crate) fn outlook(&self) -> Option<(Term, Failures)> {
        let ledger = self.ledger();
        let latest = ledger.latest.as_ref()?;
        let mut term = latest.term();
        if latest.is_lost() && self.makes_tokens() {
            // Due at once, and from then on as often as its failures allow.
            term = Term { ttl: Some(Duration::ZERO), ..term };
        } else if !term.renewable && !self.makes_tokens() {
            return None;
        }
        Some((term, ledger.failures))
    }

    /// Counts a failed upkeep.
    pub(crate) fn failed(&self) {
        let mut ledger = self.ledger();
        ledger.failures = ledger.failures.one_more(Instant::now());
    }

    /// The superseded sessions that nobody uses. They are forgotten once they are marked as lost.
    pub(crate) fn unused(&self) -> Vec<Arc<Token>> {
        let mut ledger = self.ledger();
        ledger.forget_ended();
        // Whoever still has a call in flight holds the token itself.
        let unused =
            |token: &&Arc<Token>| token.ours && !token.keeper.is_held() && Arc::strong_count(token) == 1;
        ledger.retired.iter().filter(unused).map(Arc::clone).collect()
    }

    /// No session from here on. Returns those that are to be revoked: all that were made for us and not revoked yet.
    pub(crate) fn close(&self) -> Vec<Arc<Token>> {
        self.closed.store(true, Ordering::Release);
        self.cache.take();
        let mut ledger = self.ledger();
        let latest = ledger.latest.take();
        ledger.retired.extend(latest);
        ledger.forget_ended();
        let all = ledger.retired.iter().filter(|token| token.ours).map(Arc::clone).collect();
        drop(ledger);
        self.wake.notify_one();
        all
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn makes_tokens(&self) -> bool {
        self.login.as_ref().is_some_and(Login::makes_tokens)
    }

    fn check_open(&self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::new(ErrorKind::Closed, "use OpenBao client")
                .with_service(SERVICE)
                .with_help("the client was shut down"));
        }
        Ok(())
    }

    /// Renews the newest session where that is possible, and logs in otherwise.
    async fn prolong(&self, transport: &Transport) -> Result<Fetched<Arc<Token>>> {
        let latest = self.ledger().latest.clone();
        let Some(token) = latest.filter(|token| token.can_be_renewed(Instant::now())) else {
            return self.log_in(transport).await;
        };
        match auth::renew(transport, &token.secret).await {
            Ok(term) => {
                token.renewed(term);
                tracing::debug!(session = token.id(), ttl_s = ?term.ttl.map(|ttl| ttl.as_secs()), "session renewed");
                self.succeeded();
                Ok(fetched(token))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::InvalidRequest) => {
                tracing::info!(session = token.id(), %error, "the session cannot be renewed");
                if error.kind() == ErrorKind::Unauthenticated {
                    token.lost();
                }
                self.log_in(transport).await
            }
            Err(error) => Err(error),
        }
    }

    /// Logs in; the session so far is superseded only once that has succeeded.
    async fn log_in(&self, transport: &Transport) -> Result<Fetched<Arc<Token>>> {
        let login = self.login.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Config, Operation::Login.name())
                .with_service(SERVICE)
                .with_help("no login is configured; give one to the builder")
        })?;
        let granted = login.exchange(transport).await.map_err(|error| error.with_service(SERVICE))?;
        if self.is_closed() {
            if granted.ours {
                auth::revoke(transport, &granted.secret).await?;
            }
            self.check_open()?;
        }
        let mut ledger = self.ledger();
        ledger.failures = Failures::default();
        if let Some(latest) = ledger.latest.as_ref().filter(|latest| !granted.ours && !latest.is_lost()) {
            // The same token, looked at again: its leases live on.
            latest.renewed(granted.term);
            return Ok(fetched(Arc::clone(latest)));
        }
        let token = Arc::new(Token::new(granted.secret, granted.term, granted.ours, &self.wake));
        if let Some(old) = ledger.latest.replace(Arc::clone(&token)) {
            old.superseded();
            ledger.retire(old);
        }
        drop(ledger);
        tracing::info!(session = token.id(), ttl_s = ?granted.term.ttl.map(|ttl| ttl.as_secs()), "logged in");
        self.wake.notify_one();
        Ok(fetched(token))
    }

    fn succeeded(&self) {
        self.ledger().failures = Failures::default();
        self.wake.notify_one();
    }

    fn forget(&self, token: &Arc<Token>) {
        if let Some(current) = self.cache.peek()
            && current.id() == token.id()
        {
            self.cache.invalidate(&current);
        }
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where no upkeep runs, calls prolong the session from three quarters of its term on.
fn fetched(token: Arc<Token>) -> Fetched<Arc<Token>> {
    let term = token.term();
    let ttl = term.ttl.unwrap_or(FOR_EVER).min(FOR_EVER);
    let (refresh_at, expires_at) = (term.issued_at + ttl.mul_f64(0.75), term.issued_at + ttl);
    // What can neither be renewed nor replaced is used to its end.
    let refresh_at = if term.renewable || token.ours { refresh_at } else { expires_at };
    Fetched { value: token, refresh_at, expires_at }
}

fn too_late() -> Error {
    Error::new(ErrorKind::Timeout, Operation::Login.name())
        .with_service(SERVICE)
        .with_help("no session was to be had in time")
}
