//! A declaration as the things that it is made of, in the order in which they are made.

use std::time::Duration;

use catalyst_core::http::path_segment;
use serde_json::json;

use super::resource::{Fields, Found, Resource};
use crate::bootstrap::declared::{Declared, DeclaredEngine, DeclaredLogin, JwtKeys};

pub(super) fn resources(declared: &Declared) -> Vec<Resource> {
    let mut all = Vec::new();
    for (name, text) in &declared.policies {
        all.push(Resource {
            name: format!("policy {name}"),
            path: format!("sys/policies/acl/{}", path_segment(name)),
            found: Found::Itself,
            fields: Fields::default().shown("policy", text.as_str()),
        });
    }
    for (mount, engine) in &declared.engines {
        self::engine(&mut all, mount, engine);
    }
    for (mount, login) in &declared.logins {
        self::login(&mut all, mount, login);
    }
    all
}

fn engine(all: &mut Vec<Resource>, mount: &str, engine: &DeclaredEngine) {
    let (kind, version) = match engine {
        DeclaredEngine::Kv => ("kv", Some("2")),
        DeclaredEngine::Database { .. } => ("database", None),
        DeclaredEngine::Other { plugin } => (plugin.as_str(), None),
    };
    let mut fields = Fields::default().sent("type", kind);
    if let Some(version) = version {
        fields = fields.sent("options", json!({ "version": version }));
    }
    let at = escaped(mount);
    all.push(Resource {
        name: format!("engine {mount} ({kind})"),
        path: format!("sys/mounts/{at}"),
        found: Found::InList {
            list: "sys/mounts",
            entry: format!("{mount}/"),
            kind: kind.to_owned(),
            version,
        },
        fields,
    });
    let DeclaredEngine::Database { connections, roles } = engine else { return };
    for (name, connection) in connections {
        all.push(Resource {
            name: format!("database connection {mount}/{name}"),
            path: format!("{at}/config/{}", path_segment(name)),
            found: Found::Itself,
            fields: Fields::default()
                .shown("plugin_name", connection.plugin.as_str())
                .shown("connection_url", connection.url.as_str())
                .shown("username", connection.username.as_str())
                .shown("allowed_roles", connection.allowed_roles.clone())
                .secret("password", Some(&connection.password))
                .sent("verify_connection", connection.verify),
        });
    }
    for (name, role) in roles {
        all.push(Resource {
            name: format!("database role {mount}/{name}"),
            path: format!("{at}/roles/{}", path_segment(name)),
            found: Found::Itself,
            fields: Fields::default()
                .shown("db_name", role.connection.as_str())
                .shown("creation_statements", role.creation.clone())
                .shown("revocation_statements", role.revocation.clone())
                .shown("default_ttl", seconds(role.default_ttl))
                .shown("max_ttl", seconds(role.max_ttl)),
        });
    }
}

fn login(all: &mut Vec<Resource>, mount: &str, login: &DeclaredLogin) {
    let kind = match login {
        DeclaredLogin::Kubernetes { .. } => "kubernetes",
        DeclaredLogin::Jwt { .. } => "jwt",
    };
    let at = escaped(mount);
    let entry = format!("{mount}/");
    all.push(Resource {
        name: format!("login method {mount} ({kind})"),
        path: format!("sys/auth/{at}"),
        found: Found::InList { list: "sys/auth", entry, kind: kind.to_owned(), version: None },
        fields: Fields::default().sent("type", kind),
    });
    all.push(Resource {
        name: format!("configuration of login method {mount}"),
        path: format!("auth/{at}/config"),
        found: Found::Itself,
        fields: configuration(login),
    });
    for (name, fields) in roles(login) {
        all.push(Resource {
            name: format!("role {mount}/{name}"),
            path: format!("auth/{at}/role/{}", path_segment(name)),
            found: Found::Itself,
            fields,
        });
    }
}

fn configuration(login: &DeclaredLogin) -> Fields {
    let fields = Fields::default();
    match login {
        DeclaredLogin::Kubernetes { host, ca, reviewer_token, .. } => fields
            .shown("kubernetes_host", host.as_str())
            .maybe("kubernetes_ca_cert", ca.as_ref())
            .secret("token_reviewer_jwt", reviewer_token.as_ref()),
        DeclaredLogin::Jwt { keys: JwtKeys::Pem(keys), .. } => {
            fields.shown("jwt_validation_pubkeys", keys.clone())
        }
        DeclaredLogin::Jwt { keys: JwtKeys::Discovery { url, ca }, .. } => {
            fields.shown("oidc_discovery_url", url.as_str()).maybe("oidc_discovery_ca_pem", ca.as_ref())
        }
        DeclaredLogin::Jwt { keys: JwtKeys::Jwks { url, ca }, .. } => {
            fields.shown("jwks_url", url.as_str()).maybe("jwks_ca_pem", ca.as_ref())
        }
    }
}

fn roles(login: &DeclaredLogin) -> Vec<(&String, Fields)> {
    match login {
        DeclaredLogin::Kubernetes { roles, .. } => {
            let fields = roles.iter().map(|(name, role)| {
                let fields = Fields::default()
                    .shown("bound_service_account_names", role.service_accounts.clone())
                    .shown("bound_service_account_namespaces", role.namespaces.clone())
                    .shown("token_policies", role.policies.clone())
                    .shown("token_ttl", seconds(role.ttl))
                    .maybe("audience", role.audience.as_ref());
                (name, fields)
            });
            fields.collect()
        }
        DeclaredLogin::Jwt { roles, .. } => {
            let fields = roles.iter().map(|(name, role)| {
                let fields = Fields::default()
                    .shown("role_type", "jwt")
                    .shown("user_claim", "sub")
                    .shown("bound_audiences", role.audiences.clone())
                    .shown("bound_subject", role.subject.as_str())
                    .shown("token_policies", role.policies.clone())
                    .shown("token_ttl", seconds(role.ttl));
                (name, fields)
            });
            fields.collect()
        }
    }
}

fn seconds(span: Duration) -> u64 {
    span.as_secs()
}

fn escaped(mount: &str) -> String {
    mount.split('/').map(path_segment).collect::<Vec<_>>().join("/")
}
