//! The change of a domain's name servers, with a way back.
//!
//! A flip reads and keeps the old set, looks at the DS in the parent, checks that the new servers serve the zone,
//! writes, follows the registrar's task, reads back, and asks the parent's own servers until they serve the new set. If
//! that does not come about, it writes the old set back and verifies that too. What was written in doubt is read, never
//! assumed.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `flipper` | [`Flipper`]: what can be asked for |
//! | `prepare` | all that comes before the write, which changes nothing but the DS |
//! | `machine` | what comes after what from the write on; pure |
//! | `run` | one flip under way: calls with their limits, and what was seen |
//! | `drive` | carries the machine's stages out |
//! | `check`, `view`, `directory`, `digest` | questions to name servers |
//! | `record`, `journal`, `turn` | what outlives the process, and what keeps flips apart |
//! | `report`, `event` | what is told |

mod check;
mod digest;
mod directory;
mod drive;
mod ds;
mod event;
mod flipper;
mod journal;
mod machine;
mod prepare;
mod record;
mod report;
mod request;
mod run;
mod turn;
mod view;

pub use directory::ServerDirectory;
pub use event::FlipEvent;
pub use flipper::{Flipper, FlipperBuilder};
pub use journal::{FlipJournal, MemoryJournal};
pub use record::{FlipPhase, FlipRecord};
pub use report::{DsState, FlipOutcome, FlipReport, Rollback, Step, StepTime};
pub use request::{DsPlan, FlipPolicy, FlipRequest};
pub use turn::Turns;
pub use view::{Said, ServerView, Standing};
