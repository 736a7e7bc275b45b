//! A one-way replicator from the primary region to the others, for OpenBao has none of its own between clusters.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Replicator`] | one KV engine, version 2, and the policies, into any number of secondaries |
//! | [`SweepReport`], [`ReplicaLag`] | what a look at everything did; how far a secondary lags behind |
//! | [`ReplicaEvent`], [`ReplicaObserver`] | what happens, told as it happens |
//! | [`Conflict`] | what it will not decide, and leaves alone until a person has looked |
//!
//! # What is copied
//!
//! All versions with their numbers and values; which of them are deleted or destroyed; custom metadata, `max_versions`,
//! `cas_required` and `delete_version_after`; policies by their text. What is removed on the primary is removed.
//!
//! The API gives a write the next number and no other, takes no time from outside, and does not show a deleted value.
//! So, measured on OpenBao 2.7.2:
//! - numbers below the oldest version are used up by writing placeholders, which are dropped or destroyed at once: one
//!   write for each number;
//! - a version that was deleted before it was copied is a placeholder, deleted too. If it is undeleted on the primary,
//!   the secret is made anew on the secondary, where it is missing for some milliseconds meanwhile;
//! - `created_time` and `updated_time` are those of the copy. The primary's creation time stands in the mark;
//! - the engine's own settings (`<mount>/config`) are not copied: set them alike. A secondary that keeps fewer versions
//!   has fewer;
//! - a removal cannot be checked against a version: what somebody else writes on a secondary in the milliseconds
//!   between our last look and the removal is lost;
//! - secrets are copied one by one: two that were written together may be seen apart for a moment.
//!
//! Each copied secret carries a mark, `catalyst-replica`, in its custom metadata: which secret of the primary it is, and
//! how far it was copied. It is how a version that somebody else wrote is told from ours, and how a killed replicator
//! is resumed. Everything is written with check-and-set, so two replicators do no harm to each other.
//!
//! # How changes are found
//!
//! The server has no events, and neither the update time nor the version of the metadata changes when a version is
//! deleted. So there are two ways:
//! - the **journals**: writers that go through [`Regions`](crate::region::Regions) note the path of each write in one of
//!   16 small secrets of the primary. One list call each 100 ms tells which grew. Their writes arrive within some
//!   hundred milliseconds;
//! - the **sweep** lists all secrets of both sides with their metadata, 500 in a call, and finds everything. For 10,000
//!   secrets that is some 0.5 s of both servers' time; a sweep is followed by a pause nine times as long as it took, and
//!   at least 1 s. It bounds the lag of writers that know nothing of journals.
//!
//! # What it needs to be allowed
//!
//! On the primary, below the mount: `list` on `detailed-metadata/*`, `read` on `data/*` and `metadata/*`. On a
//! secondary: that, and `create`, `update`, `delete` on `data/*`, `metadata/*`, `delete/*`, `undelete/*` and `destroy/*`.
//! For policies `list` on `sys/policies/detailed/acl`, and on secondaries `create`, `update`, `delete` on
//! `sys/policies/acl/*`. Nobody else should be allowed to write on a secondary.

mod conflict;
mod copies;
mod copy;
mod event;
mod follow;
mod in_flight;
mod link;
pub(crate) mod mark;
mod pace;
mod plan;
mod policies;
mod replicator;
mod server_time;
mod settings;
mod walk;

pub use conflict::Conflict;
pub use event::{ReplicaEvent, ReplicaLag, ReplicaObserver, SweepReport};
pub use replicator::{Replicator, ReplicatorBuilder};
