//! New shares shown to be readable, before the old ones lose their force.

use catalyst_core::Result;
use serde::Deserialize;

use super::rekey::ShareBody;
use super::{KeyShare, Rekey};
use crate::operation::Subject;

/// A verification that waits for new shares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// Names the verification. After a wrong share it is another one: read it anew.
    pub nonce: String,
    /// How many of the new shares it has got.
    pub progress: u32,
    /// How many it needs.
    pub required: u32,
}

/// How far a verification has come with a share.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerificationProgress {
    /// It needs more shares.
    More(Verification),
    /// The new shares are in force.
    Complete,
}

impl Rekey {
    /// The verification that waits for new shares (`GET …/verify`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `no_attempt` if none does, and as [`Rekey::attempt`].
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn verification(&self) -> Result<Verification> {
        let path = [self.path(), "/verify"];
        let ask = self.api.at(Subject::Operator, "read rekey verification", &path);
        Ok(ask.read::<VerifyWire>().await?.into())
    }

    /// Gives back one of the new shares (`PUT …/verify`). Not repeated once its outcome is unknown: [`Rekey::verification`]
    /// shows how far it has come, and no longer exists once it is complete.
    ///
    /// # Errors
    /// Code `wrong_share` if the shares are not the new ones: then all are to be given again, under a new nonce.
    /// `nonce_mismatch`, `no_attempt`.
    ///
    /// # Cancel safety
    /// The share may count.
    pub async fn verify(
        &self,
        verification: &Verification,
        share: &KeyShare,
    ) -> Result<VerificationProgress> {
        let body = ShareBody { key: share.into(), nonce: &verification.nonce };
        let path = [self.path(), "/verify"];
        let ask = self.api.at(Subject::Operator, "verify rekey share", &path).once();
        let wire: VerifyWire = ask.exchange(&body).await?;
        if wire.complete {
            return Ok(VerificationProgress::Complete);
        }
        Ok(VerificationProgress::More(wire.into()))
    }

    /// Has the server forget the new shares that were given back so far (`DELETE …/verify`). Repeated after passing faults.
    ///
    /// # Errors
    /// As [`Rekey::verification`].
    ///
    /// # Cancel safety
    /// They may or may not be forgotten.
    pub async fn restart_verification(&self) -> Result<()> {
        self.api.at(Subject::Operator, "restart rekey verification", &[self.path(), "/verify"]).delete().await
    }
}

#[derive(Deserialize)]
struct VerifyWire {
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    progress: u32,
    #[serde(default)]
    t: u32,
    #[serde(default)]
    complete: bool,
}

impl From<VerifyWire> for Verification {
    fn from(wire: VerifyWire) -> Self {
        Self { nonce: wire.nonce, progress: wire.progress, required: wire.t }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;

    #[test]
    fn recorded_verifications_are_read() {
        let read =
            |file: &str| -> VerifyWire { serde_json::from_value(recorded(file).1["data"].clone()).unwrap() };
        let first: Verification = read("op-rotate-root-verified-verify-1").into();
        assert_eq!((first.progress, first.required), (1, 2));
        assert!(read("op-rotate-root-verified-verify-done").complete);
    }
}
