//! What refusals of entities, groups and identity tokens mean beyond their status.

use catalyst_core::ErrorKind;

use super::meaning::Meaning;

pub(super) fn meaning(status: u16, said: &str) -> Option<Meaning> {
    if status != 400 && status != 500 {
        return None;
    }
    let (kind, code, help) = match said {
        _ if said.contains("group ID given") || said.contains("invalid member group ID") => {
            (ErrorKind::NotFound, "unknown_group", "create the group, or correct its identifier")
        }
        _ if said.contains("invalid canonical ID")
            || said.contains("invalid entity ID")
            || said.contains("entity not found")
            || said.contains("entity id to merge") =>
        {
            (ErrorKind::NotFound, "unknown_entity", "create the entity, or correct its identifier")
        }
        _ if said.contains("invalid mount accessor") => {
            let help =
                "read the accessor of the login method's mount; it changes when the method is mounted anew";
            (ErrorKind::NotFound, "unknown_mount_accessor", help)
        }
        _ if said.contains("Alias already exists") => {
            let help = "an entity has one alias for each login method; delete the other one first";
            (ErrorKind::Conflict, "alias_exists", help)
        }
        _ if said.contains("no entity associated") => {
            let help = "log in by a method; nobody stands behind a root token, or one that was made without an entity";
            (ErrorKind::InvalidRequest, "no_entity", help)
        }
        _ if said.contains("does not list the client ID") => {
            let help = "add the client identifier of the role to allowed_client_ids of its key";
            (ErrorKind::PermissionDenied, "client_not_allowed", help)
        }
        _ if said.contains("no named key found") || said.contains("cannot find key") => {
            (ErrorKind::NotFound, "key_not_found", "create the key, or correct its name")
        }
        _ if said.contains("is currently referenced") => (
            ErrorKind::Conflict,
            "key_in_use",
            "delete the roles that name the key, or give them another one",
        ),
        _ if said.starts_with("role \"") && said.contains("not found") => {
            (ErrorKind::NotFound, "unknown_role", "create the role, or correct its name")
        }
        _ if said.contains("is same as the ID of the group") => {
            (ErrorKind::InvalidRequest, "invalid_request", "a group cannot be its own member")
        }
        _ => return None,
    };
    Some(Meaning::new(kind, code, help))
}
