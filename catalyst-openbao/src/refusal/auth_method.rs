//! What refusals of the settings of login methods mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let unreachable = ["error checking jwks URL", "error checking oidc discovery URL"];
    if status == 400 && unreachable.iter().any(|words| said.contains(words)) {
        let help = "the server asks the address when it is configured, and got no keys; can it reach it, and does it trust its certificate?";
        return Some(Meaning::new(ErrorKind::InvalidRequest, "issuer_unreachable", help));
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
