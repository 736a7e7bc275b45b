//! Secrets of clients that change without one failed login.
//!
//! ```text
//!          lock, write the        regenerate,          verify the new          grace over,            end the old,
//!          intent down            store both           one works               lock                   it is refused
//!   idle ───────────► regenerating ────────► verifying ────────────► grace ────────────► ending ─────────────► idle
//!     ▲                                          ▲
//!     └── not due: wait                          └── the realm's secret is not the recorded one: it is adopted
//! ```
//!
//! Keycloak never rotates by itself, and a secret of our own making has no overlap; so the realm makes the new one, under
//! a rotation policy that keeps the old one valid, and we write both down. Every arrow is one check-and-set write of
//! the [`Record`], so the work can end anywhere and be taken up by anybody:
//!
//! - The planner (`plan`) is a pure function of the record, of what the realm says, and of the time.
//! - The realm is right, always. A secret that was made and not written down is found there and stored; it is **never**
//!   made again, for a second one would end the only one that applications hold.
//! - One worker at a time: the lock is part of the record, and a dead holder's lock ends.
//! - Nothing here sleeps or spawns. [`SecretRotation::advance`] does what can be done now, and says when to come back.

mod dates;
mod event;
mod fields;
#[cfg(any(test, feature = "mock"))]
mod memory;
mod plan;
mod policy;
mod record;
mod secret_rotation;
mod store;
#[cfg(test)]
mod tests;
mod work;

pub use event::{RotationEvent, RotationEventKind, RotationObserver};
#[cfg(any(test, feature = "mock"))]
pub use memory::MemoryRecordStore;
pub use policy::{Policy, WithoutOverlap};
pub use record::{Lock, Outcome, Phase, Reason, Record};
pub use secret_rotation::{NextStep, RotationStatus, SecretRotation};
pub use store::{RecordStore, Version};
