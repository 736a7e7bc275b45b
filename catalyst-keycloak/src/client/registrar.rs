//! What can be done with registrations, behind traits, so that applications test without a server.

use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use catalyst_core::{Result, Secret};

use crate::{ClientId, ClientSpec, Owner};

/// Makes clients exist. Object-safe; every implementation passes the same contract.
#[async_trait]
pub trait ClientRegistrar: fmt::Debug + Send + Sync + 'static {
    /// Makes the realm agree with `spec`: creates the client, adopts the one that we own, or changes only what
    /// differs. Safe to repeat, from several processes at once, and after a call whose outcome is unknown.
    ///
    /// What the spec does not speak of is kept. A secret is never part of an update.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) with code `not_owned` if the client belongs to somebody
    /// else, `duplicate_subject` if another client has the federated subject;
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the spec contradicts itself;
    /// [`ErrorKind::PermissionDenied`](crate::ErrorKind::PermissionDenied) naming the role to grant.
    ///
    /// # Cancel safety
    /// Each write stands alone; a dropped call is finished by the next one.
    async fn ensure(&self, spec: &ClientSpec) -> Result<Registration>;

    /// What is registered under `id`, if anything.
    ///
    /// # Errors
    /// Those of the server.
    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>>;

    /// Lets the client log in, or stops it, without forgetting it. A disabled client's tokens end with their time.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound); `not_owned` as for [`ensure`](Self::ensure).
    async fn set_enabled(&self, id: &ClientId, owner: &Owner, enabled: bool) -> Result<()>;

    /// Removes the client if `owner` owns it; one that is not there is a success. Returns whether it was there.
    ///
    /// # Errors
    /// `not_owned` as for [`ensure`](Self::ensure).
    async fn remove(&self, id: &ClientId, owner: &Owner) -> Result<bool>;
}

/// The secrets of clients, and the overlap in which two of them work.
#[async_trait]
pub trait ClientSecrets: fmt::Debug + Send + Sync + 'static {
    /// The secret that is in force, and the one that it replaced while that still works.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such client;
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) with code `no_secret` if it has none.
    async fn secrets(&self, id: &ClientId) -> Result<SecretPair>;

    /// Makes a new secret. Under a rotation policy the one in force becomes the rotated one and works on; a rotated
    /// one ends. **Not repeatable**: a second call ends the secret that applications hold.
    ///
    /// # Errors
    /// As above. After an error with [`outcome_unknown`](crate::Error::outcome_unknown), ask
    /// [`secrets`](Self::secrets) what is true.
    async fn regenerate(&self, id: &ClientId) -> Result<Secret>;

    /// Ends the rotated secret now. None there is a success. Returns whether there was one.
    ///
    /// # Errors
    /// As above.
    async fn end_rotated(&self, id: &ClientId) -> Result<bool>;

    /// Whether `secret` authenticates the client now.
    ///
    /// # Errors
    /// Those of the server; a refusal of the secret is `Ok(false)`.
    async fn accepts(&self, id: &ClientId, secret: &Secret) -> Result<bool>;

    /// Whether a rotation policy keeps the old secret valid beside the new one.
    ///
    /// # Errors
    /// Those of the server.
    async fn overlaps(&self, id: &ClientId) -> Result<bool>;
}

/// What [`ClientRegistrar::ensure`] found and did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Registration {
    /// Created, updated or as it was.
    pub outcome: Outcome,
    /// What differed, in words: the drift of a client that was edited by hand. Never holds a secret.
    pub changes: Vec<String>,
    /// Requests that read.
    pub reads: u32,
    /// Requests that wrote.
    pub writes: u32,
    /// The secret, if the client has one and the registrar may read it.
    pub secret: Option<Secret>,
}

/// What became of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It was there and differed.
    Updated,
    /// It was as declared.
    Unchanged,
}

/// What is registered, as far as it matters to others.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// Its identifier.
    pub id: ClientId,
    /// Who it belongs to; `None` if it was not made by the SDK.
    pub owner: Option<Owner>,
    /// The name that users see.
    pub name: Option<String>,
    /// Whether it may log in.
    pub enabled: bool,
    /// Where logins may return to, as registered.
    pub redirect_uris: Vec<String>,
}

/// The secrets of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecretPair {
    /// The one in force.
    pub current: Secret,
    /// When it was made, as far as the realm records it.
    pub created_at: Option<SystemTime>,
    /// When it ends by the realm's policy; after that the client cannot log in with it.
    pub expires_at: Option<SystemTime>,
    /// The one before, while it works.
    pub rotated: Option<Secret>,
    /// When the one before ends by itself.
    pub rotated_expires_at: Option<SystemTime>,
}

impl SecretPair {
    /// One secret, of which nothing more is known.
    pub fn new(current: Secret) -> Self {
        Self { current, created_at: None, expires_at: None, rotated: None, rotated_expires_at: None }
    }
}
