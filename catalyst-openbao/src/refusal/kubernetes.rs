//! What refusals of the Kubernetes secrets engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::{Meaning, retried};

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        400 if said.contains("is not present in role's allowed_kubernetes_namespaces") => {
            let help = "add the namespace to allowed_kubernetes_namespaces of the role";
            Some(Meaning::new(ErrorKind::PermissionDenied, "permission_denied", help))
        }
        400 if said.starts_with("role '") && said.contains("does not exist") => {
            Some(Meaning::new(ErrorKind::NotFound, "unknown_role", "create the role, or correct its name"))
        }
        500 if said.contains("kubernetes_host was unset") => {
            let help = "the server does not run in a Kubernetes; say where one is";
            Some(Meaning::new(ErrorKind::InvalidRequest, "invalid_request", help))
        }
        500 if said.contains("error verifying namespace") => {
            let help = "name a namespace: the role allows several";
            Some(Meaning::new(ErrorKind::InvalidRequest, "invalid_request", help))
        }
        500 if said.contains("dial tcp") || said.contains("i/o timeout") || said.contains("EOF") => {
            Some(retried("backend_down", "the server cannot reach the Kubernetes behind it").unknown())
        }
        500 if said.contains("failed to create") || said.contains("failed to read TTL") => {
            let help = "Kubernetes refuses the server; is the account there, and are the server's token and rights good?";
            Some(retried("backend_refused", help).final_())
        }
        _ => None,
    }
}
