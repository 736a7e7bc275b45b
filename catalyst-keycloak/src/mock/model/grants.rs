//! The token endpoint: what a client may ask for.
//!
//! A grant decides on whose behalf tokens are given, as a [`Grant`]; [`State::give`] makes them. To add one, add its
//! line in [`State::token`] and a function beside the others.

use serde_json::Value;

use super::Refusal;
use super::client_auth::Form;
use super::state::State;
use super::tokens::Grant;

const KNOWN: [&str; 9] = [
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:uma-ticket",
    "urn:openid:params:grant-type:ciba",
];

impl State {
    /// `POST …/token`.
    pub(crate) fn token(&mut self, realm: &str, form: &Form) -> Result<Value, Refusal> {
        let home = self.public_realm(realm)?;
        if !home.is_enabled() {
            return Err(Refusal::oauth(403, "access_denied", "Realm not enabled"));
        }
        let grant = form.get("grant_type").unwrap_or_default();
        if grant.is_empty() {
            return Err(Refusal::oauth(400, "invalid_request", "Missing form parameter: grant_type"));
        }
        if !KNOWN.contains(&grant) {
            return Err(unsupported());
        }
        let client = self.authenticate(realm, form)?;
        self.binding = self.bound_to(realm, &client, form)?;
        match grant {
            "client_credentials" => self.client_credentials(realm, &client, form),
            "password" => self.password(realm, &client, form),
            "authorization_code" => self.code_grant(realm, &client, form),
            "refresh_token" => self.refresh_grant(realm, &client, form),
            "urn:ietf:params:oauth:grant-type:token-exchange" => self.exchange_grant(realm, &client, form),
            _ => Err(unsupported()),
        }
    }

    fn client_credentials(&mut self, realm: &str, client: &str, form: &Form) -> Result<Value, Refusal> {
        let home = self.public_realm(realm)?;
        let found = home.client_by_id(client)?;
        if found.flag("publicClient") {
            let text = "Public client not allowed to retrieve service account";
            return Err(Refusal::oauth(401, "unauthorized_client", text));
        }
        let account = home.service_account(client).filter(|_| found.flag("serviceAccountsEnabled"));
        let account = account.ok_or_else(|| {
            Refusal::oauth(401, "unauthorized_client", "Client not enabled to retrieve service account")
        })?;
        let grant = Grant {
            realm: realm.to_owned(),
            client: client.to_owned(),
            user: account.id.clone(),
            prefix: "trrtcc",
            scopes: found.granted_scopes(form.get("scope"))?,
            ..Grant::default()
        };
        self.give(&grant)
    }

    fn password(&mut self, realm: &str, client: &str, form: &Form) -> Result<Value, Refusal> {
        let refuse = |text: &str| Refusal::oauth(400, "invalid_grant", text);
        let home = self.public_realm(realm)?;
        let found = home.client_by_id(client)?;
        if !found.flag("directAccessGrantsEnabled") {
            return Err(Refusal::oauth(
                400,
                "unauthorized_client",
                "Client not allowed for direct access grants",
            ));
        }
        let scopes = found.granted_scopes(form.get("scope"))?;
        let user = home.user_named(form.get("username").unwrap_or_default());
        let shown = form.get("password");
        let user = user.filter(|user| user.password.is_some() && user.password.as_deref() == shown);
        let user = user.ok_or_else(|| refuse("Invalid user credentials"))?;
        if !user.enabled() {
            return Err(refuse("Account disabled"));
        }
        if !user.is_set_up() {
            return Err(refuse("Account is not fully set up"));
        }
        let user = user.id.clone();
        let session = self.begin_session(realm, &user);
        let lightweight = if realm == "master" { "onltro" } else { "onrtro" };
        let grant = Grant {
            realm: realm.to_owned(),
            client: client.to_owned(),
            user,
            session: Some(session),
            prefix: lightweight,
            scopes,
            ..Grant::default()
        };
        self.give(&grant)
    }
}

fn unsupported() -> Refusal {
    Refusal::oauth(400, "unsupported_grant_type", "Unsupported grant_type")
}
