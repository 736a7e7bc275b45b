//! Whether an audit log holds a secret, and whether it does so in clear.

use std::fmt;

use catalyst_core::Secret;

/// Reads an audit log line by line, and tells whether a secret stands in it as its hash and nowhere in clear.
///
/// ```
/// use catalyst_openbao::Secret;
/// use catalyst_openbao::system::{AuditCheck, AuditVerdict};
///
/// let mut check = AuditCheck::new("hmac-sha256:f7eb46", &Secret::new("hunter2"));
/// check.line(br#"{"request":{"data":{"password":"hmac-sha256:f7eb46"}}}"#);
/// assert_eq!(check.verdict(), AuditVerdict::Hashed);
/// check.line(br#"{"error":"no such user: hunter2"}"#);
/// assert_eq!(check.verdict(), AuditVerdict::InClear);
/// ```
pub struct AuditCheck {
    hash: String,
    clear: Secret,
    /// As it stands in a JSON text.
    escaped: Secret,
    hashed: u64,
    in_clear: u64,
}

/// What an [`AuditCheck`] has seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditVerdict {
    /// Neither the secret nor its hash: what was expected in the log is not there, or not yet.
    Missing,
    /// The hash, and nowhere the secret.
    Hashed,
    /// The secret itself.
    InClear,
}

impl AuditCheck {
    /// Looks for `hash`, which [`System::audit_hash`](super::System::audit_hash) gave for `secret`. An empty secret is
    /// never found.
    pub fn new(hash: impl Into<String>, secret: &Secret) -> Self {
        let quoted = Secret::from(serde_json::Value::from(secret.expose()).to_string());
        let inner = quoted.expose();
        let escaped = Secret::new(&inner[1..inner.len() - 1]);
        Self { hash: hash.into(), clear: secret.clone(), escaped, hashed: 0, in_clear: 0 }
    }

    /// Looks at one line of the log.
    pub fn line(&mut self, line: &[u8]) {
        let clear = contains(line, self.clear.expose()) || contains(line, self.escaped.expose());
        self.in_clear += u64::from(clear);
        self.hashed += u64::from(contains(line, &self.hash));
    }

    /// In how many lines the hash stood.
    pub fn lines_with_hash(&self) -> u64 {
        self.hashed
    }

    /// In how many lines the secret stood in clear.
    pub fn lines_in_clear(&self) -> u64 {
        self.in_clear
    }

    /// What it all comes to.
    pub fn verdict(&self) -> AuditVerdict {
        match (self.in_clear, self.hashed) {
            (0, 0) => AuditVerdict::Missing,
            (0, _) => AuditVerdict::Hashed,
            _ => AuditVerdict::InClear,
        }
    }
}

impl fmt::Debug for AuditCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditCheck")
            .field("lines_with_hash", &self.hashed)
            .field("lines_in_clear", &self.in_clear)
            .finish_non_exhaustive()
    }
}

fn contains(line: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    !text.is_empty() && line.windows(text.len()).any(|part| part == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_clear_also_where_json_escapes_it() {
        let secret = Secret::new("a\"b\\c");
        let mut check = AuditCheck::new("hmac-sha256:00", &secret);
        check.line(br#"{"x":"nothing"}"#);
        assert_eq!(check.verdict(), AuditVerdict::Missing);
        check.line(serde_json::json!({ "x": secret.expose() }).to_string().as_bytes());
        assert_eq!((check.verdict(), check.lines_in_clear()), (AuditVerdict::InClear, 1));
        assert!(!format!("{check:?}").contains("a\\"));
    }

    #[test]
    fn a_recorded_entry_holds_the_hash_that_the_server_gave() {
        let read = |name: &str| {
            let file = format!("{}/tests-data/{name}.json", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(file).unwrap()
        };
        let (_, hash) = crate::tests::support::recorded("sys-audit-hash");
        let mut check = AuditCheck::new(hash["data"]["hash"].as_str().unwrap(), &Secret::new("p1"));
        for line in read("audit-entry-request").lines() {
            check.line(line.as_bytes());
        }
        assert_eq!((check.verdict(), check.lines_with_hash()), (AuditVerdict::Hashed, 1));
    }
}
