//! What refusals of the PKI engine mean beyond their status.

use catalyst_core::ErrorKind::{self, Conflict, InvalidRequest, NotFound, PermissionDenied};

use super::meaning::Meaning;

/// The words of a refusal, which may stand anywhere in it, and what they mean; the first that fits decides.
type Words = (&'static [&'static str], ErrorKind, &'static str, &'static str);

const WORDS: [Words; 15] = [
    (
        &["no default issuer currently configured", "no default key currently configured"],
        NotFound,
        "no_issuer",
        "make or import an issuer, or set the default one",
    ),
    (
        &["unable to find PKI issuer for reference"],
        NotFound,
        "unknown_issuer",
        "list the issuers, and correct the name, also in the role",
    ),
    (
        &["unable to find PKI key for reference"],
        NotFound,
        "key_not_found",
        "list the keys, and correct the name",
    ),
    (
        &["unable to fetch corresponding key for issuer", "unable to find CRL for issuer"],
        InvalidRequest,
        "issuer_without_key",
        "the mount has the certificate of this issuer only; name another one, or import its key",
    ),
    (
        &["role requires keys of type", "role requires a minimum of", "role key type \"any\" not allowed"],
        InvalidRequest,
        "key_not_allowed",
        "the role wants another kind of key; to issue under a role of any key, name one",
    ),
    (
        // Of the kind of key, this is said above.
        &["not allowed by this role", "not allowed in this role", "not valid for this role"],
        PermissionDenied,
        "name_not_allowed",
        "the role forbids this name, address or URI; ask for another one, or change the role",
    ),
    (
        &["beyond the expiration of the CA certificate"],
        InvalidRequest,
        "ttl_beyond_issuer",
        "the certificate would outlive its issuer; ask for less, or renew the issuer",
    ),
    (
        &["issuer name already in use", "key name already in use"],
        Conflict,
        "name_taken",
        "another issuer or key has this name; choose another name, or take it from that one",
    ),
    (&["Key in Use by Issuer"], Conflict, "key_in_use", "delete the issuers of this key first"),
    (
        &["unable to verify signature on presented cert"],
        InvalidRequest,
        "foreign_certificate",
        "no issuer of this mount signed it; revoke it where it was issued",
    ),
    (
        &["private key does not match"],
        InvalidRequest,
        "key_mismatch",
        "the key is not that of the certificate",
    ),
    (
        &["to its own CRL is not allowed"],
        InvalidRequest,
        "own_revocation",
        "an issuer cannot stand on its own list; revoke the issuer itself",
    ),
    (
        &["ACME feature requires local cluster 'path'"],
        InvalidRequest,
        "cluster_path_missing",
        "set the address under which the mount is reached first",
    ),
    (&["role does not exist"], NotFound, "unknown_role", "create the role, or correct its name"),
    (
        &[
            "csr contains no data",
            "\"csr\" is empty",
            "request could not be parsed",
            "CSR's public key",
            "was too short; perhaps a path",
            "parameters were empty",
            "Refusing to import non-CA certificate",
            "unable to parse",
            "is not a valid IP address",
            "not a valid URI",
            "invalid URL found",
            "non-URL path given",
            "no data found in PEM block",
            "failed to parse",
        ],
        InvalidRequest,
        "malformed_input",
        "what was sent has not the form that it should have",
    ),
];

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        400 if said.starts_with("certificate with serial") && said.ends_with("not found.") => {
            Some(not_kept())
        }
        // The server blames itself for some of what it was sent.
        400 | 500 => {
            let meant = WORDS.iter().find(|(words, ..)| words.iter().any(|word| said.contains(word)));
            meant.map(|&(_, kind, code, help)| Meaning::new(kind, code, help))
        }
        _ => None,
    }
}

fn not_kept() -> Meaning {
    let help = "the number is wrong, the certificate was tidied away, or its role keeps none; show the certificate itself";
    Meaning::new(NotFound, "certificate_not_found", help)
}
