//! What refusals of the transit engine mean beyond their status. An item of a batch is refused in the same words.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

/// The words of a refusal, which may stand anywhere in it, and what they mean; the first that fits decides.
type Words = (&'static [&'static str], ErrorKind, &'static str, &'static str);

const WORDS: [Words; 13] = [
    (
        &[
            "key not found",
            "no existing key named",
            "could not delete key; not found",
            "invalid key name",
            "\" not found",
        ],
        ErrorKind::NotFound,
        "key_not_found",
        "create the key, or correct its name",
    ),
    (
        &["message authentication failed", "failed to RSA decrypt", "invalid ciphertext length"],
        ErrorKind::InvalidRequest,
        "not_authentic",
        "it was changed, or made by another key, with another context or other associated data",
    ),
    (
        &["disallowed by policy", "less than the minimum encryption key version"],
        ErrorKind::Expired,
        "key_version_too_old",
        "the key's minimum version is above this one; rewrap what is old before the minimum is raised",
    ),
    (
        &[
            "version is too new",
            "higher than the latest key version",
            "version does not exist",
            "no such key version",
            "is negative",
        ],
        ErrorKind::NotFound,
        "unknown_key_version",
        "the key has no such version, or not any more",
    ),
    (
        &["missing 'context'"],
        ErrorKind::InvalidRequest,
        "context_required",
        "the key is a derived one: each use names the context",
    ),
    (
        &["deletion is not allowed"],
        ErrorKind::PermissionDenied,
        "deletion_not_allowed",
        "allow the deletion in the key's settings first",
    ),
    (
        &["not exportable", "exporting is disallowed", "plaintext backup is disallowed"],
        ErrorKind::PermissionDenied,
        "not_exportable",
        "the key may not leave the server, or not as a backup; that is part of its settings",
    ),
    (
        &["already exists", "cannot be used with an existing key"],
        ErrorKind::Conflict,
        "key_exists",
        "a key of this name is there already",
    ),
    (
        &[
            "not supported for key type",
            "does not support",
            "non-AEAD cipher suite",
            "not supported for the key",
            "not supported for keys of type",
            "for export type",
            "is not valid for algorithm",
        ],
        ErrorKind::InvalidRequest,
        "unsupported_by_key",
        "keys of this type cannot do that",
    ),
    (
        &[
            "invalid ciphertext",
            "invalid signature",
            "invalid HMAC",
            "base64",
            "provided ciphertext is too short",
            "looking for beginning of value",
            "error unwrapping",
            "crypto/rsa: decryption error",
        ],
        ErrorKind::InvalidRequest,
        "malformed_input",
        "what was sent has not the form that it should have",
    ),
    (
        &["context should be set either in all"],
        ErrorKind::InvalidRequest,
        "invalid_request",
        "in one batch, either all items have a context or none has one",
    ),
    (
        &["input must be hashed"],
        ErrorKind::InvalidRequest,
        "malformed_input",
        "the scheme says that the message is a hash, and it is not as long as one",
    ),
    (
        &["invalid key size", "unsupported rsa signature algorithm", "unsupported algorithm"],
        ErrorKind::InvalidRequest,
        "invalid_request",
        "the server refuses what was sent",
    ),
];

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    if status == 404 && said.is_empty() {
        return Some(key_not_found());
    }
    // The server blames itself for some of what it was sent.
    if !matches!(status, 400 | 500) {
        return None;
    }
    let meant = WORDS.iter().find(|(words, ..)| words.iter().any(|word| said.contains(word)));
    meant.map(|&(_, kind, code, help)| Meaning::new(kind, code, help))
}

fn key_not_found() -> Meaning {
    Meaning::new(ErrorKind::NotFound, "key_not_found", "create the key, or correct its name")
}
