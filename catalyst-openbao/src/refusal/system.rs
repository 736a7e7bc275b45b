//! What refusals of the server's own settings mean beyond their status.

use catalyst_core::ErrorKind::{Conflict, InvalidRequest, NotFound};

use super::meaning::Meaning;

/// How the server says that nothing is mounted somewhere.
const UNMOUNTED: [&str; 6] = [
    "No secret engine mount at",
    "No auth engine at",
    "no matching mount at",
    "no mount entry found",
    "cannot fetch sysview",
    "cannot fetch mount entry",
];

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    match status {
        400 => refused(said),
        404 if said.contains("policy does not exist") => {
            Some(Meaning::new(NotFound, "unknown_policy", "write the policy, or correct its name"))
        }
        500 => failed(said),
        _ => None,
    }
}

fn refused(said: &str) -> Option<Meaning> {
    if UNMOUNTED.iter().any(|words| said.contains(words)) {
        let help = "nothing is mounted at this path; check the mount and the namespace";
        return Some(Meaning::new(NotFound, "unknown_mount", help));
    }
    let (kind, code, help) = match said {
        _ if said.contains("path is already in use") || said.contains("path already in use") => {
            let help = "something is mounted there, or above or below it; read it, or choose another path";
            (Conflict, "path_in_use", help)
        }
        _ if said.contains("plugin not found in the catalog") => {
            let help =
                "this server has no such engine or login method; register its plugin, or correct the name";
            (NotFound, "unknown_plugin", help)
        }
        _ if said.contains("check-and-set parameter")
            && said.contains("did not match the current version") =>
        {
            let help = "somebody wrote a newer version; read it, and write against its number";
            (Conflict, "cas_mismatch", help)
        }
        _ if said.contains("failed to parse policy") || said.contains("invalid password policy") => {
            (InvalidRequest, "invalid_policy", "the text is no policy; the server says where")
        }
        _ if said.contains("config-based audit device")
            || said.contains("configuration-managed audit device") =>
        {
            let help =
                "audit devices are declared in the configuration of the server; change it there, and reload";
            (InvalidRequest, "declared_only", help)
        }
        _ if said.contains("unknown audit backend") => {
            (NotFound, "unknown_device", "list the audit devices, and correct the name")
        }
        _ if said.contains("is already locked") => {
            (Conflict, "already_locked", "who locked it has the key; who may use sudo unlocks it without")
        }
        _ if said.contains("incorrect unlock key") => {
            (InvalidRequest, "wrong_unlock_key", "use the key that the lock gave")
        }
        _ if said.contains("invalid accessor") => {
            (NotFound, "request_not_found", "the token or the request has ended, or never was")
        }
        _ => return None,
    };
    Some(Meaning::new(kind, code, help))
}

fn failed(said: &str) -> Option<Meaning> {
    if said.contains("plugin directory is not configured") {
        let help = "set plugin_directory in the configuration of the server";
        return Some(Meaning::new(InvalidRequest, "no_plugin_directory", help));
    }
    if said.contains("approver has already authorized") {
        return Some(Meaning::new(Conflict, "already_approved", "nothing is left to do"));
    }
    None
}
