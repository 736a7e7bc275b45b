//! A root token out of key shares, for a server whose last one was revoked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use catalyst_core::http::{Method, Request};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::{Deserialize, Serialize};

use super::client::{NoFields, call, call_with};
use super::unseal::too_few;
use super::{KeyShare, Operator};
use crate::refusal::SERVICE;
use crate::wire::{Exposed, Ignored};

const OPERATION: &str = "generate root token";
const ATTEMPT: &[&str] = &["sys/generate-root/attempt"];
const UPDATE: &[&str] = &["sys/generate-root/update"];

/// Whether somebody generates a root token, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootGeneration {
    /// Whether an attempt was started.
    pub started: bool,
    /// How many shares it has got.
    pub progress: u32,
    /// How many it needs.
    pub required: u32,
}

/// An attempt of ours: whoever started it, and nobody else, can read its result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RootAttempt {
    /// Names the attempt, so that no share goes to somebody else's.
    pub nonce: String,
    /// What the token comes encrypted with.
    pub otp: Secret,
    /// How many shares are needed.
    pub required: u32,
}

/// How far an attempt has come with a share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RootProgress {
    /// It needs more shares.
    More {
        /// How many it has got.
        given: u32,
        /// How many it needs.
        required: u32,
    },
    /// The token that may do everything, until it is revoked.
    Complete(Secret),
}

/// These calls need no session, and so OpenBao refuses them unless its listener says
/// `disable_unauthed_generate_root_endpoints = false`: code `generate_root_disabled`.
impl Operator {
    /// Whether somebody generates a root token (`GET sys/generate-root/attempt`). Repeated after passing faults.
    ///
    /// # Errors
    /// Code `generate_root_disabled`, `sealed`, and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn root_generation(&self) -> Result<RootGeneration> {
        let call = call("read root generation", Method::Get, ATTEMPT);
        let wire: AttemptWire = self.anonymous(call).await?;
        Ok(RootGeneration { started: wire.started, progress: wire.progress, required: wire.required })
    }

    /// Starts an attempt (`PUT sys/generate-root/attempt`). Not repeated once its outcome is unknown: cancel it then.
    ///
    /// # Errors
    /// Code `attempt_in_progress` if there is one, `generate_root_disabled`, and the others of the crate.
    ///
    /// # Cancel safety
    /// An attempt may be left behind: [`Operator::cancel_root_generation`].
    pub async fn start_root_generation(&self) -> Result<RootAttempt> {
        let body = |request: Request| request.json(&NoFields {});
        let call = call_with("start root generation", ATTEMPT, &body).once();
        let wire: AttemptWire = self.anonymous(call).await?;
        Ok(RootAttempt { nonce: wire.nonce, otp: wire.otp, required: wire.required })
    }

    /// Gives the attempt one share (`PUT sys/generate-root/update`). Not repeated once its outcome is unknown: the
    /// answer to the last share is the only one that holds the token.
    ///
    /// # Errors
    /// Code `wrong_share` if the shares do not make up the key; the attempt goes on, without any share.
    /// `share_repeated` if it was given already, `nonce_mismatch` or `no_attempt` if the attempt is not ours or was
    /// cancelled.
    ///
    /// # Cancel safety
    /// The share may count. With the last one, a token may have been made that nobody knows.
    pub async fn submit_root_share(&self, attempt: &RootAttempt, share: &KeyShare) -> Result<RootProgress> {
        let body = UpdateBody { key: share.into(), nonce: &attempt.nonce };
        let body = |request: Request| request.json(&body);
        let call = call_with("submit root share", UPDATE, &body).once();
        let wire: AttemptWire = self.anonymous(call).await?;
        if !wire.complete {
            return Ok(RootProgress::More { given: wire.progress, required: wire.required });
        }
        decode(&wire.encoded_token, &attempt.otp).map(RootProgress::Complete)
    }

    /// Cancels whatever attempt there is, also somebody else's (`DELETE sys/generate-root/attempt`). Repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `generate_root_disabled`, and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be cancelled.
    pub async fn cancel_root_generation(&self) -> Result<()> {
        self.anonymous::<Ignored>(call("cancel root generation", Method::Delete, ATTEMPT)).await.map(drop)
    }

    /// A root token out of `shares`, of which only as many are given as are needed. An attempt that fails is
    /// cancelled.
    ///
    /// # Errors
    /// Code `too_few_shares` if they are not enough, and as the calls that it is made of.
    ///
    /// # Cancel safety
    /// An attempt may be left behind, or a token that nobody knows.
    pub async fn generate_root(&self, shares: &[KeyShare]) -> Result<Secret> {
        let attempt = self.start_root_generation().await?;
        let made = self.complete_root(&attempt, shares).await;
        if made.is_err() {
            // What went wrong is what the caller wants to know, not that there is nothing to cancel.
            drop(self.cancel_root_generation().await);
        }
        made
    }

    async fn complete_root(&self, attempt: &RootAttempt, shares: &[KeyShare]) -> Result<Secret> {
        for share in shares {
            if let RootProgress::Complete(token) = self.submit_root_share(attempt, share).await? {
                return Ok(token);
            }
        }
        Err(too_few(OPERATION))
    }
}

/// The token comes as base64 of its bytes, each xored with that of the one-time password.
fn decode(encoded: &Secret, otp: &Secret) -> Result<Secret> {
    let bad = |help: &'static str| {
        let error = Error::new(ErrorKind::Decode, OPERATION).with_service(SERVICE);
        error.with_code("unreadable_answer").with_help(help).with_outcome_unknown()
    };
    let bytes = STANDARD_NO_PAD
        .decode(encoded.expose().trim_end_matches('='))
        .map_err(|_quotes_it| bad("the encoded token is no base64"))?;
    let otp = otp.expose().as_bytes();
    if bytes.len() != otp.len() {
        return Err(bad("the encoded token is not as long as the one-time password"));
    }
    let clear: Vec<u8> = bytes.iter().zip(otp).map(|(byte, pad)| byte ^ pad).collect();
    String::from_utf8(clear).map(Secret::from).map_err(|_quotes_it| bad("the decoded token is no text"))
}

#[derive(Deserialize)]
struct AttemptWire {
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    started: bool,
    #[serde(default)]
    progress: u32,
    #[serde(default)]
    required: u32,
    #[serde(default)]
    complete: bool,
    #[serde(default = "nothing")]
    encoded_token: Secret,
    #[serde(default = "nothing")]
    otp: Secret,
}

fn nothing() -> Secret {
    Secret::new("")
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    key: Exposed<'a>,
    nonce: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;
    use proptest::prelude::*;

    #[test]
    fn recorded_attempts_are_read_and_the_token_is_decoded() {
        let read = |file: &str| serde_json::from_value::<AttemptWire>(recorded(file).1).unwrap();
        let (started, done) = (read("op-generate-root-start"), read("op-generate-root-done"));
        assert_eq!((started.started, started.required, started.otp.expose().len()), (true, 3, 26));
        assert_eq!(read("op-generate-root-1").progress, 1);
        assert!(done.complete);
        let token = decode(&done.encoded_token, &started.otp).unwrap();
        assert!(token.expose().starts_with("s.") && token.expose().len() == 26);
    }

    #[test]
    fn a_token_that_cannot_be_decoded_is_an_error_that_does_not_show_it() {
        for encoded in ["not base64!", "Y2FuYXJ5"] {
            let error = decode(&Secret::new(encoded), &Secret::new("canary-otp")).unwrap_err();
            assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Decode, true));
            assert!(!format!("{error:?}").contains("canary"));
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_decoding_panic(encoded in "\\PC{0,40}", otp in "\\PC{0,30}") {
            let _decoded = decode(&Secret::from(encoded), &Secret::from(otp));
        }
    }
}
