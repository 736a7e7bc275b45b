//! The claims of a verified token.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use catalyst_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use super::fields::{Fields, Text};
use super::{Refusal, lists};
use crate::jose::Algorithm;

/// What a verified token says. Obtained from a [`TokenVerifier`](super::TokenVerifier) only.
///
/// Roles, scopes and the like are read where they stand in the token; one of a wrong kind grants nothing. `Debug` shows
/// the subject, the client and the end, and no more of it.
pub struct Claims {
    payload: Box<str>,
    pub(super) fields: Fields,
    pub(super) algorithm: Algorithm,
}

impl Claims {
    /// Who it is about (`sub`): the identifier of a user or of a service account.
    pub fn subject(&self) -> Option<&str> {
        self.text(self.fields.sub.as_ref())
    }

    /// The name that the user logs in with (`preferred_username`); it can change, unlike the subject.
    pub fn username(&self) -> Option<&str> {
        self.text(self.fields.username.as_ref())
    }

    /// The user's mail address (`email`); see [`Claims::email_is_verified`].
    pub fn email(&self) -> Option<&str> {
        self.text(self.fields.email.as_ref())
    }

    /// Whether the issuer has verified the mail address.
    pub fn email_is_verified(&self) -> bool {
        self.fields.email_verified == Some(true)
    }

    /// The login session (`sid`).
    pub fn session_id(&self) -> Option<&str> {
        self.text(self.fields.sid.as_ref())
    }

    /// The client that it was issued to (`azp`, or `client_id` of RFC 9068).
    pub fn client_id(&self) -> Option<&str> {
        self.text(self.fields.azp.as_ref().or(self.fields.client_id.as_ref()))
    }

    /// Its own identifier (`jti`).
    pub fn token_id(&self) -> Option<&str> {
        self.text(self.fields.jti.as_ref())
    }

    /// The nonce of the login, in an ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.text(self.fields.nonce.as_ref())
    }

    /// Whom it is meant for (`aud`).
    pub fn audiences(&self) -> Vec<Cow<'_, str>> {
        self.fields.aud.map_or_else(Vec::new, |aud| lists::names(aud.of(&self.payload)))
    }

    /// The scopes that were granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text(self.fields.scope.as_ref()).unwrap_or_default().split_ascii_whitespace()
    }

    /// Whether `scope` was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// The roles of the realm.
    pub fn realm_roles(&self) -> Vec<Cow<'_, str>> {
        self.realm_access().map_or_else(Vec::new, lists::names)
    }

    /// Whether it carries the realm role `role`.
    pub fn has_realm_role(&self, role: &str) -> bool {
        self.realm_access().is_some_and(|roles| lists::holds(roles, role))
    }

    /// The roles of `client`.
    pub fn client_roles(&self, client: &str) -> Vec<Cow<'_, str>> {
        self.client_access(client).map_or_else(Vec::new, lists::names)
    }

    /// Whether it carries the role `role` of `client`.
    pub fn has_client_role(&self, client: &str, role: &str) -> bool {
        self.client_access(client).is_some_and(|roles| lists::holds(roles, role))
    }

    /// The Organization: the platform's claim if it is there, else the one that Keycloak's claim `organization` names.
    /// None if that names several; see [`Claims::organizations`].
    pub fn organization(&self) -> Option<Cow<'_, str>> {
        if let Some(platform) = self.text(self.fields.platform.as_ref()) {
            return Some(Cow::Borrowed(platform));
        }
        let mut all = self.organizations();
        if all.len() == 1 { all.pop() } else { None }
    }

    /// The Organizations of Keycloak's claim `organization`: a list of aliases, or an object with one member for each.
    pub fn organizations(&self) -> Vec<Cow<'_, str>> {
        let Some(json) = self.fields.organization.map(|span| span.of(&self.payload)) else {
            return Vec::new();
        };
        let mut aliases = Vec::new();
        if lists::members(json, |alias, _details| aliases.push(alias)) { aliases } else { lists::names(json) }
    }

    /// When it was issued (`iat`).
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.fields.iat.map(moment)
    }

    /// When it ends (`exp`).
    pub fn expires_at(&self) -> SystemTime {
        moment(self.fields.exp.unwrap_or(0))
    }

    /// When the user logged in (`auth_time`).
    pub fn authenticated_at(&self) -> Option<SystemTime> {
        self.fields.auth_time.map(moment)
    }

    /// All claims as a type of the caller's, for those that have no method here.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if they are not of that shape.
    pub fn claims<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(&self.payload).map_err(|error| {
            Error::new(ErrorKind::Decode, "read claims").with_code("unreadable_claims").with_help(format!(
                "they are not of the shape that was asked for (column {})",
                error.column()
            ))
        })
    }

    pub(super) fn read(payload: String, platform: &str, algorithm: Algorithm) -> Result<Self, Refusal> {
        let payload = payload.into_boxed_str();
        let fields = Fields::read(&payload, platform)?;
        Ok(Self { payload, fields, algorithm })
    }

    pub(super) fn text<'a>(&'a self, text: Option<&'a Text>) -> Option<&'a str> {
        text.map(|text| text.of(&self.payload))
    }

    pub(super) fn is_for(&self, audience: &str) -> bool {
        self.fields.aud.is_some_and(|aud| lists::holds(aud.of(&self.payload), audience))
    }

    /// The JSON of `cnf`.
    pub(super) fn confirmation(&self) -> Option<&str> {
        self.fields.cnf.map(|cnf| cnf.of(&self.payload))
    }

    /// The JSON of `events`.
    pub(super) fn events(&self) -> Option<&str> {
        self.fields.events.map(|events| events.of(&self.payload))
    }

    fn realm_access(&self) -> Option<&str> {
        lists::roles(self.fields.realm_access?.of(&self.payload))
    }

    fn client_access(&self, client: &str) -> Option<&str> {
        lists::roles(lists::member(self.fields.resource_access?.of(&self.payload), client)?)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("subject", &self.subject())
            .field("client_id", &self.client_id())
            .field("expires_at", &self.fields.exp)
            .finish_non_exhaustive()
    }
}

/// Seconds since 1970 as a time; one that no clock can show is the nearest end of 1970.
fn moment(seconds: i64) -> SystemTime {
    let epoch = SystemTime::UNIX_EPOCH;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
    time.unwrap_or(epoch)
}
