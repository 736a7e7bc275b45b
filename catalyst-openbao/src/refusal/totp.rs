//! What refusals of the TOTP engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let (kind, code, help) = match status {
        404 if said.is_empty() => missing(),
        400 if said.contains("unknown key") => missing(),
        400 if said.contains("code already used") => {
            let help = "each code is taken once; wait for the next one";
            (ErrorKind::Conflict, "code_used", help)
        }
        400 if said.contains("number of digits") || said.contains("the code value is required") => {
            let help = "the code has not as many digits as those of the key";
            (ErrorKind::InvalidRequest, "malformed_input", help)
        }
        400 if said.contains("invalid key value")
            || said.contains("the key value is required")
            || said.contains("parsing url") =>
        {
            let help = "expected a key in base32, or a URL that holds one";
            (ErrorKind::InvalidRequest, "malformed_input", help)
        }
        _ => return None,
    };
    Some(Meaning::new(kind, code, help))
}

fn missing() -> (ErrorKind, &'static str, &'static str) {
    (ErrorKind::NotFound, "key_not_found", "create the key, or correct its name")
}
