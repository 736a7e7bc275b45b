//! Standard token exchange (RFC 8693, as Keycloak has it since 26.2).

use serde_json::{Map, Value, json};

use super::Refusal;
use super::claims::Subject;
use super::client_auth::Form;
use super::sessions::Kind;
use super::state::State;
use super::tokens::Grant;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl State {
    pub(super) fn exchange_grant(
        &mut self,
        realm: &str,
        client: &str,
        form: &Form,
    ) -> Result<Value, Refusal> {
        let refuse = |text: &str| Refusal::oauth(400, "invalid_request", text);
        let home = self.public_realm(realm)?;
        let found = home.client_by_id(client)?;
        if found.attribute("standard.token.exchange.enabled") != Some("true") {
            return Err(refuse("Standard token exchange is not enabled for the requested client"));
        }
        let missing =
            |name: &str| refuse(&format!("Parameter '{name}' required for standard token exchange"));
        let given = form.get("subject_token").ok_or_else(|| missing("subject_token"))?;
        let kind = form.get("subject_token_type").ok_or_else(|| missing("subject_token_type"))?;
        if kind != ACCESS_TOKEN {
            return Err(refuse("Parameter 'subject_token' supports access tokens only"));
        }
        if form.get("requested_token_type").is_some_and(|kind| kind != ACCESS_TOKEN) {
            return Err(refuse("requested_token_type unsupported"));
        }
        let subject =
            self.live_token(given).filter(|issued| issued.kind == Kind::Access && issued.realm == realm);
        let subject = subject.ok_or_else(|| refuse("Invalid token"))?;
        if subject.client != client && !named(&subject.claims["aud"]).any(|name| name == found.client_id()) {
            return Err(Refusal::oauth(403, "access_denied", "Client is not within the token audience"));
        }
        let scopes = found.granted_scopes(form.get("scope").or(subject.claims["scope"].as_str()));
        let scopes = match (scopes, form.get("scope")) {
            // Scopes of the subject that this client cannot have are left out.
            (Err(_unknown), None) => found.granted_scopes(None)?,
            (scopes, _) => scopes?,
        };
        let mut scopes = scopes;
        if subject.client != client && form.get("scope").is_none() {
            scopes.remove("openid");
        }
        let user = home.user(&subject.user)?;
        let mut extra = Map::new();
        if let Some(moment) = subject.claims.get("auth_time") {
            extra.insert("auth_time".to_owned(), moment.clone());
        }
        if let Some(asked) = form.get("audience") {
            if home.client(asked).is_none() {
                return Err(Refusal::oauth(400, "invalid_client", "Audience not found"));
            }
            let about = Subject { realm: home, client: found, user, scopes: &scopes };
            let available = about.access_claims().remove("aud").unwrap_or_default();
            if !named(&available).any(|name| name == asked) {
                return Err(refuse(&format!("Requested audience not available: {asked}")));
            }
            let roles =
                about.client_roles().remove(asked).map(|roles| (asked.to_owned(), json!({ "roles": roles })));
            extra.insert("aud".to_owned(), asked.into());
            extra.insert("resource_access".to_owned(), roles.into_iter().collect::<Map<_, _>>().into());
        }
        let prefix = match (&subject.session, subject.client == client) {
            (None, _) => "trrtte",
            (Some(_), true) => "onrtte",
            (Some(_), false) => "ntrtte",
        };
        let grant = Grant {
            realm: realm.to_owned(),
            client: client.to_owned(),
            user: user.id.clone(),
            session: subject.session.clone(),
            prefix,
            scopes,
            extra,
            access_only: true,
            ..Grant::default()
        };
        let mut answer = self.give(&grant)?;
        answer["issued_token_type"] = json!(ACCESS_TOKEN);
        Ok(answer)
    }
}

/// The names in an audience, of which there may be one or many.
fn named(audience: &Value) -> impl Iterator<Item = &str> {
    let many = audience.as_array().map(Vec::as_slice).unwrap_or_default();
    audience.as_str().into_iter().chain(many.iter().filter_map(Value::as_str))
}
