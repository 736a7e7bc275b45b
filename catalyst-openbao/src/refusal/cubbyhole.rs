//! What refusals of the cubbyhole mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        404 if said.is_empty() => {
            Some(Meaning::new(ErrorKind::NotFound, "secret_not_found", "this token has put nothing there"))
        }
        400 if said.contains("only supported by 'service' type tokens") => Some(Meaning::new(
            ErrorKind::InvalidRequest,
            "unsupported_by_token",
            "a batch token has no cubbyhole; let the login's role make service tokens",
        )),
        _ => None,
    }
}
