//! Where the users of a pool come from.

use std::time::Duration;

use catalyst_core::Result;

use super::{Connector, PoolSource};
use crate::rotation::{self, Policy, Rotating};
use crate::sources::{DatabaseCredentials, KvLogin};

/// Where the users of a pool come from: made for it by OpenBao's database engine, or written down in OpenBao by others.
#[derive(Debug)]
#[non_exhaustive]
pub enum Users {
    /// Made for us, and taken back when nothing uses them any more.
    Made(DatabaseCredentials),
    /// Written down by others, who replace them.
    Stored(KvLogin),
}

impl From<DatabaseCredentials> for Users {
    fn from(users: DatabaseCredentials) -> Self {
        Self::Made(users)
    }
}

impl From<KvLogin> for Users {
    fn from(users: KvLogin) -> Self {
        Self::Stored(users)
    }
}

/// How long a user that was replaced is used by those who have it, where the policy does not say: who replaces users
/// leaves the one before alone for longer.
const OVERLAP: Duration = Duration::from_secs(300);

impl Users {
    /// Opens the first pool of `connector`, and rotates from here on.
    pub(super) async fn start<C: Connector>(self, connector: C, policy: Policy) -> Result<Rotating<C::Pool>> {
        match self {
            Self::Made(users) => rotation::start(PoolSource::of(users, connector), policy).await,
            Self::Stored(users) => {
                rotation::start(PoolSource::of(users, connector), policy.or_drain_limit(OVERLAP)).await
            }
        }
    }
}
