//! What an application is handed.

use catalyst_core::Result;
use catalyst_keycloak::{ClientId, Issuer, Outcome, Realm};
use catalyst_openbao::{Mount, SecretPath};
use url::Url;

use super::Place;

/// What an application needs to log users in. Holds no secret: where that lies is [`stored`](Self::stored).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SsoSettings {
    /// Whose they are.
    pub place: Place,
    /// What `iss` must be.
    pub issuer: Issuer,
    /// The identifier of the client.
    pub client_id: ClientId,
    /// Where its realm answers.
    pub endpoints: Endpoints,
    /// Where logins may return to.
    pub redirect_uris: Vec<String>,
    /// Where its credential lies; `None` if nothing is stored.
    pub stored: Option<StoredCredential>,
    /// What became of the client.
    pub outcome: Outcome,
    /// Reads at Keycloak and at OpenBao.
    pub reads: u32,
    /// Writes at Keycloak and at OpenBao.
    pub writes: u32,
}

/// Where a credential lies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCredential {
    /// The mount of KV version 2.
    pub mount: Mount,
    /// The path below it.
    pub path: SecretPath,
    /// The names there that an application reads.
    pub properties: &'static [&'static str],
}

/// The endpoints of a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// Where the browser is sent to log in; at the public address.
    pub authorization: Url,
    /// Where the browser is sent to log out; at the public address.
    pub end_session: Url,
    /// Tokens; on the back channel, as are all that follow.
    pub token: Url,
    /// The keys.
    pub jwks: Url,
    /// Introspection (RFC 7662).
    pub introspection: Url,
    /// Revocation (RFC 7009).
    pub revocation: Url,
    /// Pushed authorization requests (RFC 9126).
    pub pushed_authorization: Url,
    /// Claims of the user.
    pub user_info: Url,
}

impl Endpoints {
    /// Those of `realm`: browsers go to its issuer, calls to its server.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the issuer cannot be the beginning of an address.
    pub fn of(realm: &Realm) -> Result<Self> {
        let public =
            |path: &str| catalyst_core::http::parse_address(&format!("{}/{PROTOCOL}/{path}", realm.issuer()));
        let segment = catalyst_core::http::path_segment(realm.name().as_str());
        let call = |path: &str| {
            let mut url = realm.server().clone();
            let base = url.path().trim_end_matches('/').to_owned();
            url.set_path(&format!("{base}/realms/{segment}/{PROTOCOL}/{path}"));
            url
        };
        Ok(Self {
            authorization: public("auth")?,
            end_session: public("logout")?,
            token: call("token"),
            jwks: call("certs"),
            introspection: call("token/introspect"),
            revocation: call("revoke"),
            pushed_authorization: call("ext/par/request"),
            user_info: call("userinfo"),
        })
    }
}

const PROTOCOL: &str = "protocol/openid-connect";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_go_to_the_public_address_and_calls_to_the_back_channel() {
        let realm = Realm::new("acme".parse().unwrap(), "https://auth.example.test").unwrap();
        let realm = realm.back_channel("http://keycloak.keycloak.svc:8080/base").unwrap();
        let endpoints = Endpoints::of(&realm).unwrap();
        assert_eq!(
            endpoints.authorization.as_str(),
            "https://auth.example.test/realms/acme/protocol/openid-connect/auth"
        );
        assert_eq!(
            endpoints.token.as_str(),
            "http://keycloak.keycloak.svc:8080/base/realms/acme/protocol/openid-connect/token"
        );
    }
}
