//! KV version 2: one mount's secrets, with every rule that was measured on the server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::Refusal;
use crate::SecretData;

/// A version that is read: its data unless it was deleted or destroyed, and what is known about it.
pub(crate) struct VersionView {
    pub(crate) number: u64,
    pub(crate) data: Option<SecretData>,
    pub(crate) created: Instant,
    pub(crate) deletion: Option<Instant>,
    pub(crate) destroyed: bool,
    pub(crate) custom: Option<BTreeMap<String, String>>,
}

/// What became of a patch.
pub(crate) enum Patched {
    /// The new version.
    Written(VersionView),
    /// The current version was deleted or destroyed; the server answers 404 with what is known about it.
    Gone(VersionView),
}

/// A change of a secret's settings; what is none stays as it is.
#[derive(Clone, Default)]
pub(crate) struct MetadataChange {
    pub(crate) max_versions: Option<u32>,
    pub(crate) cas_required: Option<bool>,
    pub(crate) delete_version_after: Option<Duration>,
    pub(crate) custom: Option<CustomChange>,
}

/// A change of the custom metadata.
#[derive(Clone)]
pub(crate) enum CustomChange {
    /// Put these in the place of all.
    Replace(BTreeMap<String, String>),
    /// Set these, and take away those without a value.
    Merge(BTreeMap<String, Option<String>>),
}

#[derive(Clone, Default)]
pub(super) struct KvMount {
    secrets: BTreeMap<String, KvSecret>,
}

#[derive(Clone)]
pub(crate) struct KvSecret {
    pub(crate) versions: BTreeMap<u64, KvVersion>,
    pub(crate) current: u64,
    pub(crate) oldest: u64,
    pub(crate) created: Instant,
    pub(crate) updated: Instant,
    pub(crate) metadata_version: u64,
    pub(crate) max_versions: u32,
    pub(crate) cas_required: bool,
    pub(crate) delete_version_after: Duration,
    pub(crate) custom: Option<BTreeMap<String, String>>,
}

#[derive(Clone)]
pub(crate) struct KvVersion {
    data: SecretData,
    pub(crate) created: Instant,
    pub(crate) deletion: Option<Instant>,
    pub(crate) destroyed: bool,
}

/// How many versions are kept where nothing is set.
const DEFAULT_MAX_VERSIONS: u64 = 10;

impl KvMount {
    pub(super) fn contains(&self, path: &str) -> bool {
        self.secrets.contains_key(path)
    }

    /// Reads `version`, or the current one.
    pub(super) fn read(
        &self,
        path: &str,
        version: Option<u64>,
        now: Instant,
    ) -> Result<VersionView, Refusal> {
        let secret = self.secrets.get(path).ok_or_else(Refusal::nothing_there)?;
        let number = version.unwrap_or(secret.current);
        let found = secret.versions.get(&number).ok_or_else(Refusal::nothing_there)?;
        Ok(secret.view(number, found, now))
    }

    pub(super) fn write(
        &mut self,
        path: &str,
        data: SecretData,
        cas: Option<i64>,
        now: Instant,
    ) -> Result<VersionView, Refusal> {
        let current = self.secrets.get(path).map_or(0, |secret| secret.current);
        let cas_required = self.secrets.get(path).is_some_and(|secret| secret.cas_required);
        check(cas, current, cas_required)?;
        let secret = self.secrets.entry(path.to_owned()).or_insert_with(|| KvSecret::new(now));
        Ok(secret.push(data, now))
    }

    /// Merges `change` into the current version (RFC 7396) and writes the result as a new one.
    pub(super) fn patch(
        &mut self,
        path: &str,
        change: &SecretData,
        cas: Option<i64>,
        now: Instant,
    ) -> Result<Patched, Refusal> {
        let secret = self.secrets.get_mut(path).ok_or_else(|| Refusal::silent(404))?;
        check(cas, secret.current, secret.cas_required)?;
        let found = secret.versions.get(&secret.current).ok_or_else(|| Refusal::silent(404))?;
        let view = secret.view(secret.current, found, now);
        Ok(match view.data.clone() {
            None => Patched::Gone(view),
            Some(mut data) => {
                data.merge(change);
                Patched::Written(secret.push(data, now))
            }
        })
    }

    /// The keys directly under `prefix`; those that lead further end in `/`.
    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, Refusal> {
        let prefix =
            if prefix.is_empty() { String::new() } else { format!("{}/", prefix.trim_end_matches('/')) };
        let keys: BTreeSet<String> = self
            .secrets
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(|rest| rest.find('/').map_or(rest, |at| &rest[..=at]).to_owned())
            .collect();
        if keys.is_empty() { Err(Refusal::nothing_there()) } else { Ok(keys.into_iter().collect()) }
    }

    /// A page of the keys directly under `prefix`, with what is known of those that are secrets.
    pub(super) fn list_detailed(
        &self,
        prefix: &str,
        after: &str,
        limit: Option<usize>,
    ) -> Result<Vec<(String, Option<KvSecret>)>, Refusal> {
        let keys = self.list(prefix)?.into_iter().filter(|key| key.as_str() > after);
        let full = |key: &str| match prefix.trim_end_matches('/') {
            "" => key.to_owned(),
            prefix => format!("{prefix}/{key}"),
        };
        let page = keys.take(limit.unwrap_or(usize::MAX)).map(|key| {
            let secret = self.secrets.get(&full(&key)).cloned();
            (key, secret)
        });
        let page: Vec<_> = page.collect();
        if page.is_empty() { Err(Refusal::nothing_there()) } else { Ok(page) }
    }

    /// Deletes `versions`; none of them means the current one. What is not there is no error.
    pub(super) fn delete(&mut self, path: &str, versions: &[u64], now: Instant) {
        let Some(secret) = self.secrets.get_mut(path) else { return };
        let current = [secret.current];
        for number in if versions.is_empty() { &current } else { versions } {
            if let Some(version) = secret.versions.get_mut(number)
                && !version.destroyed
                && !version.is_deleted(now)
            {
                version.deletion = Some(now);
            }
        }
    }

    pub(super) fn undelete(&mut self, path: &str, versions: &[u64]) {
        let Some(secret) = self.secrets.get_mut(path) else { return };
        for number in versions {
            if let Some(version) = secret.versions.get_mut(number)
                && !version.destroyed
            {
                version.deletion = None;
            }
        }
    }

    pub(super) fn destroy(&mut self, path: &str, versions: &[u64]) {
        let Some(secret) = self.secrets.get_mut(path) else { return };
        for number in versions {
            if let Some(version) = secret.versions.get_mut(number) {
                version.destroyed = true;
                version.data = SecretData::new();
            }
        }
    }

    pub(super) fn metadata(&self, path: &str) -> Result<KvSecret, Refusal> {
        self.secrets.get(path).cloned().ok_or_else(Refusal::nothing_there)
    }

    pub(super) fn write_metadata(
        &mut self,
        path: &str,
        change: MetadataChange,
        now: Instant,
    ) -> Result<(), Refusal> {
        if let Some(CustomChange::Replace(custom)) = &change.custom {
            check_custom(custom)?;
        }
        self.secrets.entry(path.to_owned()).or_insert_with(|| KvSecret::new(now)).set(change, now);
        Ok(())
    }

    pub(super) fn patch_metadata(
        &mut self,
        path: &str,
        change: MetadataChange,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.secrets.get_mut(path).ok_or_else(|| Refusal::silent(404))?.set(change, now);
        Ok(())
    }

    pub(super) fn delete_metadata(&mut self, path: &str) {
        self.secrets.remove(path);
    }
}

impl KvSecret {
    fn new(now: Instant) -> Self {
        Self {
            versions: BTreeMap::new(),
            current: 0,
            oldest: 0,
            created: now,
            updated: now,
            metadata_version: 0,
            max_versions: 0,
            cas_required: false,
            delete_version_after: Duration::ZERO,
            custom: None,
        }
    }

    fn push(&mut self, data: SecretData, now: Instant) -> VersionView {
        self.current += 1;
        self.updated = now;
        let after = self.delete_version_after;
        let deletion = (!after.is_zero()).then(|| now + after);
        let version = KvVersion { data, created: now, deletion, destroyed: false };
        let view = self.view(self.current, &version, now);
        self.versions.insert(self.current, version);
        let keep = if self.max_versions == 0 { DEFAULT_MAX_VERSIONS } else { u64::from(self.max_versions) };
        if self.current > keep {
            self.oldest = self.current - keep + 1;
            self.versions = self.versions.split_off(&self.oldest);
        }
        view
    }

    fn view(&self, number: u64, version: &KvVersion, now: Instant) -> VersionView {
        VersionView {
            number,
            data: (!version.destroyed && !version.is_deleted(now)).then(|| version.data.clone()),
            created: version.created,
            deletion: version.deletion,
            destroyed: version.destroyed,
            custom: self.custom.clone(),
        }
    }

    fn set(&mut self, change: MetadataChange, now: Instant) {
        self.metadata_version += 1;
        self.updated = now;
        self.max_versions = change.max_versions.unwrap_or(self.max_versions);
        self.cas_required = change.cas_required.unwrap_or(self.cas_required);
        self.delete_version_after = change.delete_version_after.unwrap_or(self.delete_version_after);
        match change.custom {
            None => {}
            Some(CustomChange::Replace(custom)) => self.custom = Some(custom),
            Some(CustomChange::Merge(changes)) => {
                let custom = self.custom.get_or_insert_default();
                for (key, value) in changes {
                    match value {
                        Some(value) => drop(custom.insert(key, value)),
                        None => drop(custom.remove(&key)),
                    }
                }
            }
        }
    }
}

impl KvVersion {
    fn is_deleted(&self, now: Instant) -> bool {
        self.deletion.is_some_and(|at| at <= now)
    }
}

fn check(cas: Option<i64>, current: u64, required: bool) -> Result<(), Refusal> {
    match cas {
        None if required => Err(Refusal::bad_request("check-and-set parameter required for this call")),
        Some(cas) if u64::try_from(cas) != Ok(current) => {
            Err(Refusal::bad_request("check-and-set parameter did not match the current version"))
        }
        _ => Ok(()),
    }
}

fn check_custom(custom: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let refuse =
        |text: String| Err(Refusal::listed(400, &format!("custom_metadata validation failed: {text}")));
    if custom.len() > 64 {
        return refuse(format!("payload must contain at most 64 keys, provided {}", custom.len()));
    }
    for (key, value) in custom {
        if key.is_empty() || key.len() > 128 {
            return refuse(format!(
                "length of key \"{key}\" is {} but must be 0 < len(key) <= 128",
                key.len()
            ));
        }
        if value.is_empty() || value.len() > 512 {
            let length = value.len();
            return refuse(format!(
                "length of value for key \"{key}\" is {length} but must be 0 < len(value) <= 512"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_go_when_the_maximum_is_reached() {
        let (mut mount, now) = (KvMount::default(), Instant::now());
        let change = MetadataChange { max_versions: Some(2), ..MetadataChange::default() };
        mount.write_metadata("m", change, now).unwrap();
        for _ in 0..4 {
            mount.write("m", SecretData::from([("i", "x")]), None, now).unwrap();
        }
        let secret = mount.metadata("m").unwrap();
        assert_eq!(secret.versions.keys().copied().collect::<Vec<_>>(), [3, 4]);
        assert_eq!((secret.oldest, secret.current), (3, 4));
        assert_eq!(mount.read("m", Some(1), now).err(), Some(Refusal::nothing_there()));
    }

    #[test]
    fn a_version_ends_at_its_deletion_time() {
        let (mut mount, now) = (KvMount::default(), Instant::now());
        let change = MetadataChange {
            delete_version_after: Some(Duration::from_secs(3)),
            ..MetadataChange::default()
        };
        mount.write_metadata("m", change, now).unwrap();
        mount.write("m", SecretData::from([("i", "1")]), None, now).unwrap();
        assert!(mount.read("m", None, now + Duration::from_secs(2)).unwrap().data.is_some());
        assert!(mount.read("m", None, now + Duration::from_secs(3)).unwrap().data.is_none());
    }
}
