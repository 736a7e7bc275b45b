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

/// How old a client's own assertion may be, and how far ahead, in seconds.
const MAX_AGE: i64 = 60;
const MAX_SKEW: i64 = 15;

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
        let signed = keys.as_ref().is_some_and(|keys| assertion.is_signed_by(keys));
        if own {
            self.check_own(&assertion, signed, keys.as_ref())?;
        }
        self.check_claims(realm, &assertion, own, single_use)?;
        if !signed {
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

    /// What is asked of a client's own assertion before all else: its signature, an end, and that it is fresh.
    fn check_own(
        &self,
        assertion: &Assertion<'_>,
        signed: bool,
        keys: Option<&JwkSet>,
    ) -> Result<(), Refusal> {
        if !keys.is_some_and(|keys| assertion.has_key_in(keys)) {
            return Err(Refusal::assertion("Unable to load public key"));
        }
        if !signed {
            return Err(Refusal::assertion(
                "Client authentication with signed JWT failed: Signature on JWT token failed validation",
            ));
        }
        if assertion.moment("exp").is_none() {
            return Err(Refusal::assertion("Token exp claim is required"));
        }
        let age = assertion.moment("iat").map_or(0, |issued| self.now() - issued);
        if age > MAX_AGE {
            return Err(Refusal::assertion("Token was issued too far in the past to be used now"));
        }
        if age < -MAX_SKEW {
            return Err(Refusal::assertion("Token was issued in the future"));
        }
        Ok(())
    }

    /// The times and the audience of an assertion; a client's own may also be for an endpoint of the realm.
    fn check_claims(
        &self,
        realm: &str,
        assertion: &Assertion<'_>,
        own: bool,
        single_use: bool,
    ) -> Result<(), Refusal> {
        let issuer = self.issuer(realm);
        let endpoints = format!("{issuer}/protocol/openid-connect/");
        match assertion.audiences().as_slice() {
            [one] if *one == issuer || own && one.starts_with(&endpoints) => {}
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Algorithm, SigningKey};
    use crate::mock::Model;

    #[test]
    fn an_assertion_is_fresh_and_signed_by_a_registered_key() {
        let (model, key) = (Model::new(), SigningKey::generate(Algorithm::Es256).unwrap());
        model.set_realm("acme");
        model.set_client(
            "acme",
            &json!({ "clientId": "app", "clientAuthenticatorType": "client-jwt", "attributes": {
                "use.jwks.string": "true", "jwks.string": serde_json::to_string(&key.public_set()).unwrap(),
            }}),
        );
        let now = model.with(|state| state.now());
        let shown = |key: &SigningKey, issued: i64| {
            let claims = json!({
                "iss": "app", "sub": "app", "aud": model.issuer("acme"), "iat": issued, "exp": now + 60,
                "jti": fastrand::u64(..).to_string(),
            });
            let assertion = key.sign("JWT", &claims).unwrap().expose().to_owned();
            let fields = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let form = Form { fields: fields.into(), ..Form::default() };
            model.with(|state| state.authenticate("acme", &form)).map_err(|refusal| {
                refusal.body()["error_description"].as_str().unwrap_or_default().to_owned()
            })
        };
        assert!(shown(&key, now).is_ok());
        assert!(shown(&key, now - 61).unwrap_err().contains("too far in the past"));
        assert!(shown(&key, now + 70).unwrap_err().contains("in the future"));
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        assert_eq!(shown(&stranger, now).unwrap_err(), "Unable to load public key");
    }
}
