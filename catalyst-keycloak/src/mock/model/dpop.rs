//! Tokens that are bound to a key (RFC 9449), at the token endpoint.

use super::Refusal;
use super::assertion::Assertion;
use super::client_auth::Form;
use super::state::State;

/// How old a proof may be, and how far ahead, in seconds.
const LIFE: i64 = 10;
const SKEW: i64 = 15;

impl State {
    /// The key that the tokens of this request are to be bound to, by its thumbprint.
    pub(super) fn bound_to(
        &mut self,
        realm: &str,
        client: &str,
        form: &Form,
    ) -> Result<Option<String>, Refusal> {
        let refuse = |text: &str| Refusal::oauth(400, "invalid_request", text);
        let required = self.public_realm(realm)?.client_by_id(client)?.attribute("dpop.bound.access.tokens");
        let Some(proof) = &form.dpop else {
            return if required == Some("true") { Err(refuse("DPoP proof is missing")) } else { Ok(None) };
        };
        let unreadable = || refuse("DPoP header verification failure");
        let proof = Assertion::read(proof).ok_or_else(unreadable)?;
        let key = proof.proven_key("dpop+jwt").ok_or_else(unreadable)?;
        let endpoint = format!("{}/protocol/openid-connect/token", self.issuer(realm));
        if proof.text("htm") != "POST" || proof.text("htu") != endpoint {
            return Err(refuse("DPoP HTTP method or URL mismatch"));
        }
        let now = self.now();
        if !proof.moment("iat").is_some_and(|made| (now - LIFE - SKEW..=now + SKEW).contains(&made)) {
            return Err(refuse("DPoP proof is not active"));
        }
        let shown = (key.thumbprint(), proof.text("jti").to_owned());
        if shown.1.is_empty() || self.shown.insert(shown, now + LIFE + SKEW).is_some() {
            return Err(refuse("DPoP proof has already been used"));
        }
        Ok(Some(key.thumbprint()))
    }
}
