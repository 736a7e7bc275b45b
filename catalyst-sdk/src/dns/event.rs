//! What was done to the name of an application, for the audit log. Never holds a secret.

use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::Error;
use catalyst_dns::plan::ApplyEventKind;
use catalyst_dns::{DomainName, ZoneName};

/// Is told of every step. Called in the middle of the work, so it returns at once.
pub type DnsObserver = Arc<dyn Fn(&DnsEvent) + Send + Sync>;

/// One step. Also emitted through `tracing`, with the target `catalyst::audit`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DnsEvent {
    /// The application's name.
    pub name: DomainName,
    /// Whose it is: the Sovereign.
    pub owner: String,
    /// When, by our clock.
    pub at: SystemTime,
    /// What.
    pub kind: DnsEventKind,
}

/// What was done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DnsEventKind {
    /// A step in its zone: a record set was created, changed, deleted or refused.
    Zone {
        /// Which zone.
        zone: ZoneName,
        /// What happened.
        step: ApplyEventKind,
    },
    /// The name servers were asked once, so that health checks begin.
    Primed {
        /// How many answered.
        answered: usize,
        /// How many did not.
        silent: usize,
    },
    /// The name servers were asked what they serve.
    Verified {
        /// How many serve what was published.
        agree: usize,
        /// How many do not, yet.
        others: usize,
    },
    /// A step failed; what was done so far stands.
    Failed {
        /// Why.
        error: Error,
    },
}

impl DnsEventKind {
    /// One stable word, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Zone { step, .. } => step.name(),
            Self::Primed { .. } => "primed",
            Self::Verified { .. } => "verified",
            Self::Failed { .. } => "failed",
        }
    }
}
