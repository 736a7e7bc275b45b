//! Whether what is there is as declared.

use serde_json::Value;

use super::resource::{Field, Fields, Found, Resource};
use super::steps::StepKind;

/// What is at a resource's place.
pub(super) type Present = Option<Value>;

/// What is to be done about a resource; none if it is as declared. The error says why it cannot become so.
pub(super) fn compare(resource: &Resource, present: &Present) -> Result<Option<StepKind>, String> {
    let Some(present) = present else { return Ok(Some(StepKind::Create)) };
    match &resource.found {
        Found::InList { kind, version, .. } => {
            let same_version = version.is_none_or(|version| present["options"]["version"] == version);
            if present["type"] == kind.as_str() && same_version {
                return Ok(None);
            }
            let there = present["type"].as_str().unwrap_or("something else");
            Err(format!(
                "{}: {there} is mounted there, of another kind or version; move it away",
                resource.name
            ))
        }
        Found::Itself => {
            let changed = changed(&resource.fields, present);
            Ok((!changed.is_empty()).then_some(StepKind::Change(changed)))
        }
    }
}

fn changed(fields: &Fields, present: &Value) -> Vec<&'static str> {
    let differs = |(name, field): &&(&'static str, Field)| match field {
        Field::Shown(wanted) => !alike(wanted, find(present, name)),
        Field::Sent(_) | Field::Secret(_) => false,
    };
    fields.0.iter().filter(differs).map(|(name, _)| *name).collect()
}

/// A connection of the database engine shows its details one level deeper.
fn find<'a>(present: &'a Value, name: &str) -> &'a Value {
    present.get(name).unwrap_or(&present["connection_details"][name])
}

/// The server gives `null` for an empty list, lists in any order, and keys and policies without their last line end.
fn alike(wanted: &Value, present: &Value) -> bool {
    match (wanted, present) {
        (Value::Array(wanted), Value::Null) => wanted.is_empty(),
        (Value::Array(wanted), Value::Array(present)) => {
            wanted.len() == present.len()
                && wanted.iter().all(|one| present.iter().any(|other| alike(one, other)))
        }
        (Value::String(wanted), Value::String(present)) => wanted.trim() == present.trim(),
        (wanted, present) => wanted == present,
    }
}

#[cfg(test)]
mod tests {
    use super::super::resources::resources;
    use super::*;
    use crate::bootstrap::{
        DatabaseConnection, DatabaseRole, Declared, DeclaredEngine, DeclaredLogin, JwtKeys, JwtRole,
        KubernetesRole,
    };
    use crate::tests::support::recorded;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn declared() -> Declared {
        let hour = Duration::from_secs(3600);
        let connection = DatabaseConnection::new(
            "postgresql-database-plugin",
            "postgresql://{{username}}:{{password}}@127.0.0.1:1/x",
            "u",
            "canary".into(),
            &["app"],
        );
        let role = DatabaseRole::new("app", &["CREATE ROLE \"{{name}}\""], hour, 2 * hour);
        let keys = recorded("bs-jwt-config-read").1["data"]["jwt_validation_pubkeys"].clone();
        let named = |name: &str| name.to_owned();
        Declared::new()
            .policy("x", "path \"a\" { capabilities=[\"read\"] }\n")
            .engine(
                "database",
                DeclaredEngine::Database {
                    connections: BTreeMap::from([(named("app"), connection)]),
                    roles: BTreeMap::from([(named("app"), role)]),
                },
            )
            .login(
                "jwt",
                DeclaredLogin::Jwt {
                    keys: JwtKeys::Pem(serde_json::from_value(keys).unwrap()),
                    roles: BTreeMap::from([(
                        named("app"),
                        JwtRole::new("openbao", "spiffe://x/y", &["default"], Duration::from_secs(300)),
                    )]),
                },
            )
            .login(
                "kubernetes",
                DeclaredLogin::Kubernetes {
                    host: named("https://127.0.0.1:1"),
                    ca: None,
                    reviewer_token: None,
                    roles: BTreeMap::from([(
                        named("external-secrets"),
                        KubernetesRole::new(
                            "external-secrets-system",
                            "external-secrets",
                            &["external-secrets-read"],
                            hour,
                        ),
                    )]),
                },
            )
    }

    fn find<'a>(all: &'a [Resource], path: &str) -> &'a Resource {
        all.iter().find(|resource| resource.path == path).unwrap()
    }

    #[test]
    fn what_the_server_recorded_after_it_was_written_is_as_declared() {
        let all = resources(&declared());
        for (path, file) in [
            ("sys/policies/acl/x", "bs-policy-read"),
            ("database/config/app", "bs-db-config-read"),
            ("database/roles/app", "bs-db-role-read"),
            ("auth/jwt/config", "bs-jwt-config-read"),
            ("auth/jwt/role/app", "bs-jwt-role-read"),
            ("auth/kubernetes/role/external-secrets", "bs-k8s-role-read"),
        ] {
            let present = Some(recorded(file).1["data"].clone());
            assert_eq!(compare(find(&all, path), &present), Ok(None), "{path}");
        }
    }

    #[test]
    fn a_field_that_differs_is_named_and_one_that_is_not_declared_is_left_alone() {
        let all = resources(&declared());
        let mut present = recorded("bs-k8s-role-read").1["data"].clone();
        present["token_max_ttl"] = json!(7);
        present["token_ttl"] = json!(60);
        let step = compare(find(&all, "auth/kubernetes/role/external-secrets"), &Some(present)).unwrap();
        assert_eq!(step, Some(StepKind::Change(vec!["token_ttl"])));
    }

    #[test]
    fn what_is_missing_is_made_and_another_kind_in_its_place_is_a_conflict() {
        let all = resources(&Declared::new().engine("secret", DeclaredEngine::Kv));
        assert_eq!(compare(&all[0], &None), Ok(Some(StepKind::Create)));
        let first_version = json!({ "type": "kv", "options": { "version": "1" } });
        for present in [json!({ "type": "transit" }), first_version] {
            assert!(compare(&all[0], &Some(present)).unwrap_err().contains("secret"));
        }
        let present = json!({ "type": "kv", "options": { "version": "2" } });
        assert_eq!(compare(&all[0], &Some(present)), Ok(None));
    }
}
