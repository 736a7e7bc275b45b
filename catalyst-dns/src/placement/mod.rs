//! Where an application runs, as records: placement modes of the platform to correct record sets.
//!
//! ```
//! use catalyst_dns::placement::{Application, Placement, Region};
//!
//! let regions = [
//!     Region::new("fsn1", ["192.0.2.1".parse()?])?,
//!     Region::new("hel1", ["198.51.100.1".parse()?])?,
//! ];
//! let shop = Application::new("shop.example.org".parse()?, Placement::ActiveHotStandby, regions)?;
//! let sets = shop.record_sets()?;
//! assert_eq!(sets.len(), 1);
//! assert_eq!(sets[0].kind(), catalyst_dns::RecordType::Lua);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | mode | records | when no region is known to be up |
//! | --- | --- | --- |
//! | `single-region` | A and AAAA | not checked |
//! | `active-active` | [`Lua::if_up`](crate::lua::Lua::if_up), all that are up | all regions |
//! | `active-active-nearest` | the same, the closest that is up | the closest region |
//! | `active-hotstandby` | [`Lua::failover`](crate::lua::Lua::failover): priority sets in the order of the regions | the first region |
//! | `active-passive-warm` | the same, with more failures and rarer checks | the first region |
//! | `weighted-canary` | [`Lua::weighted`](crate::lua::Lua::weighted) | all regions, by weight |
//!
//! All of them fail open: when nothing is known to be up, before the first check or because the check itself is broken,
//! the answer is the one above and not an empty one.

mod application;
mod estimate;
mod mode;
mod publication;
mod region;
#[cfg(test)]
mod tests;

pub use application::Application;
pub use estimate::FailoverEstimate;
pub use mode::Placement;
pub use publication::Publication;
pub use region::Region;

use catalyst_core::{Error, ErrorKind};

pub(crate) fn refused(help: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, "place an application").with_code("invalid_placement").with_help(help)
}
