//! What refusals of the RabbitMQ engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::{Meaning, retried};

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        500 if said.contains("dial tcp")
            || said.contains("connection refused")
            || said.contains("timeout") =>
        {
            Some(retried("backend_down", "the server cannot reach the RabbitMQ behind it"))
        }
        500 if said.contains("failed to validate the connection") => {
            let help = "the RabbitMQ refuses the administrator of this engine; check its user and password";
            Some(Meaning::new(ErrorKind::InvalidRequest, "backend_refused", help))
        }
        _ => None,
    }
}
