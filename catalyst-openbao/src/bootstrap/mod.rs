//! A server brought up from nothing: initialised, unsealed, converged to a declared state, its root token revoked.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Bootstrap`], [`Report`] | the bring-up, and what it did |
//! | [`Declared`], [`Plan`] | what the server is to be like, and what is to be done for it |
//! | [`SeedStore`], [`FileSeed`], [`RecoverySeed`] | the single-use secret that it begins with |
//! | [`KeyCustody`], [`FileCustody`] | who keeps the key shares after it |
//! | [`StorageReset`] | a server that has to start over |
//!
//! ```no_run
//! use std::sync::Arc;
//! use catalyst_openbao::bootstrap::{Bootstrap, Declared, FileSeed};
//! use catalyst_openbao::{InitRequest, KeySplit, OpenBao};
//!
//! # async fn example(declared: Declared) -> catalyst_openbao::Result<()> {
//! let bao = OpenBao::builder("https://openbao-0.openbao-internal:8200")?.build()?;
//! let seed = Arc::new(FileSeed::new("/run/bootstrap/recovery-seed"));
//! let bootstrap = Bootstrap::new(bao, seed, InitRequest::auto_unseal(KeySplit::WHOLE), declared);
//! let report = bootstrap.run().await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```
//!
//! # How it survives a crash
//!
//! The server gives its key shares and a root token once, as the answer to its init. The root token is kept in
//! memory only, and revoked at the end of every run that can still reach the server. The shares are written into a
//! *journal* beside the seed, encrypted (AES-256-GCM) with a key made from the seed (HKDF-SHA256). A run that was killed
//! is run again: it makes a new root token out of the shares, revokes those that runs before left behind, and goes
//! on. When all is done, the seed is erased, and with it the worth of every copy of the journal.
//!
//! | killed | the journal says | the next run |
//! | --- | --- | --- |
//! | before init was sent | nothing, or *initializing* | initialises |
//! | after init, before its answer is in the journal | *initializing* | the key is lost, and the server empty: [`StorageReset`], or the error `init_answer_lost` |
//! | before the shares are in custody | *initialized* | hands them over again |
//! | before the server is unsealed, or half unsealed | *initialized* | resets the progress, and unseals |
//! | while a root token is generated | *initialized* | cancels that attempt, and starts its own |
//! | with a root token in memory, anywhere in the convergence | *initialized* | makes a new one, revokes the old one, plans anew: what is done is no step |
//! | after the root token was revoked | *initialized* | makes a new one, finds nothing to do, revokes it |
//! | before the seed is erased | *done* | erases it |
//! | between seed and journal | *done*, no seed | erases the journal |
//! | afterwards | nothing, no seed | finds the server initialised, and ends well |
//!
//! Making a root token out of shares needs no session, and so OpenBao refuses it unless its listener says
//! `disable_unauthed_generate_root_endpoints = false`. A run that is not interrupted does not need it. One that was
//! says so (`generate_root_disabled`), and goes on when it is allowed. Set it back when the bring-up is finished.
//!
//! The order differs from the usual scripts in one place: the root token is revoked *before* the seed is erased. The
//! other way round, a crash between the two would leave a root token that nobody knows and nobody can revoke.
//!
//! One moment cannot be closed: the server has answered init, and the answer is not in the journal yet. Killed there,
//! the shares are lost, and with a Shamir seal nobody can unseal the server ever again. It holds nothing yet, so it may
//! start over: stop every node, empty their storage, start them, and run the bring-up again with the same seed. The
//! error `init_answer_lost` says this; a [`StorageReset`] does it without a person. A server that unseals itself, and
//! whose recovery shares were lost, serves, but no root token can be made for it: it starts over, too.
//!
//! Where the seed is a Secret of Kubernetes, the job needs the verbs `get`, `patch` and `delete` on it: the journal is
//! written into the same Secret by a patch, and both are deleted at once.
//!
//! # What it leaves alone
//!
//! Everything on the server that is not declared, except root tokens while a bring-up is unfinished. A server that
//! somebody else initialised, or that the journal is not of: those are errors. Run one bring-up at a time, against
//! one node: an address that leads to another node each time finds some of them uninitialised.

mod custody;
mod declared;
mod file;
mod journal;
mod pipeline;
mod plan;
mod report;
mod reset;
mod seed;
mod server;
mod store;

pub use custody::{FileCustody, KeyCustody};
pub use declared::{
    DatabaseConnection, DatabaseRole, Declared, DeclaredAudit, DeclaredEngine, DeclaredLogin, JwtKeys,
    JwtRole, KubernetesRole,
};
pub use file::FileSeed;
pub use pipeline::Bootstrap;
pub use plan::{Plan, Step, StepKind};
pub use report::{Outcome, Preview, Report};
pub use reset::StorageReset;
pub use seed::RecoverySeed;
pub use store::{SeedStore, StoredSeed};
