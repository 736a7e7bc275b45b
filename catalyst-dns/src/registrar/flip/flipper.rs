//! What can be asked for.

use std::fmt;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

use super::machine::Stage;
use super::run::Run;
use super::turn::Turns;
use super::{
    FlipEvent, FlipJournal, FlipPhase, FlipPolicy, FlipRecord, FlipReport, FlipRequest, ServerDirectory,
    prepare,
};
use crate::query::DnsClient;
use crate::registrar::{NameServers, RegisteredDomain, Registrar};

/// Flips name servers at one registrar. Cheap to clone.
///
/// # Cancel safety
/// A flip whose future is dropped, or whose process ends, stands where its record says: [`resume`](Self::resume) ends
/// it. Until then, another flip of the domain is refused.
#[derive(Clone)]
pub struct Flipper {
    parts: Arc<Parts>,
}

/// Sets up a [`Flipper`]; made by [`Flipper::builder`].
#[must_use]
pub struct FlipperBuilder {
    parts: Parts,
}

/// What a flip works with.
pub(crate) struct Parts {
    pub(crate) registrar: Arc<dyn Registrar>,
    pub(crate) dns: Arc<dyn DnsClient>,
    pub(crate) directory: ServerDirectory,
    pub(crate) journal: Arc<dyn FlipJournal>,
    pub(crate) policy: FlipPolicy,
    pub(crate) turns: Turns,
    pub(crate) hear: Hear,
}

type Hear = Box<dyn Fn(&RegisteredDomain, &FlipEvent) + Send + Sync>;

impl Flipper {
    /// Flips at `registrar`, asks name servers by `dns` where `directory` says, and keeps records in `journal`.
    pub fn builder(
        registrar: Arc<dyn Registrar>,
        dns: Arc<dyn DnsClient>,
        directory: ServerDirectory,
        journal: Arc<dyn FlipJournal>,
    ) -> FlipperBuilder {
        let (policy, turns) = (FlipPolicy::default(), Turns::process());
        let parts = Parts { registrar, dns, directory, journal, policy, turns, hear: Box::new(|_, _| {}) };
        FlipperBuilder { parts }
    }

    /// Changes the name servers of a domain, and takes that back if it does not come about.
    ///
    /// Before the write, everything is an error and nothing was changed: the registrar cannot be read; the parent
    /// serves another set than the registrar tells (`parent_disagrees`) or does not answer (`parent_silent`); the
    /// domain has a DS and the request does not say what becomes of it (`ds_blocks_flip`); the new servers do not
    /// all serve the same version of a zone that names just them (`new_servers_not_ready`). From the first change on
    /// it is the report that tells, and [`FlipReport::done`] makes an error of it.
    ///
    /// # Errors
    /// Those above; `flip_in_progress` and `unfinished_flip` if another one is under way or was interrupted; the
    /// journal's.
    ///
    /// # Cancel safety
    /// See [`Flipper`].
    pub async fn run(&self, request: &FlipRequest) -> Result<FlipReport> {
        let _turn = self.parts.turns.take(&request.domain)?;
        if self.parts.journal.load(&request.domain).await?.is_some() {
            return Err(Error::new(ErrorKind::Conflict, "flip name servers")
                .with_code("unfinished_flip")
                .with_target(request.domain.as_str())
                .with_help("an earlier flip of the domain has not ended; resume it first"));
        }
        Box::pin(prepare::flip(&self.parts, request)).await
    }

    /// Ends a flip that was interrupted or whose way back failed; `None` if there is none. A flip whose new set is not
    /// seen is taken back.
    ///
    /// # Errors
    /// `flip_in_progress`; the journal's; those of finding the parent's servers.
    ///
    /// # Cancel safety
    /// See [`Flipper`].
    pub async fn resume(&self, domain: &RegisteredDomain) -> Result<Option<FlipReport>> {
        let _turn = self.parts.turns.take(domain)?;
        let Some(record) = self.parts.journal.load(domain).await? else { return Ok(None) };
        let parents = self.parts.directory.parents(&*self.parts.dns, domain).await?;
        let stage = first_stage(&record);
        let mut run = Run::new(&self.parts, record, parents);
        run.tell(&FlipEvent::Resumed);
        run.know_ds().await;
        run.blame(|| {
            Error::new(ErrorKind::Other, "flip name servers")
                .with_code("interrupted")
                .with_help("the flip was interrupted")
        });
        Ok(Some(Box::pin(run.drive(stage)).await))
    }

    /// Waits until the parent's servers serve `servers`, as after a change that a person has made.
    ///
    /// # Errors
    /// Those of finding the parent's servers. That the set does not come is told by the report.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    pub async fn verify(&self, domain: &RegisteredDomain, servers: &NameServers) -> Result<FlipReport> {
        Box::pin(prepare::verify(&self.parts, domain, servers)).await
    }
}

fn first_stage(record: &FlipRecord) -> Stage {
    match record.phase {
        FlipPhase::ChangingDs => Stage::ConfirmRegistrar,
        FlipPhase::Writing => record.task.clone().map_or(Stage::ReadBack, Stage::Follow),
        FlipPhase::Restoring => Stage::Restore,
    }
}

impl FlipperBuilder {
    /// The limits.
    pub fn policy(mut self, policy: FlipPolicy) -> Self {
        self.parts.policy = policy;
        self
    }

    /// Who hears of what happens. Called between the steps, and must not wait.
    pub fn on_event(mut self, hear: impl Fn(&RegisteredDomain, &FlipEvent) + Send + Sync + 'static) -> Self {
        self.parts.hear = Box::new(hear);
        self
    }

    /// Which flips must not run at the same time; those of the process, if not set.
    pub fn turns(mut self, turns: Turns) -> Self {
        self.parts.turns = turns;
        self
    }

    /// The flipper. No I/O happens.
    pub fn build(self) -> Flipper {
        Flipper { parts: Arc::new(self.parts) }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flipper")
            .field("registrar", &self.registrar)
            .field("directory", &self.directory)
            .field("journal", &self.journal)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Flipper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}

impl fmt::Debug for FlipperBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}
