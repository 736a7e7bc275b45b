//! Leases: what the server takes back at a certain time, or before.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use crate::Session;

/// The longest lease identifier, in bytes.
const MAX_BYTES: usize = 1024;

/// The server's name of a lease: `database/creds/orders-rw/JvPp…`. Not a secret: the audit log prints it in clear.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(Arc<str>);

impl LeaseId {
    /// The identifier as the server gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LeaseId {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::InvalidRequest`] if it is empty, longer than 1024 bytes, or holds a control character.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > MAX_BYTES || text.chars().any(char::is_control) {
            return Err(Error::new(ErrorKind::InvalidRequest, "read lease identifier")
                .with_help("expected the lease_id of an answer, such as database/creds/ROLE/ID"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseId({})", self.0)
    }
}

/// How long a lease was granted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseTerm {
    /// From the moment of the answer. The server may grant less than was asked for: that is no error, so compare.
    pub ttl: Duration,
    /// Whether the server would prolong it.
    pub renewable: bool,
}

impl LeaseTerm {
    /// A term.
    pub fn new(ttl: Duration, renewable: bool) -> Self {
        Self { ttl, renewable }
    }
}

/// A value that the server takes back: at the end of its term, on request, or with the [`Session`] that asked for
/// it, whichever is first.
///
/// So a lease is to be trusted until [`Lease::trusted_until`], and to be given up early when its session says so.
/// While a lease is held, the token of its session is not revoked by this crate, except by `shutdown`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lease<T> {
    /// The server's name of it.
    pub id: LeaseId,
    /// What was granted, counted from `issued_at`.
    pub term: LeaseTerm,
    /// Taken before the request was sent, so that the network's time counts against us.
    pub issued_at: Instant,
    /// The login that owns it.
    pub session: Session,
    /// What was leased.
    pub value: T,
}

impl<T> Lease<T> {
    /// A lease of `value`.
    pub fn new(id: LeaseId, term: LeaseTerm, issued_at: Instant, session: Session, value: T) -> Self {
        Self { id, term, issued_at, session, value }
    }

    /// The end of the lease or of its session as it stands now, whichever is first. None if neither ends within
    /// what a clock can say.
    ///
    /// A session that will be renewed lasts longer than this says; ask again when it changed.
    pub fn trusted_until(&self) -> Option<Instant> {
        let lease = self.issued_at.checked_add(self.term.ttl);
        match (lease, self.session.state().expires_at) {
            (Some(lease), Some(session)) => Some(lease.min(session)),
            (lease, session) => lease.or(session),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SessionKeeper, Standing};

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_never_trusted_past_its_session() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let keeper = SessionKeeper::new(Some(now + minute), Standing::Ending);
        let id: LeaseId = "database/creds/a/1".parse().unwrap();
        let lease = Lease::new(id, LeaseTerm::new(minute * 60, true), now, keeper.session(), ());
        assert_eq!(lease.trusted_until(), Some(now + minute));
        keeper.set(Some(now + minute * 90), Standing::Lasting);
        assert_eq!(lease.trusted_until(), Some(now + minute * 60));
        keeper.set(None, Standing::Lasting);
        assert_eq!(lease.trusted_until(), Some(now + minute * 60));
    }

    #[test]
    fn a_lease_identifier_is_bounded() {
        assert!("database/creds/short/JvPpTjZT6qkDLjkYqKWJKFAs".parse::<LeaseId>().is_ok());
        for bad in [String::new(), "a\nb".to_owned(), "a".repeat(2000)] {
            assert_eq!(bad.parse::<LeaseId>().unwrap_err().kind(), ErrorKind::InvalidRequest);
        }
    }
}
