//! The modes of placement.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use catalyst_core::{Error, Result};

use super::refused;

/// How an application is spread over regions. Written and read as the platform writes it.
///
/// ```
/// use catalyst_dns::placement::Placement;
///
/// let mode: Placement = "active-hotstandby".parse()?;
/// assert_eq!(mode, Placement::ActiveHotStandby);
/// assert_eq!(mode.to_string(), "active-hotstandby");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Placement {
    /// One region, not checked: `single-region`.
    SingleRegion,
    /// All regions that are up answer: `active-active`.
    ActiveActive,
    /// The region that is up and closest to the client answers: `active-active-nearest`. Needs a server with a database
    /// of places, and the client's subnet to be right.
    ActiveActiveNearest,
    /// The first region answers as long as it is up, then the next: `active-hotstandby`.
    ActiveHotStandby,
    /// As [`ActiveHotStandby`](Self::ActiveHotStandby) for a standby that is costly to wake: five failures, 30 s apart,
    /// if the check does not say otherwise: `active-passive-warm`. A longer TTL would not make failover rarer, only
    /// slower.
    ActivePassiveWarm,
    /// Each region that is up gets its weight of the clients: `weighted-canary`.
    WeightedCanary,
}

impl Placement {
    /// Every mode.
    pub const ALL: [Self; 6] = [
        Self::SingleRegion,
        Self::ActiveActive,
        Self::ActiveActiveNearest,
        Self::ActiveHotStandby,
        Self::ActivePassiveWarm,
        Self::WeightedCanary,
    ];

    /// As the platform writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SingleRegion => "single-region",
            Self::ActiveActive => "active-active",
            Self::ActiveActiveNearest => "active-active-nearest",
            Self::ActiveHotStandby => "active-hotstandby",
            Self::ActivePassiveWarm => "active-passive-warm",
            Self::WeightedCanary => "weighted-canary",
        }
    }

    /// How many regions it takes. One region is active alone only under its own name: with another mode it would
    /// promise what it does not hold.
    pub fn regions(self) -> RangeInclusive<usize> {
        match self {
            Self::SingleRegion => 1..=1,
            _ => 2..=5,
        }
    }

    /// Whether regions are checked.
    pub fn is_checked(self) -> bool {
        self != Self::SingleRegion
    }
}

impl FromStr for Placement {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with code `invalid_placement`, listing the modes.
    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| {
            let modes = Self::ALL.map(Self::as_str).join(", ");
            let shown = catalyst_core::redact::text(text, 40);
            refused(format!("there is no placement {shown:?}; there is {modes}"))
        })
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
