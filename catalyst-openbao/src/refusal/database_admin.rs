//! What refusals of connections and roles of the database engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::{Meaning, retried};

/// The signs of a database that is away, in the words of the drivers.
const AWAY: [&str; 7] = [
    "dial tcp",
    "dial error",
    "connection refused",
    "i/o timeout",
    "EOF",
    "57P0",
    "failed to make connection",
];

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    let away = AWAY.iter().any(|sign| said.contains(sign));
    let not_found = |code, help| Some(Meaning::new(ErrorKind::NotFound, code, help));
    match status {
        400 if said.contains("plugin not found in the catalog") => {
            let help = "this server has no such plugin; register it, or correct the name";
            not_found("unknown_plugin", help)
        }
        400 if said.contains("error verifying") && away => Some(retried(
            "backend_down",
            "the server cannot reach the database; check the address, or keep it untried",
        )),
        400 if said.contains("error verifying") => {
            let help = "the database refuses the managing user, or the server the database; check user, password and TLS";
            Some(Meaning::new(ErrorKind::InvalidRequest, "backend_refused", help))
        }
        400 if said.contains("names must be unique") => {
            let help = "dynamic and static roles share their names; choose another, or delete the other role";
            Some(Meaning::new(ErrorKind::Conflict, "role_exists", help))
        }
        400 if said.contains("no static role found") => {
            not_found("unknown_role", "create the role, or correct its name")
        }
        500 if said.contains("failed to find entry for connection") => {
            not_found("unknown_connection", "configure the connection, or correct its name")
        }
        500 if said.contains("unable to rotate root credentials") => {
            let help = "write the connection with an address without user and password, and give these apart";
            Some(Meaning::new(ErrorKind::InvalidRequest, "root_not_managed", help))
        }
        500 if said.contains("is not an allowed role") => None,
        500 if away => Some(retried("backend_down", "the server cannot reach the database behind it")),
        500 if said.contains("error setting credentials") || said.contains("failed to update user") => {
            let help = "the database refused to change the password; is the user there, and may the managing user change it?";
            Some(retried("backend_refused", help).final_())
        }
        _ => None,
    }
}
