//! What refusals of the RabbitMQ engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::{Meaning, retried};

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        500 if said.contains("dial tcp") || said.contains("i/o timeout") || said.contains("EOF") => {
            Some(retried("backend_down", "the server cannot reach the RabbitMQ behind it"))
        }
        500 if said.contains("failed to validate the connection") => {
            let help = "the RabbitMQ refuses the administrator of this engine; check its user and password";
            Some(Meaning::new(ErrorKind::InvalidRequest, "backend_refused", help))
        }
        // It says no more, whatever the reason.
        500 if said.contains("failed to create a new user") => {
            let help = "the server cannot reach the RabbitMQ behind it, or is refused as its administrator; its log says more";
            Some(retried("backend_down", help).unknown())
        }
        // The user that was made is gone again.
        500 if said.contains("Error 400") => {
            let help = "the RabbitMQ refuses the role's permissions; are its virtual hosts there, and its patterns good?";
            Some(retried("backend_refused", help).final_())
        }
        _ => None,
    }
}
