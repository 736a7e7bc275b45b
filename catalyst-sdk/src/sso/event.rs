//! What was done for an application, for the audit log. Never holds a secret.

use std::sync::Arc;
use std::time::SystemTime;

use catalyst_core::Error;
use catalyst_keycloak::rotation::RotationEventKind;
use catalyst_keycloak::{ClientId, Outcome};

use super::Place;

/// Is told of every step. Called in the middle of the work, so it returns at once.
pub type SsoObserver = Arc<dyn Fn(&SsoEvent) + Send + Sync>;

/// One step. Also emitted through `tracing`, with the target `catalyst::audit`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SsoEvent {
    /// Whose.
    pub place: Place,
    /// The client.
    pub client: ClientId,
    /// When, on the worker's clock.
    pub at: SystemTime,
    /// What.
    pub kind: SsoEventKind,
}

/// What was done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SsoEventKind {
    /// The client is in the realm as declared.
    ClientEnsured {
        /// Created, updated or as it was.
        outcome: Outcome,
        /// What differed, in words: the drift of a client that was edited by hand.
        changes: Vec<String>,
    },
    /// A key was made.
    KeyMade {
        /// Its identifier.
        key_id: String,
    },
    /// Applications use the new key from here on.
    KeyReplaced {
        /// Its identifier.
        key_id: String,
        /// The one before is accepted until then.
        old_until: SystemTime,
    },
    /// The credential was written to OpenBao.
    CredentialStored {
        /// Where, below the mount.
        path: String,
    },
    /// The credential in OpenBao is the one in force.
    CredentialUnchanged,
    /// Somebody else wrote the credential meanwhile, or the answer to our write was lost: it is looked at again.
    StoreRetried,
    /// A step of the rotation of its secret.
    Rotation {
        /// The number of the secret that applications use.
        number: u64,
        /// What happened.
        step: RotationEventKind,
    },
    /// Client and credential were removed.
    Removed {
        /// Whether the client had been there.
        client_existed: bool,
    },
    /// A step failed; what was done so far stands.
    Failed {
        /// Why.
        error: Error,
    },
}

impl SsoEventKind {
    /// One stable word, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ClientEnsured { .. } => "client_ensured",
            Self::KeyMade { .. } => "key_made",
            Self::KeyReplaced { .. } => "key_replaced",
            Self::CredentialStored { .. } => "credential_stored",
            Self::CredentialUnchanged => "credential_unchanged",
            Self::StoreRetried => "store_retried",
            Self::Rotation { step, .. } => step.name(),
            Self::Removed { .. } => "removed",
            Self::Failed { .. } => "failed",
        }
    }
}
