//! Realms of the harness, one function for each part of them.

use catalyst_core::http::Method;
use catalyst_core::{Result, Secret};
use serde_json::{Value, json};

use super::keycloak_admin::{KeycloakAdmin, client_path};

/// Makes a realm; a realm of that name that is there already stays as it is. Takes 1 to 5 s.
///
/// # Errors
/// If Keycloak refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn realm(admin: &KeycloakAdmin, name: &str) -> Result<()> {
    if admin.send(Method::Get, &format!("/{name}"), None).await?.is_success() {
        return Ok(());
    }
    let body = json!({ "realm": name, "enabled": true });
    admin.call(Method::Post, "", Some(&body)).await.map(drop)
}

/// Lets two secrets of a confidential client work side by side: the new one for 97 days, the rotated one for a day.
///
/// # Errors
/// If Keycloak refuses.
///
/// # Cancel safety
/// It may or may not be in force.
pub async fn secret_rotation(admin: &KeycloakAdmin, realm: &str) -> Result<()> {
    let day = 24 * 3600;
    let periods = json!({
        "expiration-period": 97 * day,
        "rotated-expiration-period": day,
        "remaining-rotation-period": day,
    });
    let profile = json!({
        "name": "rotation",
        "executors": [{ "executor": "secret-rotation", "configuration": periods }],
    });
    let policy = json!({
        "name": "rotation",
        "enabled": true,
        "conditions": [{ "condition": "client-access-type", "configuration": { "type": ["confidential"] } }],
        "profiles": ["rotation"],
    });
    let policies = format!("/{realm}/client-policies");
    let profiles = json!({ "profiles": [profile] });
    admin.call(Method::Put, &format!("{policies}/profiles"), Some(&profiles)).await?;
    let body = json!({ "policies": [policy] });
    admin.call(Method::Put, &format!("{policies}/policies"), Some(&body)).await.map(drop)
}

/// Makes a user who can log in at once.
///
/// # Errors
/// If Keycloak refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn user(admin: &KeycloakAdmin, realm: &str, username: &str, password: &Secret) -> Result<()> {
    let body = json!({
        "username": username,
        "email": format!("{username}@example.test"),
        "emailVerified": true,
        "firstName": "Test",
        "lastName": "User",
        "enabled": true,
        "credentials": [{ "type": "password", "value": password.expose(), "temporary": false }],
    });
    admin.call(Method::Post, &format!("/{realm}/users"), Some(&body)).await.map(drop)
}

/// Makes a confidential client whose service account has these roles of the client `realm-management`.
///
/// # Errors
/// If Keycloak refuses, or there is no such role.
///
/// # Cancel safety
/// It may be there with only some of its roles.
pub async fn service_account(
    admin: &KeycloakAdmin,
    realm: &str,
    client_id: &str,
    secret: &Secret,
    roles: &[&str],
) -> Result<()> {
    let body = json!({
        "clientId": client_id,
        "secret": secret.expose(),
        "serviceAccountsEnabled": true,
        "standardFlowEnabled": false,
        "publicClient": false,
    });
    admin.call(Method::Post, &format!("/{realm}/clients"), Some(&body)).await?;
    let path = client_path(realm, &admin.existing(realm, client_id).await?);
    let account = admin.call(Method::Get, &format!("{path}/service-account-user"), None).await?;
    let management = admin.existing(realm, "realm-management").await?;
    let mut granted = Vec::new();
    for role in roles {
        let path = format!("{}/roles/{role}", client_path(realm, &management));
        granted.push(admin.call(Method::Get, &path, None).await?);
    }
    let (user, container) = (text(&account["id"]), text(&management["id"]));
    let mappings = format!("/{realm}/users/{user}/role-mappings/clients/{container}");
    admin.call(Method::Post, &mappings, Some(&Value::from(granted))).await.map(drop)
}

/// Gives the realm a new signing key for `algorithm` above all others; the old ones stay published.
///
/// # Errors
/// If Keycloak refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn new_signing_key(
    admin: &KeycloakAdmin,
    realm: &str,
    algorithm: &str,
    priority: u32,
) -> Result<()> {
    let parent = admin.call(Method::Get, &format!("/{realm}"), None).await?;
    let (provider, extra) = match algorithm {
        "ES256" => ("ecdsa-generated", ("ecdsaEllipticCurveKey", "P-256")),
        "EdDSA" => ("eddsa-generated", ("eddsaEllipticCurveKey", "Ed25519")),
        _ => ("rsa-generated", ("keySize", "2048")),
    };
    let mut config = json!({
        "priority": [priority.to_string()],
        "enabled": ["true"],
        "active": ["true"],
        "algorithm": [algorithm],
    });
    config[extra.0] = json!([extra.1]);
    let body = json!({
        "name": format!("key-{priority}"),
        "providerId": provider,
        "providerType": "org.keycloak.keys.KeyProvider",
        "parentId": parent["id"],
        "config": config,
    });
    admin.call(Method::Post, &format!("/{realm}/components"), Some(&body)).await.map(drop)
}

/// Takes the realm's signing keys away whose priority is below `priority`.
///
/// # Errors
/// If Keycloak refuses.
///
/// # Cancel safety
/// Some of them may be gone.
pub async fn drop_signing_keys_below(admin: &KeycloakAdmin, realm: &str, priority: u32) -> Result<()> {
    let query = format!("/{realm}/components?type=org.keycloak.keys.KeyProvider");
    let components = admin.call(Method::Get, &query, None).await?;
    for component in components.as_array().into_iter().flatten() {
        let signs = component["config"]["algorithm"][0]
            .as_str()
            .is_none_or(|name| ["RS", "PS", "ES", "Ed"].iter().any(|family| name.starts_with(family)));
        let rank: u32 =
            component["config"]["priority"][0].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
        if signs && component["providerId"] == "rsa-generated" && rank < priority {
            let path = format!("/{realm}/components/{}", text(&component["id"]));
            admin.call(Method::Delete, &path, None).await?;
        }
    }
    Ok(())
}

/// Makes an issuer whose assertions stand for clients: `spiffe`, `kubernetes` or `oidc`.
///
/// # Errors
/// If Keycloak refuses.
///
/// # Cancel safety
/// It may or may not be there.
pub async fn assertion_issuer(
    admin: &KeycloakAdmin,
    realm: &str,
    alias: &str,
    provider: &str,
    config: Value,
) -> Result<()> {
    let body = json!({ "alias": alias, "providerId": provider, "enabled": true, "config": config });
    let path = format!("/{realm}/identity-provider/instances");
    admin.call(Method::Post, &path, Some(&body)).await.map(drop)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
