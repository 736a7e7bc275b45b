//! New key shares in the place of the old ones.

use std::sync::Arc;

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::{KeyKind, KeyShare, KeySplit};
use crate::api::Api;
use crate::operation::Subject;
use crate::wire::Exposed;

/// Replaces the shares of one key; made by [`Operator::rekey`](super::Operator::rekey). Cheap to clone.
///
/// One attempt at a time: start it, give it the old shares, and the last one is answered by the new ones. With
/// verification the old ones stay good until enough of the new ones were shown to be readable.
///
/// ```
/// use catalyst_openbao::{KeyKind, KeyShare, KeySplit, OpenBao, RekeyProgress, RekeyRequest};
///
/// # async fn example(bao: &OpenBao, old: &[KeyShare]) -> catalyst_openbao::Result<()> {
/// let rekey = bao.operator().rekey(KeyKind::Unseal);
/// let attempt = rekey.start(&RekeyRequest::new(KeySplit::new(5, 3)?)).await?;
/// for share in old {
///     if let RekeyProgress::Complete(new) = rekey.submit(&attempt, share).await? {
///         println!("{} new shares", new.keys.len());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Rekey {
    pub(super) api: Arc<Api>,
    pub(super) kind: KeyKind,
}

/// What the new shares are to be like.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is given to Rekey::start"]
pub struct RekeyRequest {
    split: KeySplit,
    verify: bool,
    pgp_keys: Vec<String>,
    backup: bool,
}

impl RekeyRequest {
    /// New shares of this number.
    pub fn new(split: KeySplit) -> Self {
        Self { split, verify: false, pgp_keys: Vec::new(), backup: false }
    }

    /// Lets the old shares be good until enough of the new ones were given back ([`Rekey::verify`]).
    pub fn verified(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Encrypts the new shares, one for each of these public PGP keys in base64.
    pub fn pgp_keys(mut self, keys: impl IntoIterator<Item = String>) -> Self {
        self.pgp_keys = keys.into_iter().collect();
        self
    }

    /// Has the server keep a copy of the encrypted shares; only with PGP keys.
    pub fn backup(mut self) -> Self {
        self.backup = true;
        self
    }
}

/// An attempt that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RekeyAttempt {
    /// Names the attempt, so that no share goes to another.
    pub nonce: String,
    /// How many of the old shares it has got.
    pub progress: u32,
    /// How many it needs.
    pub required: u32,
    /// Whether the new shares are to be verified.
    pub verified: bool,
}

/// How far an attempt has come with a share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RekeyProgress {
    /// It needs more shares.
    More(RekeyAttempt),
    /// The new shares.
    Complete(NewKeys),
}

/// New shares; the server gives them once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewKeys {
    /// The shares; encrypted if that was asked for.
    pub keys: Vec<KeyShare>,
    /// Whether they are good only once they were verified.
    pub to_be_verified: bool,
}

impl Rekey {
    pub(super) fn new(api: Arc<Api>, kind: KeyKind) -> Self {
        Self { api, kind }
    }

    /// The attempt that there is, also somebody else's (`GET sys/rotate/root/init` or `sys/rotate/recovery/init`).
    /// Repeated after passing faults.
    ///
    /// # Errors
    /// Code `wrong_seal_type` for the recovery key of a server without one, `permission_denied`, and the others of
    /// the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn attempt(&self) -> Result<Option<RekeyAttempt>> {
        let wire: RekeyWire =
            self.api.at(Subject::Operator, "read rekeying", &[self.path(), "/init"]).read().await?;
        Ok(wire.started.then(|| wire.attempt()))
    }

    /// Starts an attempt (`PUT …/init`). Not repeated once its outcome is unknown: [`Rekey::attempt`] shows it.
    ///
    /// # Errors
    /// Code `attempt_in_progress` if there is one, and as [`Rekey::attempt`].
    ///
    /// # Cancel safety
    /// An attempt may have been started.
    pub async fn start(&self, request: &RekeyRequest) -> Result<RekeyAttempt> {
        let body = StartBody {
            secret_shares: request.split.shares(),
            secret_threshold: request.split.threshold(),
            require_verification: request.verify,
            pgp_keys: &request.pgp_keys,
            backup: request.backup,
        };
        let path = [self.path(), "/init"];
        let ask = self.api.at(Subject::Operator, "start rekeying", &path).once();
        Ok(ask.exchange::<RekeyWire>(&body).await?.attempt())
    }

    /// Gives the attempt one of the old shares (`PUT …/update`). Not repeated once its outcome is unknown: the answer to
    /// the last share is the only one that holds the new ones.
    ///
    /// # Errors
    /// Code `wrong_share` if the shares do not make up the key; the attempt goes on, without any share.
    /// `share_repeated`, `nonce_mismatch`, `no_attempt`.
    ///
    /// # Cancel safety
    /// The share may count. With the last one, new shares may be in force that nobody knows: ask for verification,
    /// or for a backup.
    pub async fn submit(&self, attempt: &RekeyAttempt, share: &KeyShare) -> Result<RekeyProgress> {
        let body = ShareBody { key: share.into(), nonce: &attempt.nonce };
        let path = [self.path(), "/update"];
        let ask = self.api.at(Subject::Operator, "submit rekey share", &path).once();
        let wire: RekeyWire = ask.exchange(&body).await?;
        if wire.complete {
            let keys = wire.keys_base64;
            return Ok(RekeyProgress::Complete(NewKeys { keys, to_be_verified: wire.verification_required }));
        }
        Ok(RekeyProgress::More(wire.attempt()))
    }

    /// Cancels whatever attempt there is (`DELETE …/init`); without one, nothing happens. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied`, and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be cancelled.
    pub async fn cancel(&self) -> Result<()> {
        self.api.at(Subject::Operator, "cancel rekeying", &[self.path(), "/init"]).delete().await
    }

    pub(super) fn path(&self) -> &'static str {
        match self.kind {
            KeyKind::Unseal => "sys/rotate/root",
            KeyKind::Recovery => "sys/rotate/recovery",
        }
    }
}

#[derive(Serialize)]
struct StartBody<'a> {
    secret_shares: u8,
    secret_threshold: u8,
    require_verification: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pgp_keys: &'a [String],
    backup: bool,
}

#[derive(Serialize)]
pub(super) struct ShareBody<'a> {
    pub(super) key: Exposed<'a>,
    pub(super) nonce: &'a str,
}

#[derive(Deserialize)]
struct RekeyWire {
    #[serde(default)]
    started: bool,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    progress: u32,
    #[serde(default)]
    required: u32,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    keys_base64: Vec<KeyShare>,
    #[serde(default)]
    verification_required: bool,
}

impl RekeyWire {
    fn attempt(self) -> RekeyAttempt {
        RekeyAttempt {
            nonce: self.nonce,
            progress: self.progress,
            required: self.required,
            verified: self.verification_required,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;

    fn read(file: &str) -> RekeyWire {
        serde_json::from_value(recorded(file).1["data"].clone()).unwrap()
    }

    #[test]
    fn recorded_attempts_are_read() {
        assert!(!read("op-sys-rotate-root-init-status-root").started);
        let started = read("op-rotate-root-start").attempt();
        assert_eq!((started.progress, started.required, started.verified), (0, 3, false));
        assert_eq!(read("op-rotate-root-update-1").attempt().progress, 1);
        let done = read("op-rotate-root-done");
        assert_eq!((done.complete, done.keys_base64.len(), done.verification_required), (true, 3, false));
        assert!(read("op-rotate-root-verified-done").verification_required);
    }
}
