//! The client that an application holds.

use std::fmt;
use std::io;
use std::time::Duration;

use catalyst_core::{Error, Result};
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, Value};

use super::{ValkeyConnection, ValkeyConnector};
use crate::pool::client::{Failed, RotatingClient, RotatingClientBuilder};
use crate::pool::{ClientConnector, Users};
use crate::rotation::{Events, Generation, Health, InUse, Policy, Rotating};

/// A client of Valkey whose user is replaced before it ends. Cheap to clone.
///
/// `&mut RotatingValkey` goes wherever a `&mut ConnectionManager` goes: it is a
/// [`ConnectionLike`](redis::aio::ConnectionLike). A command or pipeline keeps its generation until it is answered;
/// the user of the one before is taken back after that, which ends its connection. A login that the server refuses
/// causes an early rotation, and the command waits for it. A command on a connection that the server has just ended
/// fails as with the bare driver, for it may have been executed.
///
/// Subscriptions and other states of a connection do not move over; for them, [`checkout`](Self::checkout) a
/// connection, and take another when it is superseded.
///
/// ```no_run
/// # async fn example(mut carts: catalyst_sdk::pool::redis::RotatingValkey) -> redis::RedisResult<()> {
/// let open: u64 = redis::cmd("DBSIZE").query_async(&mut carts).await?;
/// redis::pipe().atomic().set("cart:1", "tea").expire("cart:1", 60).exec_async(&mut carts).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RotatingValkey(RotatingClient<ValkeyConnector>);

/// What a [`RotatingValkey`] is made of.
#[derive(Debug)]
#[must_use]
pub struct RotatingValkeyBuilder(RotatingClientBuilder<ValkeyConnector>);

impl RotatingValkeyBuilder {
    /// When the user is replaced, and how patiently.
    pub fn policy(self, policy: Policy) -> Self {
        Self(self.0.policy(policy))
    }

    /// How long a command whose login was refused waits for the next user. Default: 30 s.
    pub fn wait(self, limit: Duration) -> Self {
        Self(self.0.wait(limit))
    }

    /// Gets the first user, connects with it, and rotates from here on.
    ///
    /// # Errors
    /// Those of [`rotation::start`](crate::rotation::start): the role or the secret, the policy, OpenBao or the server.
    ///
    /// # Cancel safety
    /// Safe: a user that was made is given back.
    pub async fn start(self) -> Result<RotatingValkey> {
        self.0.start().await.map(RotatingValkey)
    }
}

impl RotatingValkey {
    /// A client of what `connector` connects to, as `users`.
    pub fn builder(users: impl Into<Users>, connector: ValkeyConnector) -> RotatingValkeyBuilder {
        RotatingValkeyBuilder(RotatingClient::builder(users, connector))
    }

    /// The connection of this moment, which keeps its generation as long as the guard lives: clone it to use it.
    ///
    /// # Errors
    /// `Closed` after a shutdown.
    pub fn checkout(&self) -> Result<InUse<ValkeyConnection>> {
        self.0.checkout()
    }

    /// The driver's error as one of ours: where a credential came to its end, why it did.
    pub fn explain(error: RedisError) -> Error {
        ValkeyConnector::explain(error)
    }

    /// Which generation is in use.
    pub fn generation(&self) -> Generation {
        self.0.generation()
    }

    /// The condition, for a readiness probe.
    pub fn health(&self) -> Health {
        self.0.health()
    }

    /// What happens from here on.
    pub fn events(&self) -> Events {
        self.0.events()
    }

    /// The rotating value itself.
    pub fn rotating(&self) -> &Rotating<ValkeyConnection> {
        self.0.rotating()
    }

    /// Waits for the commands in flight and gives the users back, within `limit`. Calling it again waits for the same
    /// end.
    ///
    /// # Errors
    /// `Timeout` if something was left to its TTL.
    ///
    /// # Cancel safety
    /// The shutdown goes on.
    pub async fn shutdown(&self, limit: Duration) -> Result<()> {
        self.0.shutdown(limit).await
    }
}

impl ConnectionLike for RotatingValkey {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let send = move |mut connection: ValkeyConnection| async move {
            connection.req_packed_command(command).await
        };
        Box::pin(async move { self.0.call(send).await.map_err(told) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let send = move |mut connection: ValkeyConnection| async move {
            connection.req_packed_commands(pipeline, offset, count).await
        };
        Box::pin(async move { self.0.call(send).await.map_err(told) })
    }

    fn get_db(&self) -> i64 {
        self.0.rotating().current().get_db()
    }
}

/// The driver's form of our error.
pub(super) fn told(failed: Failed<RedisError>) -> RedisError {
    match failed {
        Failed::Ended(why) => io::Error::other(Told(why)).into(),
        Failed::Met(error) => error,
    }
}

/// Ours as a source: an error of `std::io` shows the source of what it holds, and not what it holds.
#[derive(Debug)]
struct Told(Error);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Told {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
