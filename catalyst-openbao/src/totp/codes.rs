//! Codes, as an application asks for them.

use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::{Result, Secret};

use crate::KeyName;

/// Makes and checks one-time codes: the TOTP engine at one mount.
///
/// Errors common to all: codes `key_not_found`, `permission_denied`, `unknown_mount`, `sealed` and the others of the
/// crate.
///
/// ```
/// use catalyst_openbao::{KeyName, OneTimePasswords, Result, Secret};
///
/// async fn second_factor(totp: &dyn OneTimePasswords, user: &KeyName, typed: &str) -> Result<bool> {
///     match totp.validate(user, &Secret::new(typed)).await {
///         // Shown before: somebody looked over the user's shoulder, or the form was sent twice.
///         Err(error) if error.code() == Some("code_used") => Ok(false),
///         other => other,
///     }
/// }
/// ```
#[async_trait]
pub trait OneTimePasswords: fmt::Debug + Send + Sync + 'static {
    /// The code of this moment, to log in elsewhere with (`GET code/<key>`). Repeated after passing faults.
    ///
    /// # Cancel safety
    /// It changes nothing.
    async fn code(&self, key: &KeyName) -> Result<OneTimeCode>;

    /// Whether this is the code of this moment, or of the one before or after where the key says so
    /// (`POST code/<key>`). **Each code is taken once**, also one that is wrong; not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Codes `code_used` if it was shown before, within two or three periods; `malformed_input` if it has another number
    /// of digits than the key's codes.
    ///
    /// # Cancel safety
    /// The code may or may not have been taken.
    async fn validate(&self, key: &KeyName, code: &Secret) -> Result<bool>;
}

/// A code, and how long it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OneTimeCode {
    /// The digits.
    pub code: Secret,
    /// When it was made, by the server's clock, to the second.
    pub generated_at: SystemTime,
    /// When the next one takes its place, by the server's clock.
    pub expires_at: SystemTime,
    /// How long a code is good.
    pub period: Duration,
}

impl OneTimeCode {
    /// A code, for tests.
    pub fn new(code: Secret, generated_at: SystemTime, expires_at: SystemTime, period: Duration) -> Self {
        Self { code, generated_at, expires_at, period }
    }
}
