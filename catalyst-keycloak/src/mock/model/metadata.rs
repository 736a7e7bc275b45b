//! Client metadata of RFC 7591, and what it means as a representation of the server's own.

use serde_json::{Map, Value, json};

use super::Refusal;
use super::client::Client;

/// Names of the standard and of OpenID Connect; with any other one a registration is refused.
const KNOWN: [&str; 21] = [
    "client_id",
    "client_secret",
    "client_name",
    "client_uri",
    "logo_uri",
    "contacts",
    "redirect_uris",
    "post_logout_redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "scope",
    "jwks",
    "jwks_uri",
    "require_pushed_authorization_requests",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "dpop_bound_access_tokens",
    "tls_client_certificate_bound_access_tokens",
    "application_type",
];

/// The members of the representation that metadata stands for.
pub(super) fn representation(wanted: &Value) -> Result<Map<String, Value>, Refusal> {
    let given = wanted.as_object().ok_or_else(Refusal::unreadable)?;
    if let Some(name) = given.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        let text = format!(
            "Invalid json representation for OIDCClientRepresentation. Unrecognized field \"{name}\" at line 1 \
             column 1."
        );
        return Err(Refusal::error(400, text));
    }
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let list = |name: &str| given.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let redirects = list("redirect_uris");
    if redirects.iter().any(|uri| uri.as_str().is_none_or(|uri| uri.contains('#'))) {
        let text = "A redirect URI must not contain an URL fragment";
        return Err(Refusal::oauth(400, "invalid_redirect_uri", text));
    }
    let usual = json!(["authorization_code", "refresh_token"]);
    let grants = given.get("grant_types").unwrap_or(&usual).as_array().cloned().unwrap_or_default();
    let grants = |name: &str| grants.iter().any(|grant| grant == name);
    let mut attributes = Map::new();
    if grants("urn:ietf:params:oauth:grant-type:token-exchange") {
        attributes.insert("standard.token.exchange.enabled".to_owned(), "true".into());
    }
    if given.get("require_pushed_authorization_requests") == Some(&Value::Bool(true)) {
        attributes.insert("require.pushed.authorization.requests".to_owned(), "true".into());
    }
    if let Some(keys) = given.get("jwks") {
        attributes.insert("use.jwks.string".to_owned(), "true".into());
        attributes.insert("jwks.string".to_owned(), keys.to_string().into());
    }
    if let Some(address) = text("jwks_uri") {
        attributes.insert("use.jwks.url".to_owned(), "true".into());
        attributes.insert("jwks.url".to_owned(), address.into());
    }
    let method = text("token_endpoint_auth_method").unwrap_or("client_secret_basic");
    let authenticator = match method {
        "private_key_jwt" => "client-jwt",
        "tls_client_auth" => "client-x509",
        _ => "client-secret",
    };
    let mut members = json!({
        "redirectUris": redirects, "standardFlowEnabled": grants("authorization_code"),
        "serviceAccountsEnabled": grants("client_credentials"), "publicClient": method == "none",
        "clientAuthenticatorType": authenticator, "attributes": attributes,
    });
    for (name, member) in [("client_id", "clientId"), ("client_name", "name")] {
        if let Some(value) = text(name) {
            members[member] = value.into();
        }
    }
    Ok(members.as_object().cloned().unwrap_or_default())
}

/// A client in the words of the standard.
pub(super) fn of(client: &Client, issuer: &str, now: i64) -> Value {
    let method = match client.text("clientAuthenticatorType") {
        _ if client.flag("publicClient") => "none",
        Some("client-jwt") => "private_key_jwt",
        Some("client-x509") => "tls_client_auth",
        _ => "client_secret_basic",
    };
    let mut grants = Vec::new();
    for (on, name) in [
        (client.flag("standardFlowEnabled"), "authorization_code"),
        (client.flag("serviceAccountsEnabled"), "client_credentials"),
        (client.flag("standardFlowEnabled"), "refresh_token"),
    ] {
        grants.extend(on.then_some(name));
    }
    let codes = if client.flag("standardFlowEnabled") { json!(["code", "none"]) } else { json!([]) };
    let id = client.client_id();
    let mut shown = json!({
        "redirect_uris": client.list("redirectUris"), "token_endpoint_auth_method": method, "grant_types": grants,
        "response_types": codes, "client_id": id, "scope": client.list("optionalClientScopes").join(" "),
        "subject_type": "public", "request_uris": [], "tls_client_certificate_bound_access_tokens": false,
        "dpop_bound_access_tokens": client.attribute("dpop.bound.access.tokens") == Some("true"),
        "post_logout_redirect_uris": client.list("redirectUris"), "client_id_issued_at": now,
        "registration_client_uri": format!("{issuer}/clients-registrations/openid-connect/{id}"),
        "backchannel_logout_session_required": false,
        "require_pushed_authorization_requests":
            client.attribute("require.pushed.authorization.requests") == Some("true"),
        "frontchannel_logout_session_required": false,
    });
    if let Some(name) = client.text("name") {
        shown["client_name"] = name.into();
    }
    if method == "client_secret_basic"
        && let Some(secret) = client.text("secret")
    {
        shown["client_secret"] = secret.into();
        let ends =
            client.attribute("client.secret.expiration.time").and_then(|text| text.parse::<i64>().ok());
        shown["client_secret_expires_at"] = ends.unwrap_or(0).into();
    }
    shown
}
