//! Tokens, signed with the realm's keys.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::claims::{self, Subject};
use super::keys::{self, Key};
use super::sessions::{Issued, Kind};
use super::state::State;

/// What a grant has decided; the tokens follow from it.
#[derive(Clone, Debug, Default)]
pub(super) struct Grant {
    pub(super) realm: String,
    /// The identifier of the client.
    pub(super) client: String,
    /// The identifier of the user.
    pub(super) user: String,
    /// None for a service account, which gets no refresh token either.
    pub(super) session: Option<String>,
    /// What the `jti` of the access token begins with; it tells the grant.
    pub(super) prefix: &'static str,
    pub(super) scopes: BTreeSet<String>,
    /// Members of the access token and of the ID token besides the usual ones, such as `cnf` or `nonce`.
    pub(super) extra: Map<String, Value>,
    pub(super) id_extra: Map<String, Value>,
    /// Neither a refresh token nor an ID token, though there is a session.
    pub(super) access_only: bool,
}

impl State {
    /// The answer of the token endpoint.
    pub(super) fn give(&mut self, grant: &Grant) -> Result<Value, Refusal> {
        let home = self.public_realm(&grant.realm)?;
        let client = home.client_by_id(&grant.client)?;
        let user = home.user(&grant.user)?;
        let about = Subject { realm: home, client, user, scopes: &grant.scopes };
        let now = self.now();
        let own = client.attribute("access.token.lifespan").and_then(|text| text.parse().ok());
        // Administrators' tokens are short, as the master realm has them.
        let usual = if home.name == "master" { 60 } else { home.token_lifespan() };
        let lifespan: i64 = own.unwrap_or(usual);
        let not_before = user.not_before();
        let refreshes = grant.session.is_some() && !grant.access_only;
        let mut claims = about.access_claims();
        let scope = claims.get("scope").cloned().unwrap_or_default();
        let mut id_claims = Map::new();
        about.about_user(&mut id_claims);
        about.mapped(claims::Kind::Id, &mut id_claims, &mut Vec::new());
        id_claims.insert("aud".to_owned(), client.client_id().into());
        id_claims.insert("azp".to_owned(), client.client_id().into());
        id_claims.insert("acr".to_owned(), "1".into());
        let refresh = json!({
            "aud": self.issuer(&grant.realm), "azp": client.client_id(), "typ": "Refresh", "scope": scope,
            "granted": grant.scopes,
        });
        let algorithm = client.attribute("access.token.signed.response.alg").map(str::to_owned);
        claims.extend(grant.extra.clone());
        let binding = self.binding.take();
        if let Some(key) = &binding {
            claims.insert("cnf".to_owned(), json!({ "jkt": key }));
        }
        let token_type = if binding.is_some() { "DPoP" } else { "Bearer" };
        let jti = format!("{}:{}", grant.prefix, self.uuid());
        let access = self.sign(grant, Kind::Access, claims, (&jti, now + lifespan), algorithm.as_deref())?;
        let mut answer = json!({
            "access_token": access, "expires_in": lifespan, "refresh_expires_in": 0, "token_type": token_type,
            "not-before-policy": not_before, "scope": scope,
        });
        if let Some(session) = &grant.session {
            answer["session_state"] = session.as_str().into();
        }
        if refreshes {
            let jti = self.uuid();
            let refresh = refresh.as_object().cloned().unwrap_or_default();
            let lasts = self.refresh_lifespan(&grant.realm);
            answer["refresh_token"] =
                self.sign(grant, Kind::Refresh, refresh, (&jti, now + lasts), None)?.into();
            answer["refresh_expires_in"] = lasts.into();
        }
        if grant.scopes.contains("openid") && refreshes {
            let half = |text: &str| URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
            id_claims.insert("at_hash".to_owned(), half(&access).into());
            id_claims.insert("typ".to_owned(), "ID".into());
            id_claims.insert("sub".to_owned(), grant.user.as_str().into());
            id_claims.extend(grant.id_extra.clone());
            let jti = self.uuid();
            answer["id_token"] = self.signed(grant, id_claims, (&jti, now + lifespan), None)?.0.into();
        }
        Ok(answer)
    }

    fn refresh_lifespan(&self, realm: &str) -> i64 {
        let setting = self.realms.get(realm).and_then(|realm| realm.settings.get("ssoSessionIdleTimeout"));
        setting.and_then(Value::as_i64).unwrap_or(1800)
    }

    /// Signs a token and remembers it.
    fn sign(
        &mut self,
        grant: &Grant,
        kind: Kind,
        claims: Map<String, Value>,
        (jti, expires): (&str, i64),
        algorithm: Option<&str>,
    ) -> Result<String, Refusal> {
        let (token, key, claims) = self.signed(grant, claims, (jti, expires), algorithm)?;
        let issued = Issued {
            kind,
            realm: grant.realm.clone(),
            client: grant.client.clone(),
            user: grant.user.clone(),
            session: grant.session.clone(),
            claims: Value::Object(claims),
            key,
            expires,
        };
        self.remember(&token, issued);
        Ok(token)
    }

    fn signed(
        &mut self,
        grant: &Grant,
        mut claims: Map<String, Value>,
        (jti, expires): (&str, i64),
        algorithm: Option<&str>,
    ) -> Result<(String, usize, Map<String, Value>), Refusal> {
        claims.insert("exp".to_owned(), expires.into());
        claims.insert("iat".to_owned(), self.now().into());
        claims.insert("jti".to_owned(), jti.into());
        claims.insert("iss".to_owned(), self.issuer(&grant.realm).into());
        if let Some(session) = &grant.session {
            claims.insert("sid".to_owned(), session.as_str().into());
        }
        let broken = |_error| Refusal::oauth(500, "unknown_error", "no key signs here");
        let none = || Refusal::oauth(500, "unknown_error", "no key signs here");
        let (algorithm, number) = self.signing_key(&grant.realm, algorithm).ok_or_else(none)?;
        let key = keys::shared(algorithm, number).map_err(broken)?;
        let token = key.sign("JWT", &claims).map_err(broken)?;
        Ok((token.expose().to_owned(), number, claims))
    }

    /// The active key of the highest priority for this algorithm, or for the realm's own.
    pub(super) fn signing_key(
        &self,
        realm: &str,
        algorithm: Option<&str>,
    ) -> Option<(crate::jose::Algorithm, usize)> {
        let home = self.realms.get(realm)?;
        let usual = home.settings.get("defaultSignatureAlgorithm").and_then(Value::as_str).unwrap_or("RS256");
        let algorithm = algorithm.unwrap_or(usual);
        let mut found = home.keys_by_priority();
        found.retain(|provider| provider.active() && provider.algorithm() == algorithm);
        found.into_iter().find_map(|provider| match &provider.key {
            Key::Sign(algorithm, number) => Some((*algorithm, *number)),
            _ => None,
        })
    }
}
