//! What the checks are pointed at.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;

use crate::mock::Model;
use crate::{Credentials, RoleName};

/// Tells whether the database lets somebody in.
#[async_trait]
pub trait Doorman: Send + Sync {
    /// Whether a new connection with these credentials succeeds.
    async fn lets_in(&self, credentials: &Credentials) -> bool;
}

#[async_trait]
impl Doorman for Model {
    async fn lets_in(&self, credentials: &Credentials) -> bool {
        self.password_of(&credentials.username).as_ref() == Some(&credentials.password)
    }
}

/// A dynamic role whose leases last seconds, and the database behind it.
#[derive(Clone, Copy)]
pub struct DynamicSetting<'a> {
    /// The role.
    pub role: &'a RoleName,
    /// Its `default_ttl`: at least two seconds.
    pub ttl: Duration,
    /// Its `max_ttl`: at least two seconds more.
    pub max_ttl: Duration,
    /// The database.
    pub database: &'a dyn Doorman,
}

impl Debug for DynamicSetting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicSetting")
            .field("role", &self.role)
            .field("ttl", &self.ttl)
            .field("max_ttl", &self.max_ttl)
            .finish_non_exhaustive()
    }
}
