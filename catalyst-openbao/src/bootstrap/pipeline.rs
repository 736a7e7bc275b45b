//! The bring-up, step by step.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use tokio::time::timeout;

use super::journal::{Escrow, Journal};
use super::plan::verify_audit;
use super::{
    Declared, KeyCustody, Outcome, Plan, Preview, RecoverySeed, Report, SeedStore, StorageReset, server,
};
use crate::refusal::SERVICE;
use crate::{InitRequest, KeyKind, KeyShare, OpenBao, SealStatus};

const OPERATION: &str = "bring up server";
/// How long the last request of a run that fails may take: the one that revokes its root token.
const FAREWELL: Duration = Duration::from_secs(15);

/// Brings a server up. See the [module](super) for what it does and how it survives.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is run"]
pub struct Bootstrap {
    bao: OpenBao,
    seeds: Arc<dyn SeedStore>,
    init: InitRequest,
    declared: Declared,
    custody: Option<Arc<dyn KeyCustody>>,
    reset: Option<Arc<dyn StorageReset>>,
    patience: Duration,
}

/// The server's key, and a root token where one came with it.
struct Opened {
    kind: KeyKind,
    keys: Vec<KeyShare>,
    root: Option<Secret>,
}

impl Bootstrap {
    /// Brings up the server of `bao`, which needs no login: with a seed from `seeds`, initialised as `init` says, until
    /// it is as `declared`.
    pub fn new(bao: OpenBao, seeds: Arc<dyn SeedStore>, init: InitRequest, declared: Declared) -> Self {
        let patience = Duration::from_secs(300);
        Self { bao, seeds, init, declared, custody: None, reset: None, patience }
    }

    /// Who keeps the key shares. A Shamir seal must have somebody: without shares the server stays sealed after its
    /// next start. Recovery shares that nobody keeps are lost with the seed, and with them the way to a root token.
    pub fn custody(mut self, custody: Arc<dyn KeyCustody>) -> Self {
        self.custody = Some(custody);
        self
    }

    /// Who empties the server's storage if the answer to its init was lost. Without it, that is an error.
    pub fn storage_reset(mut self, reset: Arc<dyn StorageReset>) -> Self {
        self.reset = Some(reset);
        self
    }

    /// How long the server may take to answer, and to serve once it is unsealed; 5 minutes if not set.
    pub fn patience(mut self, limit: Duration) -> Self {
        self.patience = limit;
        self
    }

    /// What a run would do. Waits for the server; changes nothing.
    ///
    /// # Errors
    /// As [`Bootstrap::run`], as far as reading finds them.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn preview(&self) -> Result<Preview> {
        self.check()?;
        let stored = self.seeds.load().await?;
        let status = server::answering(&self.bao, self.patience).await?;
        let journal = Journal::read(stored.journal.as_deref())?;
        if stored.seed.is_none() {
            return without_seed(&journal, &status).map(|()| Preview::AlreadyUp);
        }
        let plan = self.declared.plan_from_nothing()?;
        match (journal, status.initialized) {
            (Journal::Done, _) => Ok(Preview::AlreadyUp),
            (Journal::Fresh, true) => Err(foreign()),
            (Journal::Initialized(_), false) => Err(storage_gone()),
            (Journal::Initializing, true) if self.reset.is_none() => Err(answer_lost()),
            (Journal::Fresh | Journal::Initializing, _) => Ok(Preview::BringUp(plan)),
            (Journal::Initialized(_), true) => Ok(Preview::Resume(plan)),
        }
    }

    /// Brings the server up, or finishes what a run before began. When it returns without an error, the server is as
    /// declared, no root token of ours is left, and the seed is erased.
    ///
    /// # Errors
    /// Codes `contradiction`, `seed_missing`, `seed_malformed`, `seed_too_open`, `seed_mismatch`,
    /// `initialized_by_others`, `init_answer_lost`, `storage_gone`, `generate_root_disabled`, `mount_conflict`,
    /// `audit_device_missing`, `audit_not_written`, and the others of the crate. After each of them it can be run
    /// again. The root token is revoked also then, if the server can still be reached.
    ///
    /// # Cancel safety
    /// As after a crash: run it again.
    pub async fn run(&self) -> Result<Report> {
        self.check()?;
        let stored = self.seeds.load().await?;
        let status = server::answering(&self.bao, self.patience).await?;
        let journal = Journal::read(stored.journal.as_deref())?;
        let Some(seed) = stored.seed else {
            without_seed(&journal, &status)?;
            self.seeds.erase().await?;
            return Ok(Report::already_up());
        };
        let opened = match (journal, status.initialized) {
            (Journal::Done, _) => {
                self.seeds.erase().await?;
                return Ok(Report::already_up());
            }
            (Journal::Fresh, true) => return Err(foreign()),
            (Journal::Initialized(_), false) => return Err(storage_gone()),
            (Journal::Initialized(escrow), true) => {
                Opened { kind: escrow.kind(), keys: escrow.open(&seed)?, root: None }
            }
            (Journal::Initializing, true) => {
                self.start_over().await?;
                self.initialize(&seed).await?
            }
            (Journal::Fresh | Journal::Initializing, false) => self.initialize(&seed).await?,
        };
        let report = self.finish(opened).await?;
        self.seeds.save(&Journal::Done.write()).await?;
        self.seeds.erase().await?;
        Ok(report)
    }

    fn check(&self) -> Result<()> {
        self.declared.check()?;
        if self.init.kind() == KeyKind::Unseal && self.custody.is_none() {
            let help =
                "a server with a Shamir seal needs its shares at every start: name who keeps them (custody)";
            return Err(Error::new(ErrorKind::Config, OPERATION).with_help(help));
        }
        Ok(())
    }

    /// Initialises the server, and has its shares in the journal when it returns.
    async fn initialize(&self, seed: &RecoverySeed) -> Result<Opened> {
        self.seeds.save(&Journal::Initializing.write()).await?;
        let made = match self.bao.operator().initialize(&self.init).await {
            Err(error) if error.outcome_unknown() => {
                tracing::warn!(%error, "the answer to the init of the server is lost");
                if server::answering(&self.bao, self.patience).await?.initialized {
                    self.start_over().await?;
                }
                self.bao.operator().initialize(&self.init).await?
            }
            other => other?,
        };
        let escrow = Escrow::seal(seed, made.kind, &made.keys)?;
        self.seeds.save(&Journal::Initialized(escrow).write()).await?;
        tracing::info!("initialised");
        Ok(Opened { kind: made.kind, keys: made.keys, root: Some(made.root_token) })
    }

    /// Has the storage of a server emptied whose key was lost on its way to us.
    async fn start_over(&self) -> Result<()> {
        let reset = self.reset.as_ref().ok_or_else(answer_lost)?;
        tracing::warn!("the server is initialised, and its key was lost: its storage is emptied");
        reset.start_over().await?;
        let status = server::answering(&self.bao, self.patience).await?;
        if status.initialized { Err(answer_lost()) } else { Ok(()) }
    }

    /// From key shares to a server as declared, without a root token.
    async fn finish(&self, opened: Opened) -> Result<Report> {
        let Opened { kind, keys, root } = opened;
        if let Some(custody) = &self.custody {
            custody.hand_over(kind, &keys).await?;
        }
        if kind == KeyKind::Unseal {
            self.bao.operator().unseal_with(&keys).await?;
        }
        server::serving(&self.bao, self.patience).await?;
        let outcome = if root.is_some() { Outcome::BroughtUp } else { Outcome::Resumed };
        let root = match root {
            Some(token) => token,
            None => server::root_token(&self.bao, &keys).await?,
        };
        let done = self.converge(&root, outcome).await;
        let revoked = timeout(FAREWELL, server::revoke(&self.bao, &root)).await;
        let (applied, revoked_root_tokens) = done?;
        revoked.unwrap_or_else(|_elapsed| {
            Err(Error::new(ErrorKind::Timeout, "revoke root token").with_service(SERVICE))
        })?;
        Ok(Report { outcome, applied, revoked_root_tokens })
    }

    async fn converge(&self, root: &Secret, outcome: Outcome) -> Result<(Plan, usize)> {
        let bao = self.bao.with_token(root.clone());
        let revoked = match outcome {
            Outcome::Resumed => server::revoke_other_roots(&bao).await?,
            _ => 0,
        };
        let plan = self.declared.plan(&bao).await?;
        plan.apply(&bao).await?;
        verify_audit(&bao, &self.declared).await?;
        Ok((plan, revoked))
    }
}

/// Without a seed all is well only if there is nothing left to do.
fn without_seed(journal: &Journal, status: &SealStatus) -> Result<()> {
    let missing = |help: &str| {
        Err(Error::new(ErrorKind::Config, OPERATION).with_code("seed_missing").with_help(help.to_owned()))
    };
    match journal {
        Journal::Done => Ok(()),
        Journal::Fresh if status.initialized => Ok(()),
        Journal::Fresh => missing("the server was never initialised, and there is no seed to begin with"),
        Journal::Initializing | Journal::Initialized(_) => {
            missing("the bring-up is unfinished, and its seed is gone: nothing opens its journal")
        }
    }
}

fn foreign() -> Error {
    Error::new(ErrorKind::Conflict, OPERATION)
        .with_service(SERVICE)
        .with_code("initialized_by_others")
        .with_help("the server was initialised, and not with this seed; is this the right address?")
}

fn storage_gone() -> Error {
    Error::new(ErrorKind::Conflict, OPERATION).with_service(SERVICE).with_code("storage_gone").with_help(
        "the journal says that the server was initialised, and it was not: is this another node? If its storage was \
         emptied on purpose, remove the journal",
    )
}

fn answer_lost() -> Error {
    Error::new(ErrorKind::Unavailable, OPERATION)
        .with_service(SERVICE)
        .with_code("init_answer_lost")
        .with_retry(catalyst_core::RetryAdvice::Never)
        .with_help(
            "the server was initialised and its answer, which alone holds the key, was lost; the server is empty and \
             nobody can open it: empty its storage, start it, and run this again",
        )
}
