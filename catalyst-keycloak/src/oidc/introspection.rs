//! Whether the server holds a token for good (RFC 7662), and the end of a token (RFC 7009).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::client::OidcClient;
use crate::form::Form;
use crate::operation::Operation;
use crate::refusal::SERVICE;

/// What the server says of a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Introspection {
    /// It is good, as far as the client that asked may know.
    Active(Box<ActiveToken>),
    /// It ended, was revoked, belongs to a session that was logged out, is no token at all, **or the client that asked
    /// is not among its audiences**: Keycloak does not tell these apart. A client that introspects tokens, even its
    /// own, needs an audience mapper; [`ClientSpec`](crate::ClientSpec) always adds it.
    Inactive,
}

/// A token that the server holds for good. `Debug` shows neither user nor claims.
#[derive(Clone)]
#[non_exhaustive]
pub struct ActiveToken {
    /// `Bearer`, `Refresh`, `DPoP`.
    pub token_type: String,
    /// Whom it speaks of.
    pub subject: Option<String>,
    /// Their name, where it is a user.
    pub username: Option<String>,
    /// The client that it was issued to.
    pub client_id: Option<String>,
    /// Who may accept it.
    pub audience: Vec<String>,
    /// What it was granted for.
    pub scopes: Vec<String>,
    /// The login that it belongs to, where a user logged in.
    pub session_id: Option<String>,
    /// When it ends, by the server's clock.
    pub expires_at: Option<SystemTime>,
    claims: Map<String, Value>,
}

impl Introspection {
    /// The token, if it is active.
    pub fn active(self) -> Option<ActiveToken> {
        match self {
            Self::Active(token) => Some(*token),
            Self::Inactive => None,
        }
    }

    fn read(mut claims: Map<String, Value>) -> Self {
        if claims.remove("active") != Some(Value::Bool(true)) {
            return Self::Inactive;
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let audience = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let expires_at = claims.get("exp").and_then(Value::as_u64).map(Duration::from_secs);
        Self::Active(Box::new(ActiveToken {
            token_type: text("token_type").or_else(|| text("typ")).unwrap_or_default(),
            subject: text("sub"),
            username: text("username"),
            client_id: text("client_id"),
            audience,
            scopes: text("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            session_id: text("sid"),
            expires_at: expires_at.and_then(|after| UNIX_EPOCH.checked_add(after)),
            claims,
        }))
    }
}

impl ActiveToken {
    /// Another claim, if it is there and of that shape: `token.claim::<Vec<String>>("groups")`.
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.claims.get(name)?).ok()
    }
}

impl fmt::Debug for ActiveToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveToken")
            .field("token_type", &self.token_type)
            .field("client_id", &self.client_id)
            .field("audience", &self.audience)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What became of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation {
    /// The token was good, and is no longer.
    Revoked,
    /// The server did not know it; it is as good as revoked (RFC 7009 section 2.2).
    Unknown,
}

impl OidcClient {
    /// Asks the server whether `token` is good now: disabled clients and ended sessions count, which a verifier without
    /// the network does not see. One call to the server for each question.
    ///
    /// # Errors
    /// Code `bad_credentials` if the client itself is refused. A bad token is no error but
    /// [`Introspection::Inactive`].
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn introspect(&self, token: &Secret) -> Result<Introspection> {
        let form = Form::new().secret("token", token);
        let path = "protocol/openid-connect/token/introspect";
        let answer = self.post(Operation::Introspect, path, form, false).await?;
        answer.json().map(Introspection::read)
    }

    /// Ends `token`. The end of a refresh token ends its session at this client.
    ///
    /// # Errors
    /// Code `bad_credentials` if the client itself is refused; `invalid_request` if the token is another client's.
    ///
    /// # Cancel safety
    /// Safe; it can be repeated.
    pub async fn revoke(&self, token: &Secret) -> Result<Revocation> {
        #[derive(Deserialize)]
        struct Told {
            error: String,
            #[serde(default)]
            error_description: String,
        }
        let form = Form::new().secret("token", token);
        let answer = self.post(Operation::Revoke, "protocol/openid-connect/revoke", form, false).await?;
        // Keycloak answers 200 with nothing when it revoked, and 200 with an error when it did not.
        if answer.is_empty() {
            return Ok(Revocation::Revoked);
        }
        let told: Told = answer.json()?;
        if told.error == "invalid_token" {
            return Ok(Revocation::Unknown);
        }
        Err(Error::new(ErrorKind::InvalidRequest, Operation::Revoke.name())
            .with_service(SERVICE)
            .with_code("invalid_request")
            .with_help("the server refuses to revoke it")
            .with_server_message(&told.error_description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Introspection {
        Introspection::read(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn only_a_plain_yes_is_active() {
        for no in ["{}", r#"{"active":false}"#, r#"{"active":"true"}"#, r#"{"active":1,"sub":"u"}"#] {
            assert!(read(no).active().is_none(), "{no}");
        }
    }

    #[test]
    fn the_claims_of_an_active_token_are_read_and_not_shown() {
        let told = r#"{"active":true,"aud":["svc-a","account"],"sub":"u1","username":"alice","exp":1795317479,
            "client_id":"svc-a","scope":"openid profile","groups":["/eng"],"token_type":"Bearer","sid":"s1"}"#;
        let token = read(told).active().unwrap();
        assert_eq!(token.audience, ["svc-a", "account"]);
        assert_eq!(token.claim::<Vec<String>>("groups").unwrap(), ["/eng"]);
        assert_eq!(token.claim::<u64>("groups"), None);
        assert_eq!(token.username.as_deref(), Some("alice"));
        assert!(!format!("{token:?}").contains("alice"));
    }
}
