//! What is published of an application, explained.

use std::fmt;

use super::{FailoverEstimate, Placement};
use crate::RecordSet;
use crate::lua::LuaWarning;

/// The record sets of an application, with what they do on a certain server. `Display` explains it in a few lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Publication {
    /// The mode.
    pub placement: Placement,
    /// The names of the regions, in order of preference.
    pub regions: Vec<String>,
    /// The sets to write.
    pub record_sets: Vec<RecordSet>,
    /// How long a failover takes; `None` for a single region.
    pub failover: Option<FailoverEstimate>,
    /// What the server does otherwise than one may expect.
    pub warnings: Vec<LuaWarning>,
}

impl Publication {
    /// What clients get while regions are up and when one fails.
    pub fn behaviour(&self) -> String {
        let regions = self.regions.join(", ");
        let first = self.regions.first().map_or("", String::as_str);
        match self.placement {
            Placement::SingleRegion => format!("all clients go to {first}, whether it is up or not"),
            Placement::ActiveActive => {
                format!("clients get the addresses of all regions that are up: {regions}")
            }
            Placement::ActiveActiveNearest => {
                format!("clients get the closest address that is up, of {regions}")
            }
            Placement::ActiveHotStandby | Placement::ActivePassiveWarm => {
                let then = self.regions.get(1..).unwrap_or_default().join(", then ");
                format!(
                    "all clients go to {first} while it is up, then to {then}, and back when it is up again"
                )
            }
            Placement::WeightedCanary => format!(
                "each resolver gets one address that is up, always the same, by the weights of {regions}; what is down \
                 leaves its share to the others"
            ),
        }
    }

    /// What clients get when no region is known to be up: after the first question to a server, and when all are down.
    pub fn last_resort(&self) -> String {
        let first = self.regions.first().map_or("", String::as_str);
        match self.placement {
            Placement::SingleRegion => format!("the same: {first} is not checked"),
            Placement::ActiveActive => "all regions".to_owned(),
            Placement::ActiveActiveNearest => "the closest region".to_owned(),
            Placement::ActiveHotStandby | Placement::ActivePassiveWarm => {
                format!("{first}: the standby never answers unless it was found up")
            }
            Placement::WeightedCanary => "all regions, by their weights".to_owned(),
        }
    }
}

impl fmt::Display for Publication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.placement, self.behaviour())?;
        writeln!(f, "when nothing is known to be up: {}", self.last_resort())?;
        if let Some(failover) = &self.failover {
            writeln!(f, "{failover}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}
