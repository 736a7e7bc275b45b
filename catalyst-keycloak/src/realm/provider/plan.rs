//! From what is declared about an identity provider to the document to write. Pure: no I/O.
//!
//! The server replaces the whole configuration at an update, so that what others set must go back as it came. In place
//! of a secret it shows stars, and stars that it receives make it keep the one that it has. Ours is never written that
//! way: the secret is known, and goes along with each update.

use std::collections::BTreeMap;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde_json::{Map, Value, json};

use super::{IdentityProviderSpec, OidcProvider, ProviderKind, digest};
use crate::refusal::SERVICE;

const SECRET: &str = "clientSecret";
const DIGEST: &str = "catalyst.secret.digest";

/// What is wanted: fields beside the configuration, settings in it, and the secret.
struct Desired<'a> {
    provider: &'static str,
    fields: Map<String, Value>,
    config: BTreeMap<&'static str, String>,
    secret: Option<&'a Secret>,
}

/// What has to be written.
pub(super) struct Update {
    pub(super) body: Value,
    pub(super) changes: Vec<String>,
}

/// The document that creates the provider.
pub(super) fn create(spec: &IdentityProviderSpec) -> Result<Value> {
    let desired = desired(spec)?;
    let mut document = desired.fields;
    let mut config: Map<_, _> =
        desired.config.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
    if let Some(secret) = desired.secret {
        config.insert(SECRET.into(), json!(secret.expose()));
        config.insert(DIGEST.into(), json!(digest::digest(secret)?));
    }
    document.insert("alias".into(), json!(spec.alias));
    document.insert("providerId".into(), json!(desired.provider));
    document.insert("enabled".into(), json!(true));
    document.insert("config".into(), Value::Object(config));
    Ok(Value::Object(document))
}

/// What makes `current` agree with `spec`; `None` if it does.
///
/// # Errors
/// Code `not_owned` if it is of another kind.
pub(super) fn converge(spec: &IdentityProviderSpec, current: &Map<String, Value>) -> Result<Option<Update>> {
    let desired = desired(spec)?;
    let found = current.get("providerId").and_then(Value::as_str).unwrap_or_default();
    if found != desired.provider {
        return Err(Error::new(ErrorKind::Conflict, "ensure identity provider")
            .with_service(SERVICE)
            .with_target(spec.alias.clone())
            .with_code("not_owned")
            .with_help(format!(
                "the realm has a provider of this name, of the kind {found:?} and not {:?}; remove it, or choose \
                 another name",
                desired.provider
            )));
    }
    let mut changes = Vec::new();
    let mut body = current.clone();
    for (name, wanted) in desired.fields {
        let found = current.get(&name).unwrap_or(&Value::Null);
        if *found != wanted && !(found.is_null() && wanted == json!(false)) {
            changes.push(format!("{name}: {found} -> {wanted}"));
            body.insert(name, wanted);
        }
    }
    let mut config = current.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, wanted) in desired.config {
        let found = config.get(key).and_then(Value::as_str).unwrap_or_default();
        if found != wanted {
            changes.push(format!("{key}: {found:?} -> {wanted:?}"));
            config.insert(key.to_owned(), json!(wanted));
        }
    }
    if let Some(secret) = desired.secret {
        let there = config.get(SECRET).and_then(Value::as_str).is_some_and(|stars| !stars.is_empty());
        let known = config.get(DIGEST).and_then(Value::as_str).unwrap_or_default();
        if !there || !digest::matches(known, secret) {
            changes.push("the secret differs".into());
            config.insert(DIGEST.into(), json!(digest::digest(secret)?));
        }
        config.insert(SECRET.into(), json!(secret.expose()));
    }
    body.insert("config".into(), Value::Object(config));
    Ok((!changes.is_empty()).then_some(Update { body: Value::Object(body), changes }))
}

fn desired(spec: &IdentityProviderSpec) -> Result<Desired<'_>> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if spec.alias.is_empty() || spec.alias.len() > 255 || !spec.alias.chars().all(legal) {
        return Err(fault("an alias has 1 to 255 letters, digits, dots, dashes and underscores"));
    }
    let (provider, config, secret) = match &spec.kind {
        ProviderKind::Oidc(oidc) => ("oidc", oidc_config(oidc)?, Some(&oidc.client_secret)),
        ProviderKind::Google { client_id, client_secret, domain } => {
            let mut config = BTreeMap::from([("clientId", client_id.clone())]);
            config.extend(domain.clone().map(|domain| ("hostedDomain", domain)));
            ("google", config, Some(client_secret))
        }
        ProviderKind::Spiffe { trust_domain, bundle_endpoint } => {
            let domain = trust_domain.strip_prefix("spiffe://").unwrap_or(trust_domain);
            let legal =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
            if domain.is_empty() || domain.len() > 255 || !domain.chars().all(legal) {
                return Err(fault("a trust domain has 1 to 255 of a-z, 0-9, dots, dashes and underscores"));
            }
            let domain = format!("spiffe://{domain}");
            let bundle = url("the bundle endpoint", bundle_endpoint)?;
            ("spiffe", BTreeMap::from([("trustDomain", domain), ("bundleEndpoint", bundle)]), None)
        }
        ProviderKind::Kubernetes { issuer } => {
            ("kubernetes", BTreeMap::from([("issuer", url("the issuer", issuer)?)]), None)
        }
        ProviderKind::Assertions { issuer, jwks_url, reuse } => {
            let config = BTreeMap::from([
                ("issuer", url("the issuer", issuer)?),
                ("jwksUrl", url("the JWKS", jwks_url)?),
                ("useJwksUrl", "true".into()),
                ("validateSignature", "true".into()),
                ("supportsClientAssertions", "true".into()),
                ("supportsClientAssertionReuse", reuse.to_string()),
            ]);
            ("oidc", config, None)
        }
    };
    let mut fields = Map::new();
    if let Some(name) = &spec.display_name {
        fields.insert("displayName".into(), json!(name));
    }
    if secret.is_some() {
        fields.insert("trustEmail".into(), json!(spec.trust_email));
    } else {
        // No user logs in through it.
        fields.insert("hideOnLogin".into(), json!(true));
    }
    Ok(Desired { provider, fields, config, secret })
}

fn oidc_config(oidc: &OidcProvider) -> Result<BTreeMap<&'static str, String>> {
    let mut config = BTreeMap::from([
        ("issuer", url("the issuer", &oidc.issuer)?),
        ("authorizationUrl", url("the authorization endpoint", &oidc.authorization_url)?),
        ("tokenUrl", url("the token endpoint", &oidc.token_url)?),
        ("jwksUrl", url("the JWKS", &oidc.jwks_url)?),
        ("useJwksUrl", "true".into()),
        ("validateSignature", "true".into()),
        ("clientId", oidc.client_id.clone()),
        (
            "clientAuthMethod",
            if oidc.secret_in_body { "client_secret_post" } else { "client_secret_basic" }.into(),
        ),
        ("defaultScope", oidc.scopes.clone()),
        ("syncMode", "IMPORT".into()),
        ("disableUserInfo", oidc.user_info_url.is_none().to_string()),
        ("pkceEnabled", oidc.pkce.to_string()),
    ]);
    if oidc.pkce {
        config.insert("pkceMethod", "S256".into());
    }
    for (key, value) in [("userInfoUrl", &oidc.user_info_url), ("logoutUrl", &oidc.logout_url)] {
        if let Some(value) = value {
            config.insert(key, url("an endpoint", value)?);
        }
    }
    Ok(config)
}

fn url(what: &str, text: &str) -> Result<String> {
    match catalyst_core::http::parse_address(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(fault(&format!(
            "{what} is an absolute http or https URL: {}",
            error.help().unwrap_or("it is not")
        ))),
    }
}

fn fault(help: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, "declare identity provider").with_help(help)
}
