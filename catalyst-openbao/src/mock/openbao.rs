//! The in-memory stand-in for the client.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::model::{Call, Fault, LoggedIn, Model, Operation as Kind, Refusal, TokenGrant};
use super::{MockDatabase, MockKv};
use crate::operation::Operation;
use crate::refusal::{Remains, SERVICE, denied, redirected, refusal};
use crate::{Login, Mount, OpenBao, Session, SessionKeeper, Standing};

/// An OpenBao in memory that implements the traits of this crate. Cheap to clone; clones share session and server.
///
/// It differs from the real client in three ways, each to keep a test in control: it tries each call once, so that
/// a scripted [`Fault`] reaches the caller; it logs in without an assertion; and it renews no token by itself, so a
/// session from [`MockOpenBao::tokens`] is [`Standing::Ending`] from the start. As the real client does, it logs in anew
/// after a 403, once, and before a mint whose lease would outlive the token.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::mock::{MockOpenBao, MockRole};
/// use catalyst_openbao::{DynamicCredentials, Mount, RoleName};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let bao = MockOpenBao::new();
/// let role: RoleName = "orders-rw".parse()?;
/// let database = bao.database("database".parse::<Mount>()?).role(&role, MockRole::new(Duration::from_secs(60)));
///
/// let lease = database.issue(&role).await?;
/// assert!(bao.model().password_of(&lease.value.username).is_some());
///
/// tokio::time::advance(Duration::from_secs(60)).await;
/// assert!(bao.model().password_of(&lease.value.username).is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MockOpenBao {
    model: Model,
    tokens: TokenGrant,
    timeout: Duration,
    login: Arc<Mutex<Option<LoginState>>>,
}

struct LoginState {
    token: String,
    expires_at: Option<Instant>,
    keeper: SessionKeeper,
    /// The longest lease that a mint gave so far: the next one is expected to be as long.
    longest_lease: Duration,
}

impl MockOpenBao {
    /// A client of a server of its own, whose token never ends.
    pub fn new() -> Self {
        Self::on(Model::new())
    }

    /// A client of the server given. A second client of one server has a session of its own.
    pub fn on(model: Model) -> Self {
        let timeout = Duration::from_secs(30);
        Self { model, tokens: TokenGrant::endless(), timeout, login: Arc::default() }
    }

    /// Logins get tokens like this from here on.
    #[must_use]
    pub fn tokens(self, grant: TokenGrant) -> Self {
        Self { tokens: grant, login: Arc::default(), ..self }
    }

    /// How long a call waits for an answer that never comes; 30 s at first.
    #[must_use]
    pub fn timeout(self, limit: Duration) -> Self {
        Self { timeout: limit, ..self }
    }

    /// The server behind.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The real client, which speaks to this server in memory, in the server's JSON: every engine and all of its
    /// refusals, without a socket and in virtual time. Its token may do everything and never ends.
    ///
    /// # Errors
    /// None that a test would see: the settings are fixed.
    pub fn client(&self) -> Result<OpenBao> {
        self.client_with(self.model.root_token())
    }

    /// [`MockOpenBao::client`] with this token, of [`Model::new_token`].
    ///
    /// # Errors
    /// As [`MockOpenBao::client`].
    pub fn client_with(&self, token: catalyst_core::Secret) -> Result<OpenBao> {
        self.client_by(Login::token(token))
    }

    /// [`MockOpenBao::client`] that logs in like this, as far as a login method of the model lets it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a login by certificate, which needs TLS.
    pub fn client_by(&self, login: Login) -> Result<OpenBao> {
        OpenBao::builder("http://127.0.0.1")?
            .login(login)
            .timeout(self.timeout)
            .in_memory(self.model.clone())
            .build()
    }

    /// The KV engine at `mount`.
    pub fn kv(&self, mount: Mount) -> MockKv {
        MockKv::new(self.clone(), mount)
    }

    /// The database engine at `mount`.
    pub fn database(&self, mount: Mount) -> MockDatabase {
        MockDatabase::new(self.clone(), mount)
    }

    /// The session now; logs in when there is none.
    pub fn session(&self) -> Session {
        let mut login = lock(&self.login);
        self.current(&mut login).keeper.session()
    }

    /// Logs in anew. The old session is [`Standing::Ending`] from now on, and its leases live until its token ends.
    pub fn login_anew(&self) -> Session {
        let mut login = lock(&self.login);
        if let Some(old) = login.take() {
            old.keeper.set(old.expires_at, Standing::Ending);
        }
        self.current(&mut login).keeper.session()
    }

    /// The login in use; a token that the server no longer knows makes way for a new one.
    fn current<'l>(&self, login: &'l mut Option<LoginState>) -> &'l mut LoginState {
        if let Some(old) = login.take_if(|old| !self.model.knows_token(&old.token)) {
            old.keeper.set(old.expires_at, Standing::Lost);
        }
        login.get_or_insert_with(|| {
            let LoggedIn { token, expires_at } = self.model.log_in_as(&self.tokens);
            let standing = if expires_at.is_none() { Standing::Lasting } else { Standing::Ending };
            let keeper = SessionKeeper::new(expires_at, standing);
            LoginState { token, expires_at, keeper, longest_lease: Duration::ZERO }
        })
    }

    /// Logs in anew if the token ends before a lease as long as the longest so far would, and a new token lasts longer.
    pub(super) fn prepare_mint(&self) {
        let mut login = lock(&self.login);
        let (end, lease) = {
            let now = self.current(&mut login);
            (now.expires_at, now.longest_lease)
        };
        let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        if left < lease && self.tokens.lifetime().is_none_or(|fresh| fresh > left) {
            drop(login);
            drop(self.login_anew());
        }
    }

    pub(super) fn note_lease(&self, ttl: Duration) {
        if let Some(login) = lock(&self.login).as_mut() {
            login.longest_lease = login.longest_lease.max(ttl);
        }
    }

    /// Makes one call: the fault that is scripted for it, the model, and the client's reading of a refusal.
    pub(super) async fn call<T>(
        &self,
        operation: Operation,
        kind: Kind,
        path: &str,
        act: impl Fn(&Call) -> Result<T, Refusal> + Send,
    ) -> Result<(T, Session)> {
        let first = self.attempt(operation, kind, path, &act).await;
        match first {
            Err(error) if error.status() == Some(403) => {
                self.login_after_refusal();
                let second = self.attempt(operation, kind, path, &act).await;
                second.map_err(|error| if error.status() == Some(403) { denied(&error) } else { error })
            }
            other => other,
        }
        .map_err(|error| error.with_target(path))
    }

    async fn attempt<T>(
        &self,
        operation: Operation,
        kind: Kind,
        path: &str,
        act: &(impl Fn(&Call) -> Result<T, Refusal> + Send),
    ) -> Result<(T, Session)> {
        let (mut call, session) = {
            let mut login = lock(&self.login);
            let login = self.current(&mut login);
            (Call { token: Some(login.token.clone()), ..Call::default() }, login.keeper.session())
        };
        let failed = |kind| Error::new(kind, operation.name()).with_service(SERVICE);
        let cut_off = || failed(ErrorKind::Unavailable).with_outcome_unknown();
        let fault = self.model.arrive(kind, path);
        match &fault {
            Some(Fault::Drop) => return Err(cut_off()),
            Some(Fault::Refuse(refused)) => return Err(read(operation, refused)),
            Some(Fault::ClipTtl(limit)) => call.clip = Some(*limit),
            _ => {}
        }
        let answer = act(&call);
        let pause = match fault {
            Some(Fault::DropAnswer) => return Err(cut_off()),
            Some(Fault::OversizedBody(_) | Fault::NotJson) => {
                return Err(failed(ErrorKind::Decode).with_outcome_unknown());
            }
            Some(Fault::NoAnswer) => Duration::MAX,
            Some(Fault::Delay(pause)) => pause,
            _ => Duration::ZERO,
        };
        if !pause.is_zero() {
            tokio::time::sleep(pause.min(self.timeout)).await;
        }
        if pause > self.timeout {
            return Err(failed(ErrorKind::Timeout).with_outcome_unknown());
        }
        answer.map(|value| (value, session)).map_err(|refused| read(operation, &refused))
    }

    /// A token that is still good may have been made before its policies allowed this; a new one shows it.
    fn login_after_refusal(&self) {
        let mut login = lock(&self.login);
        if let Some(old) = login.take() {
            let good = self.model.knows_token(&old.token);
            old.keeper.set(old.expires_at, if good { Standing::Ending } else { Standing::Lost });
        }
    }
}

/// What the client makes of a refusal.
pub(super) fn read(operation: Operation, refused: &Refusal) -> Error {
    if let Some(location) = refused.location() {
        let origin = location.split('/').take(3).collect::<Vec<_>>().join("/");
        return redirected(operation, refused.status(), Some(&origin));
    }
    let listed = refused.body().and_then(|body| body["errors"].as_array());
    let texts = listed.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned));
    let error = refusal(operation, refused.status(), &texts.collect::<Vec<_>>(), Remains::Nothing);
    match refused.retry_after() {
        Some(pause) => error.with_retry(catalyst_core::RetryAdvice::After(pause)),
        None => error,
    }
}

impl Default for MockOpenBao {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MockOpenBao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockOpenBao").field("model", &self.model).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
