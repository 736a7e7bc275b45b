//! How long an answer may be kept.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

/// A time to live, in whole seconds from 0 to 2³¹ − 1 (RFC 2181 section 8).
///
/// PowerDNS 4.7 takes a negative one and serves it as 136 years, so it is refused here.
///
/// ```
/// use catalyst_dns::Ttl;
///
/// assert_eq!(Ttl::from_secs(300)?.as_secs(), 300);
/// assert!(Ttl::from_secs(u32::MAX).is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(u32);

impl Ttl {
    /// Not to be kept.
    pub const ZERO: Self = Self(0);
    /// One minute.
    pub const MINUTE: Self = Self(60);
    /// One hour.
    pub const HOUR: Self = Self(3600);

    /// A TTL of `seconds`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_ttl` above 2³¹ − 1.
    pub fn from_secs(seconds: u32) -> Result<Self> {
        Self::checked(i64::from(seconds))
    }

    pub(crate) fn checked(seconds: i64) -> Result<Self> {
        u32::try_from(seconds).ok().filter(|seconds| i32::try_from(*seconds).is_ok()).map(Self).ok_or_else(
            || {
                Error::new(ErrorKind::Config, "read a TTL")
                    .with_code("invalid_ttl")
                    .with_help(format!("a TTL has 0 to 2147483647 seconds, not {seconds}"))
            },
        )
    }

    /// In seconds.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// As a duration.
    pub fn as_duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl fmt::Display for Ttl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
