//! What a client may learn about a token, and how it ends one.

use serde_json::{Value, json};

use super::Refusal;
use super::client_auth::Form;
use super::sessions::{Issued, Kind};
use super::state::State;

impl State {
    /// `POST …/token/introspect` (RFC 7662). Not active, too, for a caller that is not in the token's audience.
    pub(crate) fn introspect(&mut self, realm: &str, form: &Form) -> Result<Value, Refusal> {
        let caller = self.authenticate(realm, form).map_err(|refusal| {
            // In other words than everywhere else.
            let wrong = refusal == Refusal::wrong_secret();
            if wrong {
                Refusal::oauth(401, "invalid_client", "Client authentication failed.")
            } else {
                refusal
            }
        })?;
        let caller = self.public_realm(realm)?.client_by_id(&caller)?;
        if caller.flag("publicClient") {
            return Err(Refusal::oauth(403, "invalid_request", "Client not allowed."));
        }
        let token = form.get("token").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Refusal::oauth(400, "invalid_request", "Token not provided."))?;
        let id = caller.client_id();
        let known = self.live_token(token).filter(|issued| issued.realm == realm && issued.is_for(id));
        Ok(known.map_or_else(|| json!({ "active": false }), |issued| self.described(issued)))
    }

    fn described(&self, issued: &Issued) -> Value {
        let mut shown = issued.claims.clone();
        let home = self.realms.get(&issued.realm);
        let user = home.and_then(|home| home.user(&issued.user).ok());
        let client = home.and_then(|home| home.client_by_id(&issued.client).ok());
        shown["client_id"] = client.map(super::client::Client::client_id).into();
        shown["username"] = user.map(super::users::User::username).into();
        shown["token_type"] = shown["typ"].clone();
        shown["active"] = true.into();
        shown
    }

    /// `POST …/revoke` (RFC 7009). What is no token of the caller's is answered with an error in a 200.
    pub(crate) fn revoke(&mut self, realm: &str, form: &Form) -> Result<Value, Refusal> {
        let caller = self.authenticate(realm, form)?;
        let token = form.get("token").unwrap_or_default();
        match self.tokens.get(token) {
            Some(issued) if issued.realm == realm && issued.client == caller => {
                if issued.kind == Kind::Refresh
                    && let Some(session) = issued.session.clone()
                {
                    self.sessions.remove(&session);
                }
                self.tokens.remove(token);
                Ok(Value::Null)
            }
            Some(_) => Err(Refusal::oauth(400, "invalid_token", "Unmatching clients")),
            None => Ok(json!({ "error": "invalid_token", "error_description": "Invalid token" })),
        }
    }
}

impl Issued {
    /// Whether `client` is an audience of it. A refresh token is the business of the client that holds it.
    fn is_for(&self, client: &str) -> bool {
        let audience = &self.claims["aud"];
        let listed = audience.as_array().is_some_and(|all| all.iter().any(|one| one == client));
        listed || audience == client || self.kind == Kind::Refresh && self.claims["azp"] == client
    }
}
