//! What refusals of the server's own settings mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

/// How the server says that nothing is mounted somewhere.
const UNMOUNTED: [&str; 5] = [
    "No secret engine mount at",
    "No auth engine at",
    "no matching mount at",
    "no mount entry found",
    "cannot fetch sysview",
];

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    if status != 400 {
        return None;
    }
    if UNMOUNTED.iter().any(|words| said.contains(words)) {
        let help = "nothing is mounted at this path; check the mount and the namespace";
        return Some(Meaning::new(ErrorKind::NotFound, "unknown_mount", help));
    }
    if said.contains("path is already in use") || said.contains("path already in use") {
        let help = "something is mounted there, or above or below it; read it, or choose another path";
        return Some(Meaning::new(ErrorKind::Conflict, "path_in_use", help));
    }
    if said.contains("plugin not found in the catalog") {
        let help = "this server has no such engine or login method; register its plugin, or correct the name";
        return Some(Meaning::new(ErrorKind::NotFound, "unknown_plugin", help));
    }
    if said.contains("check-and-set parameter") && said.contains("did not match the current version") {
        let help = "somebody wrote a newer version; read it, and write against its number";
        return Some(Meaning::new(ErrorKind::Conflict, "cas_mismatch", help));
    }
    if said.contains("failed to parse policy") {
        return Some(Meaning::new(
            ErrorKind::InvalidRequest,
            "invalid_policy",
            "the text is no policy; the server says where",
        ));
    }
    if said.contains("declarative, config-based audit device management") {
        let help =
            "audit devices are declared in the configuration of the server; change it there, and reload";
        return Some(Meaning::new(ErrorKind::InvalidRequest, "declared_only", help));
    }
    None
}
