//! What refusals of the settings of login methods mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let unreachable = ["error checking jwks URL", "error checking oidc discovery URL"];
    if status == 400 && unreachable.iter().any(|words| said.contains(words)) {
        let help = "the server asks the address when it is configured, and got no keys; can it reach it, and does it trust its certificate?";
        return Some(Meaning::new(ErrorKind::InvalidRequest, "issuer_unreachable", help));
    }
    if status == 400 && said.contains("invalid accessor") || status == 403 && said == "bad token" {
        let help = "the token has ended, was revoked, or never was";
        return Some(Meaning::new(ErrorKind::NotFound, "token_not_found", help));
    }
    if said.contains("failed to find accessor entry for secret_id_accessor") {
        let help = "the secret identifier has ended, was destroyed, or never was";
        return Some(Meaning::new(ErrorKind::NotFound, "secret_id_not_found", help));
    }
    if status == 500 && said.contains("username does not exist") {
        let help = "create the user, or correct its name";
        return Some(Meaning::new(ErrorKind::NotFound, "unknown_user", help));
    }
    if status == 404 && said.contains("does not exist") {
        return Some(Meaning::new(
            ErrorKind::NotFound,
            "unknown_role",
            "create the role, or correct its name",
        ));
    }
    None
}
