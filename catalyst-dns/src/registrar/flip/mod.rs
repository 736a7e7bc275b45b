//! The change of a domain's name servers, with a way back.
//!
//! A flip reads and keeps the old set, looks at the DS in the parent, checks that the new servers serve the zone,
//! writes, follows the registrar's task, reads back, and asks the parent's own servers until they serve the new set. If
//! that does not come about, it writes the old set back and verifies that too. What was written in doubt is read, never
//! assumed.
//!
//! ```
//! use std::sync::Arc;
//!
//! use catalyst_dns::registrar::NameServers;
//! use catalyst_dns::registrar::flip::{FlipRequest, Flipper, MemoryJournal};
//! use catalyst_dns::testing::registrar::{FakeParent, Fault, FaultRule, ModelRegistrar, RegistrarModel};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> catalyst_dns::Result<()> {
//! // A registrar and name servers in process; a real one is set up by `GoDaddy::builder` and the like.
//! let (model, domain) = (RegistrarModel::new(), "omani.works".parse()?);
//! let old = NameServers::new(["ns1.old.test".parse()?, "ns2.old.test".parse()?])?;
//! let new = NameServers::new(["ns1.new.test".parse()?, "ns2.new.test".parse()?])?;
//! model.add_domain(domain, old);
//! let dns = FakeParent::new(&model);
//! dns.serve(&"omani.works".parse()?, &new, 2026_11_27);
//!
//! let directory = dns.directory();
//! let (registrar, journal) = (Arc::new(ModelRegistrar::new(&model)), Arc::new(MemoryJournal::default()));
//! let flipper = Flipper::builder(registrar, Arc::new(dns), directory, journal).build();
//! // The answer to the write is lost, and the registrar is asked what it has.
//! model.faults().inject(FaultRule::new(Fault::TimeoutAfterWrite));
//! # tokio::time::pause();
//! let report = flipper.run(&FlipRequest::new("omani.works".parse()?, new)).await?.done()?;
//! assert_eq!(report.at_registrar, Some(report.after));
//! # Ok(())
//! # }
//! ```
//!
//! The old servers must go on to serve the zone until the TTL of the old NS set has passed, which a flip does not wait
//! for.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `flipper` | [`Flipper`]: what can be asked for |
//! | `prepare` | all that comes before the write, which changes nothing but the DS |
//! | `machine` | what comes after what from the write on; pure |
//! | `run` | one flip under way: calls with their limits, and what was seen |
//! | `drive` | carries the machine's stages out |
//! | `check`, `view`, `directory` | questions to name servers |
//! | `record`, `journal`, `turn` | what outlives the process, and what keeps flips apart |
//! | `report`, `event` | what is told |

mod check;
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
