//! Identity tokens, signed by Ed25519: keys of other algorithms can be written, and sign nothing here.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::engine::Identities;
use super::keys::Key;
use super::store::{text, texts};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content};

impl Identities {
    pub(super) fn issue(&mut self, state: &mut State, asked: &Asked, role: &str) -> Result<Content, Refusal> {
        let entity = state.entity_of(asked.call.token()).unwrap_or_default();
        if entity.is_empty() {
            return Err(Refusal::bad_request("no entity associated with the request's token"));
        }
        let missing = || Refusal::bad_request(&format!("role \"{role}\" not found"));
        let fields = self.keys.roles.get(role).ok_or_else(missing)?.clone();
        let (name, client) = (text(&fields, "key").to_owned(), text(&fields, "client_id").to_owned());
        let key = self.keys.named.get(&name).ok_or_else(missing)?.clone();
        let allowed = texts(&key.fields, "allowed_client_ids");
        if !allowed.iter().any(|id| id == "*" || *id == client) {
            return Err(Refusal::bad_request(&format!(
                "the key \"{name}\" does not list the client ID of the role \"{role}\" as an allowed client ID"
            )));
        }
        let now = state.clock.now();
        self.entity_of_login(&entity, &state.clock.text(now));
        let ttl = fields["ttl"].as_i64().unwrap_or(0);
        let issued = state.clock.unix(now);
        let claims = json!({
            "aud": client, "exp": issued + ttl, "iat": issued, "iss": self.issuer(), "namespace": "root",
            "sub": entity,
        });
        let token = sign(&key, &claims)
            .ok_or_else(|| Refusal::internal("the model signs identity tokens by EdDSA only"))?;
        Ok(Content::data(json!({ "client_id": client, "token": token, "ttl": ttl })))
    }

    pub(super) fn introspect(&self, state: &State, asked: &Asked) -> Content {
        let token = asked.text("token").unwrap_or_default();
        let inactive = |why: &str| Content::Bare(200, json!({ "active": false, "error": why }));
        let Some((head, claims, signed, signature)) = read(&token) else {
            return inactive(
                "error parsing token: go-jose/go-jose: compact JWS format must have three parts",
            );
        };
        let versions = self.keys.named.values().flat_map(|key| &key.versions);
        let public = versions.filter(|(id, _)| head["kid"] == id.as_str()).find_map(|(_, seed)| public(seed));
        let good = public.is_some_and(|key| {
            UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).is_ok()
        });
        if !good {
            return inactive("unable to validate the token signature");
        }
        if asked.text("client_id").is_some_and(|client| claims["aud"] != client.as_str()) {
            return inactive(
                "error validating claims: go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)",
            );
        }
        if claims["exp"].as_i64().is_some_and(|end| end < state.clock.unix(state.clock.now())) {
            return inactive(
                "error validating claims: go-jose/go-jose/jwt: validation failed, token is expired (exp)",
            );
        }
        match self.entities.get(claims["sub"].as_str().unwrap_or_default()) {
            None => inactive("entity was not found"),
            Some(entity) if entity["disabled"] == true => inactive("entity is disabled"),
            Some(_) => Content::Bare(200, json!({ "active": true })),
        }
    }

    /// The public keys of those that roles name.
    pub(super) fn published(&self) -> Content {
        let used = |name: &&String| self.keys.roles.values().any(|role| text(role, "key") == name.as_str());
        let keys = self.keys.named.iter().filter(|(name, key)| used(name) && signs(key));
        let published: Vec<Value> = keys
            .flat_map(|(_, key)| &key.versions)
            .filter_map(|(id, seed)| {
                let x = URL_SAFE_NO_PAD.encode(public(seed)?);
                Some(json!({ "use": "sig", "kty": "OKP", "kid": id, "crv": "Ed25519", "alg": "EdDSA", "x": x }))
            })
            .collect();
        Content::Bare(200, json!({ "keys": published }))
    }

    pub(super) fn discovery(&self) -> Content {
        let issuer = self.issuer();
        Content::Bare(
            200,
            json!({
                "issuer": issuer,
                "jwks_uri": format!("{issuer}/.well-known/keys"),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported":
                    ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"],
            }),
        )
    }

    fn issuer(&self) -> String {
        let origin = if self.keys.issuer.is_empty() { "http://127.0.0.1:8200" } else { &self.keys.issuer };
        format!("{origin}/v1/identity/oidc")
    }
}

fn signs(key: &Key) -> bool {
    text(&key.fields, "algorithm") == "EdDSA"
}

fn public(seed: &[u8; 32]) -> Option<Vec<u8>> {
    Ed25519KeyPair::from_seed_unchecked(seed).ok().map(|pair| pair.public_key().as_ref().to_vec())
}

fn sign(key: &Key, claims: &Value) -> Option<String> {
    let (id, seed) = key.versions.last().filter(|_| signs(key))?;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA", "kid": id })), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    Some(format!("{signed}.{signature}"))
}

/// Head and claims, what is signed, and the signature.
fn read(token: &str) -> Option<(Value, Value, &str, Vec<u8>)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some((json(head)?, json(claims)?, signed, URL_SAFE_NO_PAD.decode(signature).ok()?))
}
