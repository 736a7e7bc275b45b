//! What a realm says about itself (OpenID Connect Discovery 1.0, RFC 8414).

use std::time::Duration;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_core::tls::TlsConfig;
use catalyst_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use url::Url;

use crate::{Issuer, Realm};

const OPERATION: &str = "read what a realm says about itself";
/// The document has some 7 KiB.
const MAX_BODY: usize = 256 << 10;

/// The addresses of a realm, after its issuer was compared. Those that services call lead to the back channel, whatever
/// public name the server gives them; those that browsers go to are as the server gives them.
#[derive(Clone, Debug)]
pub struct Discovery {
    authorization: Url,
    end_session: Option<Url>,
    token: Url,
    keys: Url,
    introspection: Option<Url>,
    revocation: Option<Url>,
    user_info: Option<Url>,
    pushed_authorization: Option<Url>,
    registration: Option<Url>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    registration_endpoint: Option<String>,
}

impl Discovery {
    /// Asks `realm` at its back channel: `GET /realms/{realm}/.well-known/openid-configuration`. Worth doing once at the
    /// start, for a wrong public name is found here and not with the first token.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with the code `wrong_issuer` if the server calls itself otherwise, which the text shows;
    /// [`ErrorKind::Decode`] if an address leads out of the realm; else what keeps it from being read.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn fetch(realm: &Realm, tls: TlsConfig) -> Result<Self> {
        let config = HttpConfig::new("keycloak").timeout(Duration::from_secs(10)).max_body(MAX_BODY).tls(tls);
        let url = realm.endpoint(".well-known/openid-configuration");
        let request = Request::new(Method::Get, url, OPERATION).target(realm.name().as_str());
        let answer = HttpClient::new(config)?.send(request).await?;
        match answer.status() {
            200 => Self::read(realm, &answer.json()?),
            status => {
                let (kind, code) = match status {
                    404 => (ErrorKind::NotFound, "realm_not_found"),
                    500.. => (ErrorKind::Unavailable, "unavailable"),
                    _ => (ErrorKind::Decode, "unexpected_status"),
                };
                Err(fault(realm, kind, code).with_status(status))
            }
        }
    }

    /// Where browsers go to log in.
    pub fn authorization(&self) -> &Url {
        &self.authorization
    }

    /// Where browsers go to log out.
    pub fn end_session(&self) -> Option<&Url> {
        self.end_session.as_ref()
    }

    /// Where tokens are asked for.
    pub fn token(&self) -> &Url {
        &self.token
    }

    /// Where the keys are.
    pub fn keys(&self) -> &Url {
        &self.keys
    }

    /// Where tokens are looked up.
    pub fn introspection(&self) -> Option<&Url> {
        self.introspection.as_ref()
    }

    /// Where tokens are revoked.
    pub fn revocation(&self) -> Option<&Url> {
        self.revocation.as_ref()
    }

    /// Where the claims of a user are.
    pub fn user_info(&self) -> Option<&Url> {
        self.user_info.as_ref()
    }

    /// Where authorization requests are pushed (RFC 9126).
    pub fn pushed_authorization(&self) -> Option<&Url> {
        self.pushed_authorization.as_ref()
    }

    /// Where clients register themselves (RFC 7591).
    pub fn registration(&self) -> Option<&Url> {
        self.registration.as_ref()
    }

    fn read(realm: &Realm, document: &Document) -> Result<Self> {
        let issuer = realm.issuer();
        if document.issuer != issuer.as_str() {
            let help = format!(
                "the server calls itself {:?}, and {:?} is configured; tokens carry the former: configure that, and \
                 where it is called as the back channel",
                document.issuer.chars().take(200).collect::<String>(),
                issuer.as_str()
            );
            return Err(fault(realm, ErrorKind::Config, "wrong_issuer").with_help(help));
        }
        let below = |text: &str| within(issuer, text).map(str::to_owned).ok_or_else(|| elsewhere(realm));
        let browser = |text: &String| realm.public(&below(text)?);
        let service = |text: &String| -> Result<Url> { Ok(realm.endpoint(&below(text)?)) };
        let optional = |text: &Option<String>| text.as_ref().map(service).transpose();
        Ok(Self {
            authorization: browser(&document.authorization_endpoint)?,
            end_session: document.end_session_endpoint.as_ref().map(browser).transpose()?,
            token: service(&document.token_endpoint)?,
            keys: service(&document.jwks_uri)?,
            introspection: optional(&document.introspection_endpoint)?,
            revocation: optional(&document.revocation_endpoint)?,
            user_info: optional(&document.userinfo_endpoint)?,
            pushed_authorization: optional(&document.pushed_authorization_request_endpoint)?,
            registration: optional(&document.registration_endpoint)?,
        })
    }
}

/// The path below the issuer; none if `text` is not below it.
fn within<'a>(issuer: &Issuer, text: &'a str) -> Option<&'a str> {
    let path = text.strip_prefix(issuer.as_str())?.strip_prefix('/')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    (path.chars().all(plain) && !path.contains("..")).then_some(path)
}

fn fault(realm: &Realm, kind: ErrorKind, code: &'static str) -> Error {
    Error::new(kind, OPERATION).with_service("keycloak").with_target(realm.name().as_str()).with_code(code)
}

fn elsewhere(realm: &Realm) -> Error {
    fault(realm, ErrorKind::Decode, "endpoint_elsewhere")
        .with_help("an address that the realm gives leads out of the realm")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn document(changes: &Value) -> Document {
        let base = "https://auth.example.test/realms/acme";
        let mut document = json!({
            "issuer": base,
            "authorization_endpoint": format!("{base}/protocol/openid-connect/auth"),
            "token_endpoint": format!("{base}/protocol/openid-connect/token"),
            "jwks_uri": format!("{base}/protocol/openid-connect/certs"),
            "revocation_endpoint": format!("{base}/protocol/openid-connect/revoke"),
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        serde_json::from_value(document).unwrap()
    }

    fn realm() -> Realm {
        let realm = Realm::new("acme".parse().unwrap(), "https://auth.example.test").unwrap();
        realm.back_channel("http://keycloak.svc:8080/auth").unwrap()
    }

    #[test]
    fn services_stay_inside_and_browsers_outside() {
        let found = Discovery::read(&realm(), &document(&json!({}))).unwrap();
        let inside = "http://keycloak.svc:8080/auth/realms/acme/protocol/openid-connect/";
        assert_eq!(found.token().as_str(), format!("{inside}token"));
        assert_eq!(found.revocation().unwrap().as_str(), format!("{inside}revoke"));
        assert_eq!(found.authorization().host_str(), Some("auth.example.test"));
        assert!(found.introspection().is_none());
    }

    #[test]
    fn a_strange_issuer_and_addresses_elsewhere_are_refused() {
        let slash = document(&json!({"issuer": "https://auth.example.test/realms/acme/"}));
        assert_eq!(Discovery::read(&realm(), &slash).unwrap_err().code(), Some("wrong_issuer"));
        for elsewhere in [
            "https://attacker.test/realms/acme/certs",
            "https://auth.example.test/realms/acme.attacker.test/certs",
            "https://auth.example.test/realms/acme/../master/certs",
            "https://auth.example.test/realms/acme/certs?x=1",
        ] {
            let error = Discovery::read(&realm(), &document(&json!({ "jwks_uri": elsewhere }))).unwrap_err();
            assert_eq!(error.code(), Some("endpoint_elsewhere"), "{elsewhere}");
        }
    }
}
