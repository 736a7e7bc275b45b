//! What refusals of the SSH engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

/// What a role forbids, in the words of the checks.
const FORBIDDEN: [&str; 14] = [
    "is not a valid value for valid_principals",
    "is not configured to allow any principals",
    "refusing to issue unsafe",
    "is not allowed by role",
    "not on allowed list",
    "ttl is larger than maximum allowed",
    "failed to meet the key requirements",
    "provided key_",
    "not allowed to issue key pairs",
    "allowed users list",
    "No default username",
    "Error validating IP",
    "could not be rendered",
    "key type unknown",
];

/// What is no key.
const MALFORMED: [&str; 4] =
    ["failed to parse public_key", "missing public_key", "could not parse", "only one of public_key"];

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let says = |words: &str| said.contains(words);
    let any = |signs: &[&str]| signs.iter().any(|sign| says(sign));
    let (kind, code, help) = match status {
        // Of a role; lists and lists of roles count as empty.
        404 if said.is_empty() => {
            (ErrorKind::NotFound, "unknown_role", "create the role, or correct its name")
        }
        400 if says("OTP not found") => {
            let help = "the password was used, has ended, was revoked, or never was: let nobody in";
            (ErrorKind::NotFound, "otp_not_found", help)
        }
        400 if says("nknown role") || said.starts_with("Role \"") => {
            (ErrorKind::NotFound, "unknown_role", "create the role, or correct its name")
        }
        400 if says("issuer name already in use") => {
            (ErrorKind::Conflict, "issuer_exists", "another issuer has this name; choose another name")
        }
        400 if any(&MALFORMED) => (
            ErrorKind::InvalidRequest,
            "malformed_input",
            "this is no key of OpenSSH, or none that the server can read",
        ),
        400 | 500 if says("no default issuer") => {
            let help = "nobody signs yet: generate or import an authority, or make an issuer the default one";
            (ErrorKind::NotFound, "unknown_issuer", help)
        }
        400 | 500 if says("unable to find issuer") || says("ssh issuer id") => {
            let help = "add the issuer, or correct its name; the role may name one that is gone";
            (ErrorKind::NotFound, "unknown_issuer", help)
        }
        400 | 500 if any(&FORBIDDEN) => {
            let help = "the role does not allow what was asked for; the server's words say what";
            (ErrorKind::PermissionDenied, "not_allowed_by_role", help)
        }
        500 if says("unsupported signature algorithm") => {
            let help = "the role wants signatures of RSA, and its issuer has another key";
            (ErrorKind::InvalidRequest, "unsupported_by_key", help)
        }
        _ => return None,
    };
    Some(Meaning::new(kind, code, help))
}
