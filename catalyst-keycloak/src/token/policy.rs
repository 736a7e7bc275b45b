//! What a token must say: signed claims in, a refusal or nothing out. No I/O and no clock of its own.

use crate::jose::Algorithm;
use crate::{ClientId, Issuer};

use super::claims::Claims;
use super::{Refusal, lists};

/// The event of OpenID Connect Back-Channel Logout 1.0 section 2.4.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a token is presented as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Access,
    Id,
    Logout,
}

/// What a header announces (`typ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typ {
    /// `JWT`, or nothing.
    Plain,
    /// `at+jwt` (RFC 9068).
    Access,
    /// `logout+jwt`.
    Logout,
    Other,
}

impl Typ {
    /// Of a media type without `application/`.
    pub(super) fn of(typ: &str) -> Self {
        match typ {
            typ if typ.is_empty() || typ.eq_ignore_ascii_case("JWT") => Self::Plain,
            typ if typ.eq_ignore_ascii_case("at+jwt") => Self::Access,
            typ if typ.eq_ignore_ascii_case("logout+jwt") => Self::Logout,
            _ => Self::Other,
        }
    }
}

/// The rules of one verifier.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) issuer: Issuer,
    pub(super) audience: Box<str>,
    pub(super) algorithms: Vec<Algorithm>,
    /// The clients whose access tokens are taken; all, if none is named.
    pub(super) clients: Vec<ClientId>,
    /// Who we are in ID and logout tokens.
    pub(super) client: Option<ClientId>,
    /// Seconds.
    pub(super) skew: i64,
    /// Seconds.
    pub(super) max_lifetime: Option<i64>,
    pub(super) only_rfc9068: bool,
    /// The name of the platform's claim with the Organization.
    pub(super) platform_claim: Box<str>,
}

impl Policy {
    /// Whether the header announces what it is presented as. Before the signature, for it costs nothing.
    pub(super) fn check_type(&self, purpose: Purpose, typ: Typ) -> Result<(), Refusal> {
        let fits = match purpose {
            Purpose::Access => typ == Typ::Access || !self.only_rfc9068 && typ == Typ::Plain,
            Purpose::Id => typ == Typ::Plain,
            Purpose::Logout => matches!(typ, Typ::Plain | Typ::Logout),
        };
        if fits { Ok(()) } else { Err(Refusal::Type("its header announces another type (typ)")) }
    }

    /// Whether the claims are those of a token for this `purpose` at `now`, in seconds since 1970.
    pub(super) fn check(&self, purpose: Purpose, typ: Typ, claims: &Claims, now: i64) -> Result<(), Refusal> {
        if claims.text(claims.fields.iss.as_ref()) != Some(self.issuer.as_str()) {
            return Err(Refusal::Issuer);
        }
        self.check_times(claims, now)?;
        match purpose {
            Purpose::Access => self.check_access(typ, claims),
            Purpose::Id => self.check_id(claims),
            Purpose::Logout => self.check_logout(claims),
        }
    }

    /// What can change about a token that was verified before.
    pub(super) fn check_end(&self, claims: &Claims, now: i64) -> Result<(), Refusal> {
        let exp = claims.fields.exp.ok_or(Refusal::Malformed("it never ends (exp)"))?;
        if now.saturating_sub(self.skew) >= exp { Err(Refusal::Expired) } else { Ok(()) }
    }

    fn check_times(&self, claims: &Claims, now: i64) -> Result<(), Refusal> {
        self.check_end(claims, now)?;
        let exp = claims.fields.exp.unwrap_or(i64::MAX);
        let iat = claims.fields.iat.ok_or(Refusal::Malformed("it does not say when it was issued (iat)"))?;
        let soon = now.saturating_add(self.skew);
        if iat > soon {
            return Err(Refusal::NotYetValid("it was issued in the future (iat); is this clock right?"));
        }
        if claims.fields.nbf.is_some_and(|nbf| nbf > soon) {
            return Err(Refusal::NotYetValid("it is not valid yet (nbf); is this clock right?"));
        }
        match self.max_lifetime {
            Some(most) if exp.saturating_sub(iat) > most.saturating_add(self.skew) => {
                Err(Refusal::LivesTooLong)
            }
            _ => Ok(()),
        }
    }

    fn check_access(&self, typ: Typ, claims: &Claims) -> Result<(), Refusal> {
        let rfc9068 = typ == Typ::Access;
        match claims.text(claims.fields.typ.as_ref()) {
            Some("Bearer") => {}
            // What Keycloak writes into a token that is bound by DPoP.
            Some("DPoP") if claims.confirmation().is_some() => {}
            None if rfc9068 => {}
            _ => return Err(Refusal::Type("it is no access token (typ)")),
        }
        if !claims.is_for(&self.audience) {
            return Err(Refusal::Audience);
        }
        require(claims.subject(), "it is about nobody (sub); does the client have the scope basic?")?;
        let client = claims.client_id().unwrap_or_default();
        if rfc9068 && claims.text(claims.fields.client_id.as_ref()).is_none_or(str::is_empty) {
            return Err(Refusal::Malformed("it names no client (client_id)"));
        }
        if !self.clients.is_empty() && !self.clients.iter().any(|allowed| allowed.as_str() == client) {
            return Err(Refusal::Client);
        }
        Ok(())
    }

    /// OpenID Connect Core 1.0 section 3.1.3.7; the nonce is compared by the caller.
    fn check_id(&self, claims: &Claims) -> Result<(), Refusal> {
        if claims.text(claims.fields.typ.as_ref()) != Some("ID") {
            return Err(Refusal::Type("it is no ID token (typ)"));
        }
        self.check_own_audience(claims)?;
        require(claims.subject(), "it is about nobody (sub)")?;
        let own = self.client.as_ref().map(ClientId::as_str);
        match claims.text(claims.fields.azp.as_ref()) {
            Some(azp) if Some(azp) != own => Err(Refusal::Client),
            None if claims.audiences().len() > 1 => Err(Refusal::Client),
            _ => Ok(()),
        }
    }

    /// OpenID Connect Back-Channel Logout 1.0 section 2.6; replay is looked at by the caller.
    fn check_logout(&self, claims: &Claims) -> Result<(), Refusal> {
        if claims.text(claims.fields.typ.as_ref()).is_some_and(|typ| typ != "Logout") {
            return Err(Refusal::Type("it is no logout token (typ)"));
        }
        let event = claims.events().and_then(|events| lists::member(events, LOGOUT_EVENT));
        if !event.is_some_and(lists::is_object) {
            return Err(Refusal::Type("it is no logout token (events)"));
        }
        if claims.fields.nonce.is_some() {
            return Err(Refusal::Type("a logout token has no nonce"));
        }
        self.check_own_audience(claims)?;
        require(claims.token_id(), "it has no identifier (jti)")?;
        require(claims.subject().or(claims.session_id()), "it names neither user nor session (sub, sid)")
    }

    fn check_own_audience(&self, claims: &Claims) -> Result<(), Refusal> {
        let own = self.client.as_ref().ok_or(Refusal::Audience)?;
        if claims.is_for(own.as_str()) { Ok(()) } else { Err(Refusal::Audience) }
    }
}

/// A claim that is there and not empty.
fn require(claim: Option<&str>, why: &'static str) -> Result<(), Refusal> {
    if claim.is_none_or(str::is_empty) { Err(Refusal::Malformed(why)) } else { Ok(()) }
}
