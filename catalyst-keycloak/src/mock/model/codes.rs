//! Codes for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.6), and tokens for newer ones.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Refusal;
use super::assertion::Assertion;
use super::client_auth::Form;
use super::sessions::Kind;
use super::state::State;
use super::tokens::Grant;
use super::visit::Request;

/// What a code stands for.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) realm: String,
    pub(super) request: Request,
    pub(super) session: String,
    /// When it ends, in seconds since 1970.
    pub(super) until: i64,
    /// Whether tokens were given for it.
    pub(super) used: bool,
}

impl State {
    pub(super) fn code_grant(&mut self, realm: &str, client: &str, form: &Form) -> Result<Value, Refusal> {
        let given = form.get("code").unwrap_or_default();
        if given.is_empty() {
            return Err(Refusal::oauth(400, "invalid_request", "Missing parameter: code"));
        }
        // Whatever comes of it: a code is tried once.
        let code = self.logins.codes.remove(given).filter(|code| code.realm == realm);
        let code = code.ok_or_else(|| invalid("Code not valid"))?;
        if code.used {
            // Somebody else has it, too: what was given for it ends.
            self.detach(&code.session, &code.request.client);
            return Err(invalid("Code not valid"));
        }
        if code.until <= self.now() {
            return Err(invalid("Code not valid"));
        }
        if code.request.client != client {
            return Err(invalid("Auth error: Found different client_id in clientSession"));
        }
        if form.get("redirect_uri") != Some(code.request.redirect.as_str()) {
            return Err(invalid("Incorrect redirect_uri"));
        }
        check_verifier(code.request.challenge.as_deref(), form.get("code_verifier"))?;
        let nonce = code.request.nonce.clone().map(|nonce| ("nonce".to_owned(), nonce.into()));
        let answer = self.give_in_session(
            (realm, client, &code.session),
            "onrtac",
            code.request.scopes.clone(),
            nonce.into_iter().collect(),
        )?;
        self.logins.codes.insert(given.to_owned(), Code { used: true, ..code });
        Ok(answer)
    }

    pub(super) fn refresh_grant(&mut self, realm: &str, client: &str, form: &Form) -> Result<Value, Refusal> {
        let given = form.get("refresh_token").unwrap_or_default();
        if given.is_empty() {
            return Err(Refusal::oauth(400, "invalid_request", "No refresh token"));
        }
        let (session, granted) = self.refreshable(realm, client, given)?;
        if !self.sessions.contains_key(&session) {
            return Err(invalid("Session not active"));
        }
        let key = (session.clone(), client.to_owned());
        if self.logins.detached.contains(&key) {
            return Err(invalid("Session doesn't have required client"));
        }
        let home = self.public_realm(realm)?;
        let scopes = match form.get("scope") {
            Some(asked) => home
                .client_by_id(client)?
                .granted_scopes(Some(asked))?
                .intersection(&granted)
                .cloned()
                .collect(),
            None => granted,
        };
        if home.settings.get("revokeRefreshToken") == Some(&Value::Bool(true))
            && !self.logins.spent.insert(given.to_owned())
        {
            self.detach(&session, client);
            return Err(invalid("Maximum allowed refresh token reuse exceeded"));
        }
        self.give_in_session((realm, client, &session), "onrtrt", scopes, Map::new())
    }

    /// The session and the scopes of a refresh token that `client` may use.
    pub(super) fn refreshable(
        &self,
        realm: &str,
        client: &str,
        token: &str,
    ) -> Result<(String, BTreeSet<String>), Refusal> {
        let known = self.tokens.get(token).filter(|issued| issued.realm == realm);
        let Some(issued) = known else {
            // Revoked: the server knows its own signature, and that the session is gone.
            let own = Assertion::read(token).is_some_and(|token| {
                token.text("typ") == "Refresh" && token.text("iss") == self.issuer(realm)
            });
            return Err(invalid(if own { "Session not active" } else { "Invalid refresh token" }));
        };
        if issued.kind != Kind::Refresh {
            return Err(invalid("Invalid refresh token"));
        }
        if issued.client != client {
            return Err(invalid("Invalid refresh token. Token client and authorized client don't match"));
        }
        if issued.expires <= self.now() {
            return Err(invalid("Token is not active"));
        }
        let granted = issued.claims["granted"].as_array().into_iter().flatten();
        let granted = granted.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok((issued.session.clone().unwrap_or_default(), granted))
    }

    /// Tokens of the user who began the session.
    fn give_in_session(
        &mut self,
        (realm, client, session): (&str, &str, &str),
        prefix: &'static str,
        scopes: BTreeSet<String>,
        mut id_extra: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let (user, began) = self.logged_in(session)?;
        if !self.public_realm(realm)?.user(&user)?.enabled() {
            return Err(invalid("User disabled"));
        }
        let mut extra = Map::new();
        // Only a login in a browser has a time.
        if self.logins.browsers.values().any(|known| known == session) {
            id_extra.insert("auth_time".to_owned(), began.into());
            extra.insert("auth_time".to_owned(), began.into());
        }
        let (realm, client) = (realm.to_owned(), client.to_owned());
        let session = Some(session.to_owned());
        self.give(&Grant {
            realm,
            client,
            user,
            session,
            prefix,
            scopes,
            extra,
            id_extra,
            ..Grant::default()
        })
    }

    /// Ends what the client has of a session.
    fn detach(&mut self, session: &str, client: &str) {
        self.tokens.retain(|_, issued| {
            issued.kind == Kind::Refresh
                || issued.client != client
                || issued.session.as_deref() != Some(session)
        });
        self.logins.detached.insert((session.to_owned(), client.to_owned()));
    }
}

fn check_verifier(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => {
            Err(invalid("PKCE code verifier specified but challenge not present in authorization"))
        }
        (Some(_), None) => Err(invalid("PKCE code verifier not specified")),
        (Some(challenge), Some(verifier)) => {
            let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            if hash == challenge { Ok(()) } else { Err(invalid("PKCE verification failed: Code mismatch")) }
        }
    }
}

pub(super) fn invalid(text: &str) -> Refusal {
    Refusal::oauth(400, "invalid_grant", text)
}
