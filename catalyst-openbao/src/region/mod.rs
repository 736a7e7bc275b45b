//! Several regions, each with its own OpenBao: independent clusters, one of which is primary.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Regions`], [`RegionalStore`] | the router: writes to the primary, reads to the nearest that is healthy and fresh |
//! | [`Staleness`], [`WriteToken`] | how old what is read may be; proof of a write, for whoever has to see it |
//! | [`primary_setting`] | who is to be primary, changed by a configuration that is watched |
//! | [`Fence`], [`RegionStatus`] | who is primary on record; what is known of each region |
//!
//! A region is promoted by a person, or by what a person has made: [`Regions::promote`], or a change of the setting that
//! [`RegionsBuilder::follow`] takes. Never by itself.
//!
//! Before something is written, the records of all regions are looked at, not longer ago than
//! [`RegionsBuilder::fence_check`]:
//!
//! | what they say | what is done |
//! | --- | --- |
//! | the configured region is primary in the highest epoch, and knows it | it is written to |
//! | nobody has a record | the configured region takes epoch 1 |
//! | another one is primary in a higher epoch | `fenced` |
//! | two are primary in one epoch | `split_brain` |
//! | the configured one was primary and has forgotten it | `fence_unreadable` |
//! | the primary does not answer | `primary_unreachable`; reads go on |
//!
//! No wall clock is asked anywhere: how fresh a copy is follows from spans that the replicator measured, and from when
//! we looked.
//!
//! What a router needs to be allowed beyond its secrets, below the mount: in all regions `read` on
//! `data/catalyst-regions/*`; on the primary `create` and `update` on `data/catalyst-regions/journal/*`; to promote,
//! `create` and `update` on `data/catalyst-regions/fence` in all regions.

pub(crate) mod errors;
pub(crate) mod fence;
mod hedge;
pub(crate) mod journal;
pub(crate) mod marker;
mod own_writes;
mod plan;
mod primary;
pub(crate) mod records;
mod regions;
mod route;
mod shared;
mod store;
mod token;
mod view;

pub use fence::Fence;
pub use primary::{PrimarySetting, PrimarySwitch, primary_setting};
pub use regions::{RegionStatus, Regions, RegionsBuilder};
pub use store::RegionalStore;
pub use token::WriteToken;
pub use view::Staleness;

pub(crate) use marker::Marker;
pub(crate) use plan::{Replication, replication};
