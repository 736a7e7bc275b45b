//! What refusals of the Kubernetes secrets engine mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::{Meaning, retried};

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        400 if said.contains("is not present in role's allowed_kubernetes_namespaces") => {
            let help = "add the namespace to allowed_kubernetes_namespaces of the role";
            Some(Meaning::new(ErrorKind::PermissionDenied, "permission_denied", help))
        }
        400 | 404 if said.contains("does not exist") && said.contains("role") => {
            Some(Meaning::new(ErrorKind::NotFound, "unknown_role", "create the role, or correct its name"))
        }
        500 if said.contains("dial tcp")
            || said.contains("connection refused")
            || said.contains("timeout") =>
        {
            Some(retried("backend_down", "the server cannot reach the Kubernetes behind it").unknown())
        }
        500 if said.contains("failed to create") || said.contains("failed to get") => {
            let help = "Kubernetes refuses the server; check its token there and its rights";
            Some(retried("backend_refused", help).final_())
        }
        _ => None,
    }
}
