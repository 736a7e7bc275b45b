//! Rotation: one value that is replaced before it ends, without its readers noticing.
//!
//! ```text
//!            issue        prepare       publish                    last reader gone,
//!                                                                  or the deadline
//!   nothing ───────► granted ───────► warmed ───────► in use ───────► draining ───────► revoked
//!                       │ kept for the next attempt      ▲
//!                       └── prepare failed ──────────────┘ the one in use stays until a better one exists
//! ```
//!
//! - The planner (`plan`) is a pure function: what is known goes in, *wait* or *rotate* comes out. Its promises are
//!   properties, checked for every TTL from a second to a month.
//! - One loop (`engine`) asks it again after every wait. Issuing is never cancelled and never two at a time.
//! - A generation ends when its last reader lets go, or shortly before its lease does: then whoever still uses it
//!   gets a typed error, and the grant is given back.
//! - [`Rotating`] is what an application holds.
//!
//! Time is tokio's, so that tests run in virtual time; the wall clock is compared with it, so that a machine that
//! was asleep wakes up to the truth.

use std::time::Duration;

mod attempt;
mod drain;
mod engine;
mod event;
mod health;
mod life;
mod plan;
mod policy;
mod retire;
mod rotating;
mod source;

pub use engine::start;
pub use event::{Event, EventKind, Events, Generation};
pub use health::{Health, State};
pub use policy::Policy;
pub use rotating::{Current, InUse, Rotating, Updates};
pub use source::{Backing, Granted, Source, Term};

/// No sleep is longer, so that a machine that was suspended looks at the clock soon after it wakes.
const TICK: Duration = Duration::from_secs(30);
