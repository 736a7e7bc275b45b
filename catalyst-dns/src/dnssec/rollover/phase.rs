//! How far a rollover is, and since when: what a run leaves for the next one.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use catalyst_core::{Error, ErrorKind};

use crate::dnssec::KeyId;

macro_rules! phases {
    ($($(#[doc = $docs:literal])* $variant:ident = $name:literal;)*) => {
        /// How far a rollover is, as the keys and the answers of the servers show it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Phase {
            $($(#[doc = $docs])* $variant,)*
        }

        impl Phase {
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn parse(text: &str) -> Option<Self> {
                match text { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

phases! {
    /// There is no new key yet.
    Begin = "begin";
    /// The new key is there and does not do yet what it should.
    Prepare = "prepare";
    /// The new key signs and is not published: a change of the algorithm (RFC 6781 section 4.1.4).
    Sign = "sign";
    /// The new key is published, and not every server has it yet.
    Publish = "publish";
    /// Every server publishes the new key; caches without it run out.
    Published = "published";
    /// The parent is to have the new DS beside the old one.
    AddDs = "add-ds";
    /// Every parent server has both; caches without the new DS run out.
    BothDs = "both-ds";
    /// No parent server has the old DS; caches with it run out.
    NewDs = "new-ds";
    /// Both keys sign records; caches without the new key run out.
    BothSign = "both-sign";
    /// The new key signs, the old one no longer; caches with its signatures run out.
    Activated = "activated";
    /// The old key is no longer published and still signs: a change of the algorithm.
    Withdraw = "withdraw";
    /// No server publishes the old key; caches with it run out.
    Withdrawn = "withdrawn";
    /// The old key is gone.
    Done = "done";
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A phase of the replacement of one key by another, and when it was first seen. Kept by the caller, it spares the next
/// run the waits that are over; lost, they begin anew, which is slow and safe.
///
/// ```
/// use catalyst_dns::dnssec::Checkpoint;
///
/// // Key 7 takes the place of key 4.
/// let checkpoint: Checkpoint = "both-ds 4 7 1764254000".parse()?;
/// assert_eq!(checkpoint.to_string(), "both-ds 4 7 1764254000");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The phase.
    pub phase: Phase,
    /// The key that goes.
    pub old: KeyId,
    /// The key that comes, once there is one.
    pub new: Option<KeyId>,
    /// When the phase was first seen, in whole seconds.
    pub since: SystemTime,
}

impl Checkpoint {
    /// Rounded up: a wait is never shorter than it must be.
    pub(super) fn new(phase: Phase, old: KeyId, new: Option<KeyId>, now: SystemTime) -> Self {
        let elapsed = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = elapsed.as_secs() + u64::from(elapsed.subsec_nanos() > 0);
        Self { phase, old, new, since: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) }
    }

    /// Whether it is of the same phase of the same replacement.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.phase, self.old, self.new) == (other.phase, other.old, other.new)
    }

    fn parse(text: &str) -> Option<Self> {
        let [phase, old, new, since] = text.split(' ').collect::<Vec<_>>()[..] else { return None };
        let new = if new == "-" { None } else { Some(KeyId(new.parse().ok()?)) };
        let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(since.parse().ok()?))?;
        Some(Self { phase: Phase::parse(phase)?, old: KeyId(old.parse().ok()?), new, since })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.phase, self.old)?;
        match self.new {
            Some(new) => write!(f, "{new} ")?,
            None => f.write_str("- ")?,
        }
        self.since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().fmt(f)
    }
}

impl FromStr for Checkpoint {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_checkpoint`.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text).ok_or_else(|| {
            Error::new(ErrorKind::Config, "resume a rollover")
                .with_code("invalid_checkpoint")
                .with_help("a checkpoint is given back as it was shown; without one, waits begin anew")
        })
    }
}
