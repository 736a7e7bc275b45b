//! What has to be remembered between the way out and the way back.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalyst_core::{Result, Secret};

use super::refusal::Refusal;

/// The longest form of a pending login that is read back, in bytes.
const MAX_TEXT: usize = 1024;

/// A login that the browser has been sent away for: state, nonce and the PKCE verifier. `Debug` shows its age's
/// beginning only.
///
/// Keep it where only this browser's return finds it: in the session of the server, or in a cookie that is encrypted,
/// `HttpOnly`, `Secure` and `SameSite=Lax`. It is taken by value when the login is finished, so that one login is
/// finished once; drop the stored form then, too.
pub struct PendingLogin {
    pub(super) state: Secret,
    pub(super) nonce: Secret,
    pub(super) verifier: Secret,
    pub(super) started_at: SystemTime,
}

/// The first part of the stored form: another order of parts would get another number.
const FORMAT: &str = "1";

impl PendingLogin {
    /// All of it as one text without spaces, for a session store or a cookie. The text is as secret as the login.
    pub fn expose(&self) -> Secret {
        let since = self.started_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (state, nonce, verifier) = (self.state.expose(), self.nonce.expose(), self.verifier.expose());
        Secret::from(format!("{FORMAT}.{state}.{nonce}.{verifier}.{}", since.as_secs()))
    }

    /// Reads what [`PendingLogin::expose`] gave.
    ///
    /// # Errors
    /// Code `login_pending_invalid` if it is something else, or longer than 1 KiB.
    pub fn restore(text: &Secret) -> Result<Self> {
        let unusable = || Refusal::Pending("what was stored is no pending login; start anew").error();
        let text = text.expose();
        if text.len() > MAX_TEXT {
            return Err(unusable());
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [FORMAT, state, nonce, verifier, seconds] = parts[..] else {
            return Err(unusable());
        };
        let started_at =
            seconds.parse().ok().and_then(|since| UNIX_EPOCH.checked_add(Duration::from_secs(since)));
        match started_at.filter(|_| [state, nonce, verifier].into_iter().all(is_random)) {
            Some(started_at) => Ok(Self {
                state: Secret::new(state),
                nonce: Secret::new(nonce),
                verifier: Secret::new(verifier),
                started_at,
            }),
            None => Err(unusable()),
        }
    }
}

/// Whether it is made of what our random texts are made of (base64url), and has at least 128 bits.
fn is_random(text: &str) -> bool {
    text.len() >= 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin").field("started_at", &self.started_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pending() -> PendingLogin {
        PendingLogin {
            state: Secret::new("the-state-000000000000000"),
            nonce: Secret::new("the-nonce-000000000000000"),
            verifier: Secret::new("the-verifier-000000000000"),
            started_at: UNIX_EPOCH + Duration::from_secs(1_795_317_479),
        }
    }

    #[test]
    fn it_survives_a_cookie_and_shows_nothing() {
        let text = pending().expose();
        assert!(text.expose().chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let back = PendingLogin::restore(&text).unwrap();
        assert_eq!((back.state, back.nonce), (pending().state, pending().nonce));
        assert_eq!((back.verifier, back.started_at), (pending().verifier, pending().started_at));
        assert!(!format!("{:?}", pending()).contains("the-"));
    }

    proptest! {
        #[test]
        fn no_text_from_outside_panics(text in "\\PC{0,300}") {
            if let Err(error) = PendingLogin::restore(&Secret::new(text.as_str())) {
                prop_assert_eq!(error.code(), Some("login_pending_invalid"));
            }
        }
    }

    #[test]
    fn a_cut_or_endless_text_is_refused() {
        let text = pending().expose();
        for bad in ["", &text.expose()[..20], &"A".repeat(100_000), "1.a.b.c.7", "1....7"] {
            let error = PendingLogin::restore(&Secret::new(bad)).unwrap_err();
            assert_eq!(error.code(), Some("login_pending_invalid"));
        }
    }
}
