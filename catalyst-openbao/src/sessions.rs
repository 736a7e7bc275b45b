//! The sessions of one client: at most one that new calls use, and those that it superseded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Fetched, Result, TokenCache};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::auth::{Authority, Granted};
use crate::denial::Denials;
use crate::refusal::SERVICE;
use crate::token::{Term, Token};
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
    authority: Arc<dyn Authority>,
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
    pub(crate) fn new(authority: Arc<dyn Authority>) -> Self {
        Self {
            authority,
            cache: TokenCache::new(),
            ledger: Mutex::default(),
            denials: tokio::sync::Mutex::default(),
            closed: AtomicBool::new(false),
            wake: Arc::new(Notify::new()),
        }
    }

    /// The token to use now, if it is there and nothing is due.
    pub(crate) fn ready(&self) -> Option<Arc<Token>> {
        if self.is_closed() {
            return None;
        }
        self.cache.fresh().map(|token| Arc::<Token>::clone(&token))
    }

    /// The token to use now; logs in, or prolongs it, where nobody did so in time.
    pub(crate) async fn token(&self) -> Result<Arc<Token>> {
        self.check_open()?;
        self.cache.get(|| self.prolong()).await.map(|token| Arc::<Token>::clone(&token))
    }

    /// Prolongs the session, or replaces it, although it still serves.
    pub(crate) async fn keep(&self) -> Result<Arc<Token>> {
        self.check_open()?;
        self.cache.refresh(|| self.prolong()).await.map(|token| Arc::<Token>::clone(&token))
    }

    /// Replaces the session; a static token is looked up once more.
    pub(crate) async fn replace(&self) -> Result<Arc<Token>> {
        self.check_open()?;
        let before = self.ledger().latest.as_ref().map(|token| token.id());
        let mut token = self.cache.refresh(|| self.log_in()).await?;
        if before == Some(token.id()) && self.authority.makes_tokens() {
            // It was being prolonged just then, and that is not what was asked for.
            token = self.cache.refresh(|| self.log_in()).await?;
        }
        Ok(Arc::<Token>::clone(&token))
    }

    /// A token that lives at least as long as a lease of `needed`, if a renewal or a fresh login can give that.
    pub(crate) async fn token_for(&self, needed: Duration) -> Result<Arc<Token>> {
        let mut token = self.token().await?;
        for renew in [true, false] {
            if token.outlives(needed, Instant::now()) {
                break;
            }
            let better = match renew {
                true if token.term().renewable => self.keep().await,
                false if self.authority.makes_tokens() => self.replace().await,
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
    pub(crate) async fn refused(&self, used: &Arc<Token>, asked: Instant) -> Result<Verdict> {
        let mut denials = self.denials.lock().await;
        self.check_open()?;
        if let Some(current) = self.cache.peek()
            && current.id() != used.id()
        {
            return Ok(Verdict::Retry(Arc::<Token>::clone(&current)));
        }
        if !denials.knows_alive(used.id(), asked) {
            match self.authority.look_up(&used.secret).await {
                Ok(_) => denials.alive(used.id(), Instant::now()),
                Err(error) if error.code() == Some("invalid_token") => {
                    tracing::info!(session = used.id(), "the server no longer knows our token");
                    used.lost();
                    self.forget(used);
                    let token = self.cache.get(|| self.log_in()).await?;
                    return Ok(Verdict::Retry(Arc::<Token>::clone(&token)));
                }
                Err(error) => return Err(error),
            }
        }
        // The token is good. Its policies may have changed since it was made; a new login shows that, but it also
        // ends the session, so that it is not done each time somebody asks for what is forbidden.
        if !self.authority.makes_tokens() || !denials.may_log_in(Instant::now()) {
            return Ok(Verdict::Denied);
        }
        match self.replace().await {
            Ok(fresh) => Ok(Verdict::Retry(fresh)),
            Err(error) => {
                tracing::debug!(%error, "no new login after a refusal");
                Ok(Verdict::Denied)
            }
        }
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
        if latest.is_lost() && self.authority.makes_tokens() {
            // Due at once, and from then on as often as its failures allow.
            term = Term { ttl: Some(Duration::ZERO), ..term };
        } else if !term.renewable && !self.authority.makes_tokens() {
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
        let mut ledger = self.ledger();
        // With the ledger locked: a login that is under way sees it, or is in the ledger.
        self.closed.store(true, Ordering::Release);
        self.cache.take();
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

    fn check_open(&self) -> Result<()> {
        if self.is_closed() { Err(closed()) } else { Ok(()) }
    }

    /// Renews the newest session where that is possible, and logs in otherwise.
    async fn prolong(&self) -> Result<Fetched<Arc<Token>>> {
        let latest = self.ledger().latest.clone();
        let Some(token) = latest.filter(|token| token.can_be_renewed(Instant::now())) else {
            return self.log_in().await;
        };
        match self.authority.renew(&token.secret).await {
            Ok(term) => {
                token.renewed(term);
                tracing::debug!(session = token.id(), ttl_s = ?term.ttl.map(|ttl| ttl.as_secs()), "session renewed");
                self.succeeded();
                Ok(fetched(token))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::InvalidRequest) => {
                tracing::info!(session = token.id(), %error, "the session cannot be renewed");
                if error.kind() == ErrorKind::Unauthenticated && self.is_unknown(&token).await {
                    token.lost();
                }
                self.log_in().await
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the server no longer knows a token, so far as it says.
    async fn is_unknown(&self, token: &Token) -> bool {
        let looked = self.authority.look_up(&token.secret).await;
        looked.is_err_and(|error| error.code() == Some("invalid_token"))
    }

    /// Revokes a token that this client made.
    pub(crate) async fn revoke(&self, token: &Token) -> Result<()> {
        self.authority.revoke(&token.secret).await?;
        token.lost();
        Ok(())
    }

    /// Logs in; the session so far is superseded only once that has succeeded.
    async fn log_in(&self) -> Result<Fetched<Arc<Token>>> {
        let granted = self.authority.log_in().await?;
        match self.install(granted) {
            Ok(token) => Ok(fetched(token)),
            Err(granted) => {
                // The client was shut down meanwhile: nobody else knows of this token.
                if granted.ours {
                    self.authority.revoke(&granted.secret).await?;
                }
                Err(closed())
            }
        }
    }

    /// Makes a new token the one in use, unless the client is shut down.
    fn install(&self, granted: Granted) -> Result<Arc<Token>, Granted> {
        let mut ledger = self.ledger();
        if self.is_closed() {
            return Err(granted);
        }
        ledger.failures = Failures::default();
        if let Some(latest) = ledger.latest.as_ref().filter(|latest| !granted.ours && !latest.is_lost()) {
            // The same token, looked at again: its leases live on.
            latest.renewed(granted.term);
            return Ok(Arc::clone(latest));
        }
        let ttl_s = granted.term.ttl.map(|ttl| ttl.as_secs());
        let token = Arc::new(Token::new(granted.secret, granted.term, granted.ours, &self.wake));
        tracing::info!(session = token.id(), ?ttl_s, "logged in");
        if let Some(old) = ledger.latest.replace(Arc::clone(&token)) {
            old.superseded();
            ledger.retire(old);
        }
        self.wake.notify_one();
        Ok(token)
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

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "use OpenBao client")
        .with_service(SERVICE)
        .with_help("the client was shut down")
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
