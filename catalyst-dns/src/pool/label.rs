//! A label below a pool domain.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

/// What the platform keeps for itself, as the pool-domain-manager has it.
const RESERVED: [&str; 21] = [
    "admin", "api", "app", "catalyst", "console", "docs", "flux", "gitea", "harbor", "imap", "k8s",
    "keycloak", "mail", "openbao", "openova", "smtp", "status", "system", "vault", "vpn", "www",
];

/// One label that a Sovereign may have: a letter first, then letters, digits and hyphens, no hyphen last, at most 63,
/// in lower case, and none that the platform keeps for itself.
///
/// ```
/// use catalyst_dns::pool::PoolLabel;
///
/// let label: PoolLabel = "Omantel".parse()?;
/// assert_eq!(label.as_str(), "omantel");
/// assert_eq!("console".parse::<PoolLabel>().unwrap_err().code(), Some("reserved_label"));
/// assert_eq!("9lives".parse::<PoolLabel>().unwrap_err().code(), Some("invalid_label"));
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolLabel(String);

impl PoolLabel {
    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PoolLabel {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_label` or `reserved_label`.
    fn from_str(text: &str) -> Result<Self> {
        let label = text.trim().to_ascii_lowercase();
        let refused = |code, help| {
            let shown = catalyst_core::redact::text(text, 80);
            Error::new(ErrorKind::Config, "read a pool label")
                .with_code(code)
                .with_help(help)
                .with_target(shown)
        };
        let first = label.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let letters =
            label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !first || !letters || label.ends_with('-') || label.len() > 63 {
            let help =
                "a letter first, then letters, digits and hyphens, no hyphen last, at most 63 characters";
            return Err(refused("invalid_label", help));
        }
        if RESERVED.contains(&label.as_str()) {
            return Err(refused(
                "reserved_label",
                "the platform keeps this label for itself; choose another one",
            ));
        }
        Ok(Self(label))
    }
}

impl fmt::Display for PoolLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PoolLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolLabel({})", self.0)
    }
}
