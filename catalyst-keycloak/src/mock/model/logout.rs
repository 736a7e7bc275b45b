//! The end of sessions: by a client with a refresh token, by a browser, and told to others.

use serde_json::json;

use super::assertion::Assertion;
use super::client::Client;
use super::client_auth::Form;
use super::keys;
use super::logins::{Shown, no_cookie};
use super::state::State;
use super::visit::matches;
use super::{Model, Refusal};

impl State {
    /// `POST …/logout` with a refresh token. A session that has ended already ends once more.
    pub(crate) fn log_out(&mut self, realm: &str, form: &Form) -> Result<(), Refusal> {
        let client = self.authenticate(realm, form)?;
        let (session, _) = self.refreshable(realm, &client, form.get("refresh_token").unwrap_or_default())?;
        self.sessions.remove(&session);
        Ok(())
    }

    /// `GET …/logout` (OpenID Connect RP-Initiated Logout 1.0).
    pub(crate) fn leave(&mut self, realm: &str, query: &[(String, String)], cookies: &str) -> Shown {
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let Ok(home) = self.public_realm(realm) else { return Shown::sorry("Realm does not exist") };
        let hint = match get("id_token_hint").map(Assertion::read) {
            Some(Some(hint)) if hint.text("iss") == self.issuer(realm) && hint.text("typ") == "ID" => {
                Some(hint)
            }
            Some(_) => return Shown::sorry("Invalid parameter: id_token_hint"),
            None => None,
        };
        let named = hint.as_ref().map(|hint| hint.text("azp")).or(get("client_id"));
        let back = get("post_logout_redirect_uri");
        match (back, named.and_then(|id| home.client(id))) {
            (Some(_), None) => return Shown::sorry("Missing parameters: id_token_hint"),
            (Some(back), Some(client)) if !may_leave_to(client, back) => {
                return Shown::sorry("Invalid redirect uri");
            }
            _ => {}
        }
        let Some(hint) = hint else {
            let text = "Do you want to log out?".to_owned();
            return Shown::Page { status: 200, title: "Logging out", text };
        };
        self.sessions.remove(hint.text("sid"));
        if let Some(session) = self.session_of(realm, cookies) {
            self.sessions.remove(&session);
        }
        let cookies = ["KEYCLOAK_IDENTITY", "KEYCLOAK_SESSION"].map(|name| no_cookie(realm, name)).to_vec();
        let Some(back) = back else {
            let text = "You are logged out".to_owned();
            return Shown::Page { status: 200, title: "You are logged out", text };
        };
        let state: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(get("state").map(|state| ("state", state)))
            .finish();
        let link = match (state.is_empty(), back.contains('?')) {
            (true, _) => "",
            (false, true) => "&",
            (false, false) => "?",
        };
        Shown::Away { location: format!("{back}{link}{state}"), cookies }
    }

    fn logout_token(&mut self, realm: &str, client_id: &str, session: &str) -> Option<String> {
        let user = self.sessions.get(session)?.user.clone();
        let (algorithm, number) = self.signing_key(realm, None)?;
        let (now, jti) = (self.now(), self.uuid());
        let event = "http://schemas.openid.net/event/backchannel-logout";
        let claims = json!({
            "iss": self.issuer(realm), "sub": user, "aud": client_id, "iat": now, "exp": now + 120, "jti": jti,
            "typ": "Logout", "sid": session, "events": { event: {} },
        });
        let token = keys::shared(algorithm, number).ok()?.sign("logout+jwt", &claims).ok()?;
        Some(token.expose().to_owned())
    }
}

impl Model {
    /// What the server posts to the back-channel logout address of a client when this session ends, and ends it: the
    /// value of `logout_token`.
    pub fn end_session(&self, realm: &str, client_id: &str, session: &str) -> Option<String> {
        self.with(|state| {
            let token = state.logout_token(realm, client_id, session);
            state.sessions.remove(session);
            token
        })
    }
}

/// `+` stands for the redirect URIs.
fn may_leave_to(client: &Client, address: &str) -> bool {
    let registered = client.attribute("post.logout.redirect.uris").unwrap_or_default();
    registered.split("##").any(|known| match known {
        "+" => client.list("redirectUris").into_iter().any(|known| matches(known, address)),
        known => !known.is_empty() && matches(known, address),
    })
}
