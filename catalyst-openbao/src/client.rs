//! The client.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Attempt, Idempotency, Result, retry};

use crate::api::{Api, within};
use crate::{Database, Kv2, Leases, Mount, OpenBaoBuilder, Session, Warnings, maintain};

/// A client of one OpenBao server, or of one cluster. Cheap to clone; clones share connections, session and limits.
///
/// It logs in at the first call that needs it, once for all who ask. Someone has to keep the session alive: spawn
/// [`OpenBao::maintain`]. Without that, calls prolong the session when it is due, and idle clients let it end.
///
/// ```
/// use catalyst_openbao::{Login, OpenBao, Secret, SecretStore};
///
/// # async fn example() -> catalyst_openbao::Result<()> {
/// let bao = OpenBao::builder("https://bao.internal:8200")?
///     .login(Login::app_role("orders", Secret::new("…")))
///     .build()?;
/// let upkeep = tokio::spawn(bao.maintain());
/// let secret = bao.kv("secret".parse()?).read(&"orders/db".parse()?, None).await?;
/// println!("version {}", secret.metadata.version);
/// upkeep.abort();
/// bao.shutdown(std::time::Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenBao {
    pub(crate) api: Arc<Api>,
}

impl OpenBao {
    /// Sets up a client of the server at `address`, such as `https://bao.internal:8200`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if that is no address.
    pub fn builder(address: &str) -> Result<OpenBaoBuilder> {
        OpenBaoBuilder::new(address)
    }

    /// Sets up a client of the nodes of one cluster: calls go to the active node, and follow it through an election
    /// within the caller's deadline. What creates something is made at another node only if it certainly had no
    /// effect at the first. One address is the same as [`OpenBao::builder`].
    ///
    /// ```
    /// use catalyst_openbao::{OpenBao, ReadFrom};
    ///
    /// # fn example() -> catalyst_openbao::Result<()> {
    /// let nodes = ["https://a.bao:8200", "https://b.bao:8200", "https://c.bao:8200"];
    /// let bao = OpenBao::builder_for(nodes)?.read_from(ReadFrom::Nearest).build()?;
    /// assert_eq!(bao.cluster().map(|cluster| cluster.nodes().len()), Some(3));
    /// # Ok(())
    /// # }
    /// # example().unwrap();
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no address, one is none, one is named twice, or
    /// some are `http` and others `https`.
    pub fn builder_for<A: AsRef<str>>(addresses: impl IntoIterator<Item = A>) -> Result<OpenBaoBuilder> {
        let addresses: Vec<A> = addresses.into_iter().collect();
        let addresses: Vec<&str> = addresses.iter().map(AsRef::as_ref).collect();
        OpenBaoBuilder::for_nodes(&addresses)
    }

    /// The KV version 2 engine at `mount`.
    pub fn kv(&self, mount: Mount) -> Kv2 {
        Kv2::new(Arc::clone(&self.api), mount)
    }

    /// The database engine at `mount`.
    pub fn database(&self, mount: Mount) -> Database {
        Database::new(Arc::clone(&self.api), mount)
    }

    /// Leases of any engine.
    pub fn leases(&self) -> Leases {
        Leases::new(Arc::clone(&self.api))
    }

    /// The current session; logs in if there is none. While the handle is held, the session's token is not revoked
    /// when a newer one takes its place.
    ///
    /// # Errors
    /// Code `bad_credentials` if the login is refused, `unknown_role` or `unknown_mount` if it cannot be found, and
    /// what the source of the identity says.
    ///
    /// # Cancel safety
    /// A login in flight may leave a token behind that ends with its term.
    pub async fn session(&self) -> Result<Session> {
        let get = |attempt: Attempt| within(attempt.remaining, self.api.sessions.token());
        let token = retry(&self.api.retry, &self.api.budget, Idempotency::Repeatable, get).await?;
        Ok(token.keeper.session())
    }

    /// Logs in although the session still serves, as after a rotation of the client certificate. The session so far
    /// becomes [`Ending`](crate::Standing::Ending); its token is revoked by [`OpenBao::maintain`] once nobody holds
    /// it or a lease of it. If the login fails, everything stays as it was. With a static token it is looked up
    /// again.
    ///
    /// # Errors
    /// As [`OpenBao::session`].
    ///
    /// # Cancel safety
    /// As [`OpenBao::session`].
    pub async fn login_anew(&self) -> Result<Session> {
        let replace = |attempt: Attempt| within(attempt.remaining, self.api.sessions.replace());
        let token = retry(&self.api.retry, &self.api.budget, Idempotency::Repeatable, replace).await?;
        Ok(token.keeper.session())
    }

    /// Keeps the session alive, from the first login on: renews its token at two thirds of its term, or up to a
    /// twentieth of the term earlier; logs in anew where renewing is not possible or its maximum is reached; revokes
    /// superseded sessions that nobody holds. After a failure it tries again, at first soon, later once a minute,
    /// for ever. One is enough for all clones.
    ///
    /// # Cancel safety
    /// It can be dropped at any time, and started again.
    pub fn maintain(&self) -> impl Future<Output = Infallible> + Send + use<> {
        maintain::maintain(Arc::clone(&self.api.sessions))
    }

    /// Revokes every token that was made for this client, and with them every lease, and refuses calls from then on
    /// with [`ErrorKind::Closed`](crate::ErrorKind::Closed). Takes at most `limit`. A second call tries what the
    /// first could not revoke.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) or the server's error if a token was not revoked. The client
    /// is shut down all the same, and the token ends with its term.
    ///
    /// # Cancel safety
    /// The client is shut down; some tokens may not be revoked. Call it again.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        maintain::shutdown(&self.api.sessions, limit).await
    }

    /// A client over the same connections whose session has this token.
    #[cfg(feature = "bootstrap")]
    pub(crate) fn with_token(&self, token: catalyst_core::Secret) -> Self {
        let Api { transport, retry, .. } = &*self.api;
        let login = crate::Login::token(token);
        let authority = crate::auth::Server::new(Some(login), Arc::clone(transport));
        let sessions = Arc::new(crate::sessions::Sessions::new(Arc::new(authority)));
        let (retry, budget) = (retry.clone(), catalyst_core::RetryBudget::default());
        Self { api: Arc::new(Api { transport: Arc::clone(transport), sessions, retry, budget }) }
    }

    /// The server's warnings from now on. They are logged as well.
    pub fn warnings(&self) -> Warnings {
        self.api.transport.warnings.subscribe()
    }
}
