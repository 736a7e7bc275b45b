//! Credentials of users that exist already, whose password the server changes in turn.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::Result;
use tokio::time::Instant;

use crate::{Credentials, RoleName};

/// The current password of a static role. There is no lease: the user stays, and its password changes at the end of
/// `ttl`, when the old one stops to work at once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StaticCredential {
    /// The user and its password as it is now.
    pub credentials: Credentials,
    /// Until the next rotation, counted from `read_at`. Zero means that the rotation is due and the password still
    /// the old one, for up to some ten seconds; read again.
    pub ttl: Duration,
    /// From one rotation to the next.
    pub rotation_period: Option<Duration>,
    /// When the server last changed the password, by the server's clock.
    pub last_rotation: Option<SystemTime>,
    /// Taken before the request was sent.
    pub read_at: Instant,
}

impl StaticCredential {
    /// A credential read at `read_at`, with neither period nor last rotation known.
    pub fn new(credentials: Credentials, ttl: Duration, read_at: Instant) -> Self {
        Self { credentials, ttl, rotation_period: None, last_rotation: None, read_at }
    }
}

/// Reads the passwords of static roles.
#[async_trait]
pub trait StaticCredentials: fmt::Debug + Send + Sync + 'static {
    /// The password of `role` as it is now. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is none, and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    async fn read(&self, role: &RoleName) -> Result<StaticCredential>;
}
