//! Secrets with versions.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::Result;

use crate::{SecretData, SecretPath};

/// A store of versioned secrets: KV version 2 at one mount.
///
/// Reads are repeated after passing faults. Writes are not once their outcome is unknown: each makes a version, and
/// with a check a repetition would fail on the first one's success. In a cluster whose lead changed under a write, the
/// new leader knows whether it was made; if it was not, it is made now.
///
/// Errors common to all: codes `permission_denied`, `unknown_mount`, `sealed`, `rate_limited` and the others of the
/// crate.
///
/// # Cancel safety
/// A dropped read changes nothing. A dropped write may or may not have happened.
#[async_trait]
pub trait SecretStore: fmt::Debug + Send + Sync + 'static {
    /// The newest version, or the one given.
    ///
    /// # Errors
    /// Codes `secret_not_found`; `version_deleted` (can be undeleted) and `version_destroyed` (cannot).
    async fn read(&self, path: &SecretPath, version: Option<u64>) -> Result<Versioned>;

    /// Writes a new version with exactly these values.
    ///
    /// # Errors
    /// Code `cas_mismatch` if `mode` names another version than the newest; `cas_required` if the store demands a
    /// mode other than [`WriteMode::Overwrite`].
    async fn write(&self, path: &SecretPath, data: &SecretData, mode: WriteMode) -> Result<VersionMetadata>;

    /// Writes a new version that differs from the newest by a JSON merge patch (RFC 7396): a JSON `null` removes a
    /// name.
    ///
    /// # Errors
    /// Codes `secret_not_found` (also when the newest version is deleted) and `cas_mismatch`.
    async fn patch(
        &self,
        path: &SecretPath,
        data: &SecretData,
        if_version: Option<u64>,
    ) -> Result<VersionMetadata>;

    /// The names directly below `prefix`, or below the mount; folders end in `/`. Nothing there is an empty list.
    async fn list(&self, prefix: Option<&SecretPath>) -> Result<Vec<String>>;

    /// Deletes versions so that they can be undeleted; no versions means the newest. What is not there is a success.
    async fn delete(&self, path: &SecretPath, versions: &[u64]) -> Result<()>;

    /// Brings deleted versions back. What is not there, or destroyed, is passed over.
    async fn undelete(&self, path: &SecretPath, versions: &[u64]) -> Result<()>;

    /// Removes the values of versions for ever.
    async fn destroy(&self, path: &SecretPath, versions: &[u64]) -> Result<()>;

    /// What is known of a secret and all its versions, without their values.
    ///
    /// # Errors
    /// Code `secret_not_found`.
    async fn metadata(&self, path: &SecretPath) -> Result<SecretMetadata>;

    /// Changes settings of a secret, which it creates if need be; what `update` does not name stays.
    async fn write_metadata(&self, path: &SecretPath, update: &MetadataUpdate) -> Result<()>;

    /// Removes a secret with all versions for ever. What is not there is a success.
    async fn delete_metadata(&self, path: &SecretPath) -> Result<()>;
}

/// One version of a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Versioned {
    /// Its values.
    pub data: SecretData,
    /// What is known of it.
    pub metadata: VersionMetadata,
}

impl Versioned {
    /// A version with its values.
    pub fn new(data: SecretData, metadata: VersionMetadata) -> Self {
        Self { data, metadata }
    }
}

/// What is known of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionMetadata {
    /// Its number; the first is 1.
    pub version: u64,
    /// When it was written, by the server's clock.
    pub created_at: SystemTime,
    /// When it was, or will be, deleted.
    pub deleted_at: Option<SystemTime>,
    /// Whether its values are gone for ever.
    pub destroyed: bool,
    /// The secret's own notes; empty in [`SecretMetadata::versions`].
    pub custom: BTreeMap<String, String>,
}

impl VersionMetadata {
    /// A version that is neither deleted nor destroyed.
    pub fn new(version: u64, created_at: SystemTime) -> Self {
        Self { version, created_at, deleted_at: None, destroyed: false, custom: BTreeMap::new() }
    }
}

/// When a write is to happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteMode {
    /// Whatever is there.
    #[default]
    Overwrite,
    /// Only if there is no version.
    CreateOnly,
    /// Only if the newest version is this one.
    IfVersion(u64),
}

/// What is known of a secret and its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretMetadata {
    /// When its first version was written.
    pub created_at: SystemTime,
    /// When anything of it last changed.
    pub updated_at: SystemTime,
    /// The newest version; zero if there is none.
    pub current_version: u64,
    /// The oldest version that is kept; zero before any was dropped.
    pub oldest_version: u64,
    /// How many versions are kept; zero means what the mount says.
    pub max_versions: u64,
    /// Whether each write must name the version it replaces.
    pub cas_required: bool,
    /// Versions are deleted after this time; zero means never.
    pub delete_version_after: Duration,
    /// The secret's own notes.
    pub custom: BTreeMap<String, String>,
    /// All versions that are kept.
    pub versions: BTreeMap<u64, VersionMetadata>,
}

/// Settings of a secret to change; those not named stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataUpdate {
    /// How many versions are kept; zero means what the mount says.
    pub max_versions: Option<u64>,
    /// Whether each write must name the version it replaces.
    pub cas_required: Option<bool>,
    /// Versions are deleted after this time; zero means never. Whole seconds.
    pub delete_version_after: Option<Duration>,
    /// The secret's own notes; replaces all of them. Not secret.
    pub custom: Option<BTreeMap<String, String>>,
}

impl MetadataUpdate {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps so many versions.
    #[must_use]
    pub fn max_versions(mut self, count: u64) -> Self {
        self.max_versions = Some(count);
        self
    }

    /// Demands that each write names the version it replaces, or no longer does.
    #[must_use]
    pub fn cas_required(mut self, required: bool) -> Self {
        self.cas_required = Some(required);
        self
    }

    /// Deletes versions after this time.
    #[must_use]
    pub fn delete_version_after(mut self, age: Duration) -> Self {
        self.delete_version_after = Some(age);
        self
    }

    /// Replaces the secret's own notes.
    #[must_use]
    pub fn custom<N: Into<String>, V: Into<String>>(
        mut self,
        notes: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.custom = Some(notes.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }
}
