//! Identity providers: where users come from, and issuers whose assertions clients may show.

use serde_json::{Value, json};

use super::state::State;
use super::{Caller, Refusal};

const VIEW: [&str; 2] = ["view-identity-providers", "manage-identity-providers"];
const MANAGE: [&str; 1] = ["manage-identity-providers"];
const KINDS: [&str; 19] = [
    "spiffe",
    "kubernetes",
    "jwt-authorization-grant",
    "saml",
    "oauth2",
    "oidc",
    "keycloak-oidc",
    "default-trust",
    "linkedin-openid-connect",
    "twitter",
    "github",
    "openshift-v4",
    "facebook",
    "google",
    "gitlab",
    "microsoft",
    "bitbucket",
    "paypal",
    "stackoverflow",
];
const MASK: &str = "**********";

impl State {
    pub(crate) fn list_providers(
        &self,
        by: &Caller,
        realm: &str,
        brief: bool,
        (first, max): (usize, usize),
    ) -> Result<Vec<Value>, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        let shown = home.providers.values().map(|provider| {
            let mut provider = masked(provider);
            if brief {
                provider["config"] = json!({});
                provider.as_object_mut().map(|members| members.remove("types"));
            }
            provider
        });
        Ok(shown.skip(first).take(max).collect())
    }

    pub(crate) fn show_provider(&self, by: &Caller, realm: &str, alias: &str) -> Result<Value, Refusal> {
        let home = self.realm(realm)?;
        self.need(by, realm, &VIEW)?;
        home.providers.get(alias).map(masked).ok_or_else(Refusal::not_found)
    }

    /// Adds a provider; gives its alias.
    pub(crate) fn create_provider(
        &mut self,
        by: &Caller,
        realm: &str,
        wanted: &Value,
    ) -> Result<String, Refusal> {
        self.realm(realm)?;
        self.need(by, realm, &MANAGE)?;
        check(wanted)?;
        let alias = wanted.get("alias").and_then(Value::as_str).unwrap_or_default().to_owned();
        let id = self.uuid();
        let home = self.realm_mut(realm)?;
        if home.providers.contains_key(&alias) {
            return Err(Refusal::message(409, format!("Identity Provider {alias} already exists")));
        }
        let mut provider = json!({ "enabled": true, "config": {} });
        for (name, value) in wanted.as_object().into_iter().flatten() {
            provider[name] = value.clone();
        }
        provider["internalId"] = id.into();
        home.providers.insert(alias.clone(), provider);
        Ok(alias)
    }

    /// The provider is as given afterwards; a masked secret stays what it was.
    pub(crate) fn update_provider(
        &mut self,
        by: &Caller,
        realm: &str,
        alias: &str,
        wanted: &Value,
    ) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        let home = self.realm_mut(realm)?;
        let old = home.providers.get(alias).ok_or_else(Refusal::not_found)?;
        let mut provider = wanted.clone();
        if !provider.is_object() {
            return Err(Refusal::unreadable());
        }
        for member in ["internalId", "providerId", "alias"] {
            provider[member] = old[member].clone();
        }
        check(&provider)?;
        if provider["config"]["clientSecret"] == MASK {
            provider["config"]["clientSecret"] = old["config"]["clientSecret"].clone();
        }
        home.providers.insert(alias.to_owned(), provider);
        Ok(())
    }

    pub(crate) fn delete_provider(&mut self, by: &Caller, realm: &str, alias: &str) -> Result<(), Refusal> {
        self.need(by, realm, &MANAGE)?;
        self.realm_mut(realm)?.providers.remove(alias).map(drop).ok_or_else(Refusal::not_found)
    }
}

fn check(provider: &Value) -> Result<(), Refusal> {
    let kind = provider.get("providerId").and_then(Value::as_str).unwrap_or_default();
    if !KINDS.contains(&kind) {
        return Err(Refusal::message(400, format!("Invalid identity provider id [{kind}]")));
    }
    let config =
        |name: &str| provider.get("config").and_then(|config| config.get(name)).and_then(Value::as_str);
    if kind == "spiffe" && !config("trustDomain").is_some_and(|domain| domain.starts_with("spiffe://")) {
        return Err(Refusal::message(400, "Invalid trust domain name"));
    }
    Ok(())
}

/// As it is shown: without its secret, and with what it can be used for.
fn masked(provider: &Value) -> Value {
    let mut shown = provider.clone();
    if shown["config"].get("clientSecret").is_some() {
        shown["config"]["clientSecret"] = MASK.into();
    }
    shown["types"] = match shown["providerId"].as_str() {
        Some("spiffe" | "kubernetes") => json!(["CLIENT_ASSERTION"]),
        Some("oidc" | "keycloak-oidc") => json!([
            "USER_AUTHENTICATION",
            "CLIENT_ASSERTION",
            "TRUST_MATERIAL",
            "EXCHANGE_EXTERNAL_TOKEN",
            "JWT_AUTHORIZATION_GRANT"
        ]),
        _ => json!(["USER_AUTHENTICATION"]),
    };
    shown
}
