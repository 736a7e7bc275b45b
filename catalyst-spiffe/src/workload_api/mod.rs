//! The identity that a SPIRE agent (or any other server of the SPIFFE Workload API) gives to this process.
//!
//! One task per source, the supervisor, follows two streams: X.509 contexts (SVIDs with their bundles) and JWT
//! bundles. It publishes each update as one snapshot; everything else only reads.
//!
//! | what happens | what the source does |
//! | --- | --- |
//! | the stream ends or breaks, the agent restarts | reconnects: 100 ms doubling to 5 s, full jitter; the SVID is used to its real end |
//! | `PermissionDenied` | withdraws the identity at once and asks again: 1 s doubling to 10 s |
//! | an update that cannot be read | keeps the last good one to its end, reconnects |
//! | no update although 60 % of the SVID's life is over | reconnects, in case the stream is dead and nobody noticed |
//! | shutdown, or the last handle dropped | stops the task; nothing is readable any more |
//!
//! The pauses start over only after an update was accepted and the stream then lived for a second.

mod builder;
mod convert;
mod fault;
mod plan;
mod source;
mod supervisor;

pub use builder::WorkloadApiBuilder;
pub use source::WorkloadApi;
