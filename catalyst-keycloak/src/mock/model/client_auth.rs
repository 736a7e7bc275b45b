//! How a client shows at the endpoints of OAuth who it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Refusal;
use super::assertion::Assertion;
use super::client::Client;
use super::realm::Realm;
use super::state::State;
use crate::jose::JwkSet;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_SPIFFE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe";

/// A request to an endpoint of OAuth.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: BTreeMap<String, String>,
    /// The user and the password of the `Authorization` header, unescaped.
    pub(crate) basic: Option<(String, String)>,
    /// The `DPoP` header.
    pub(crate) dpop: Option<String>,
}

impl Form {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl State {
    /// Who sends this: the identifier of the client.
    pub(crate) fn authenticate(&mut self, realm: &str, form: &Form) -> Result<String, Refusal> {
        if let Some(assertion) = form.get("client_assertion") {
            let spiffe = match form.get("client_assertion_type") {
                Some(JWT_BEARER) => false,
                Some(JWT_SPIFFE) => true,
                _ => return Err(Refusal::invalid_client()),
            };
            let client = self.by_assertion(realm, assertion, spiffe)?;
            let named = form.get("client_id");
            let known = self.public_realm(realm)?.client_by_id(&client)?;
            return if named.is_none_or(|named| named == known.client_id()) {
                Ok(client)
            } else {
                Err(Refusal::invalid_client())
            };
        }
        let now = self.now();
        let basic = form.basic.as_ref().map(|(user, password)| (user.as_str(), Some(password.as_str())));
        let posted = form.get("client_id").map(|id| (id, form.get("client_secret")));
        let (id, secret) = basic.or(posted).ok_or_else(Refusal::invalid_client)?;
        let client = self.public_realm(realm)?.client(id).filter(|client| client.flag("enabled"));
        let client = client.ok_or_else(Refusal::invalid_client)?;
        if client.flag("publicClient") {
            return Ok(client.id.clone());
        }
        match client.text("clientAuthenticatorType") {
            Some("client-secret") => {}
            Some("client-jwt" | "federated-jwt") => {
                return Err(Refusal::assertion("Parameter client_assertion_type is missing"));
            }
            _ => return Err(Refusal::invalid_client()),
        }
        match secret {
            Some(secret) if client.accepts(secret, now) => Ok(client.id.clone()),
            _ => Err(Refusal::wrong_secret()),
        }
    }

    fn by_assertion(&mut self, realm: &str, text: &str, spiffe: bool) -> Result<String, Refusal> {
        let assertion = Assertion::read(text).ok_or_else(Refusal::invalid_client)?;
        let home = self.public_realm(realm)?;
        let (issuer, subject) = (assertion.text("iss"), assertion.text("sub"));
        let own = home.client(subject).filter(|client| {
            !spiffe && issuer == subject && client.text("clientAuthenticatorType") == Some("client-jwt")
        });
        let (client, keys, single_use, own) = if let Some(client) = own {
            (client, self.registered_keys(client), true, true)
        } else {
            let (alias, provider) = home.issuer_of(&assertion, spiffe).ok_or_else(Refusal::invalid_client)?;
            let client = home.federated(alias, subject).ok_or_else(Refusal::invalid_client)?;
            let kind = provider.get("providerId").and_then(Value::as_str);
            let reuse =
                kind != Some("oidc") || setting(provider, "supportsClientAssertionReuse") == Some("true");
            (client, self.provider_keys(provider), !reuse, false)
        };
        if !client.flag("enabled") {
            return Err(Refusal::invalid_client());
        }
        let required = client.attribute("token.endpoint.auth.signing.alg").filter(|_| own);
        if required.is_some_and(|required| required != assertion.algorithm()) {
            return Err(Refusal::assertion("Invalid signature algorithm"));
        }
        self.check_claims(realm, &assertion, own, single_use)?;
        if !keys.is_some_and(|keys| assertion.is_signed_by(&keys)) {
            return Err(Refusal::invalid_client());
        }
        let client = client.id.clone();
        if single_use {
            let shown = (issuer.to_owned(), assertion.text("jti").to_owned());
            let now = self.now();
            self.shown.retain(|_, end| *end > now);
            if self.shown.insert(shown, assertion.moment("exp").unwrap_or(now)).is_some() {
                return Err(Refusal::assertion("Token reuse detected"));
            }
        }
        Ok(client)
    }

    /// The times and the audience of an assertion; a client's own may also be for the token endpoint.
    fn check_claims(
        &self,
        realm: &str,
        assertion: &Assertion<'_>,
        own: bool,
        single_use: bool,
    ) -> Result<(), Refusal> {
        let issuer = self.issuer(realm);
        let endpoint = format!("{issuer}/protocol/openid-connect/token");
        match assertion.audiences().as_slice() {
            [one] if *one == issuer || own && one.starts_with(&endpoint) => {}
            [_, _, ..] => return Err(Refusal::assertion("Multiple audiences not allowed")),
            _ => return Err(Refusal::assertion("Invalid token audience")),
        }
        let now = self.now();
        let begun = assertion.moment("nbf").is_none_or(|begin| begin <= now);
        if !begun || assertion.moment("exp").is_none_or(|end| end <= now) {
            return Err(Refusal::assertion("Token is not active"));
        }
        if single_use && assertion.text("jti").is_empty() {
            return Err(Refusal::assertion("Token jti claim is required"));
        }
        Ok(())
    }

    /// The keys that a client has registered, or those that it has registered an address of. Parsed at each use: they
    /// may have been changed.
    fn registered_keys(&self, client: &Client) -> Option<JwkSet> {
        if client.attribute("use.jwks.string") == Some("true") {
            return serde_json::from_str(client.attribute("jwks.string")?).ok();
        }
        self.issuer_keys.get(client.attribute("jwks.url")?).cloned()
    }

    fn provider_keys(&self, provider: &Value) -> Option<JwkSet> {
        let at =
            ["bundleEndpoint", "jwksUrl", "issuer"].into_iter().find_map(|name| setting(provider, name))?;
        self.issuer_keys.get(at).cloned()
    }
}

impl Realm {
    /// The identity provider that stands for the issuer of this assertion.
    fn issuer_of(&self, assertion: &Assertion<'_>, spiffe: bool) -> Option<(&str, &Value)> {
        let found = self.providers.iter().find(|(_, provider)| {
            let kind = provider.get("providerId").and_then(Value::as_str).unwrap_or_default();
            let enabled = provider.get("enabled").and_then(Value::as_bool).unwrap_or(true);
            let matches = match kind {
                "spiffe" => {
                    spiffe
                        && setting(provider, "trustDomain")
                            .is_some_and(|domain| within(assertion.text("sub"), domain))
                }
                "kubernetes" => !spiffe && setting(provider, "issuer") == Some(assertion.text("iss")),
                _ => {
                    !spiffe
                        && setting(provider, "supportsClientAssertions") == Some("true")
                        && setting(provider, "issuer") == Some(assertion.text("iss"))
                }
            };
            enabled && matches
        })?;
        Some((found.0, found.1))
    }

    /// The first client with this subject: that there may be more is not noticed.
    fn federated(&self, alias: &str, subject: &str) -> Option<&Client> {
        self.clients.iter().find(|client| {
            client.text("clientAuthenticatorType") == Some("federated-jwt")
                && client.attribute("jwt.credential.issuer") == Some(alias)
                && client.attribute("jwt.credential.sub") == Some(subject)
        })
    }
}

fn within(subject: &str, domain: &str) -> bool {
    subject.strip_prefix(domain.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

fn setting<'a>(provider: &'a Value, name: &str) -> Option<&'a str> {
    provider.get("config")?.get(name)?.as_str()
}
