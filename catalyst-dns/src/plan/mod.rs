//! Desired state: what is to change, by whom it may be changed, and changing it.
//!
//! [`Desired`] says which record sets an [`Owner`] wants in which zones. [`ZonePlan`] compares it with what a zone
//! holds and says what is to be done ([`Action`]) and what must not be done ([`Refusal`]); it is pure. [`Applier`]
//! reads zones, plans and writes, several zones at a time, and notices when somebody else writes meanwhile.
//!
//! # Whose a record set is
//! A zone has several writers. Each set of ours has a mark beside it, in the format of external-dns' TXT registry
//! ([`MarkFormat`]); external-dns leaves such sets alone, and this crate leaves alone what has no mark of ours. Without
//! a mark nothing is deleted or overwritten, unless [`PlanPolicy::adopt`] or [`PlanPolicy::transfer`] names it.
//!
//! ```
//! use catalyst_dns::plan::{Desired, Owner, PlanPolicy, ZonePlan};
//! use catalyst_dns::{RecordData, RecordSet, RecordType, Ttl, ZoneName};
//!
//! let zone: ZoneName = "example.org".parse()?;
//! let address = RecordData::parse(RecordType::A, "192.0.2.1")?;
//! let www = RecordSet::new(zone.child("www")?, Ttl::MINUTE, [address])?;
//! let desired = Desired::builder(Owner::new("sovereign.example")?).set(&zone, www).build()?;
//!
//! let in_the_zone = Vec::new();
//! let plan = ZonePlan::new(&desired.zones()[0], &PlanPolicy::default().into(), in_the_zone);
//! assert_eq!(plan.to_string(), "example.org: 1 to create\n+ www.example.org 60 A 192.0.2.1\n");
//! // The set and the mark beside it.
//! assert_eq!(plan.change_set()?.len(), 2);
//! # Ok::<(), catalyst_dns::Error>(())
//! ```

mod action;
mod applier;
mod change;
mod claim;
mod conflict;
mod cut;
mod desired;
mod event;
mod limits;
mod mark;
mod names;
mod owner;
mod planner;
mod policy;
mod refusal;
mod report;
mod several;
mod show;
mod step;
mod zone_plan;

#[cfg(test)]
mod tests;

pub use action::Action;
pub use applier::Applier;
pub use desired::{Desired, DesiredBuilder, DesiredZone};
pub use event::{ApplyEvent, ApplyEventKind, ApplyObserver};
pub use limits::{Breach, Limits, Touch};
pub use mark::MarkFormat;
pub use owner::{Owner, Resource};
pub use policy::PlanPolicy;
pub use refusal::{Refusal, RefusalCode};
pub use report::{Outcome, Report, Warning, ZoneReport};
pub use several::Plan;
pub use zone_plan::{Summary, ZonePlan};
