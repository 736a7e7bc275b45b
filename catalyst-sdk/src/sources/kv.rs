//! One value of a secret in OpenBao, which somebody else replaces.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use catalyst_openbao::{SecretData, SecretPath, SecretStore};

use super::stored::{Look, Nudge, Seen, Stored, StoredSource, stored_source};
use crate::rotation::{Backing, Granted, Source, Term};

/// Follows one value of a secret of KV version 2: an API key, a password that people set. A new version whose value
/// differs is in use at the latest after the poll interval; while OpenBao cannot be reached, the last one serves.
///
/// ```no_run
/// use std::sync::Arc;
/// use catalyst_openbao::SecretStore;
/// use catalyst_sdk::rotation::{self, Policy};
/// use catalyst_sdk::sources::KvSecret;
///
/// # async fn example(store: Arc<dyn SecretStore>) -> catalyst_sdk::Result<()> {
/// let source = KvSecret::new(store, "sovereign/powerdns".parse()?, "api-key");
/// let key = rotation::start(source, Policy::default()).await?;
/// println!("{:?}", *key.current()); // Secret([redacted])
/// # Ok(())
/// # }
/// ```
pub struct KvSecret(StoredSource<Follow<OneValue>>);

impl KvSecret {
    /// The value called `name` of the secret at `path`, looked at every minute.
    pub fn new(store: Arc<dyn SecretStore>, path: SecretPath, name: &str) -> Self {
        Self::polled(store, path, name, POLL)
    }

    /// The same, looked at every `interval`, at least every second.
    pub fn polled(store: Arc<dyn SecretStore>, path: SecretPath, name: &str, interval: Duration) -> Self {
        let place = format!("{path}#{name}");
        let value = Follow { store, path, read: OneValue(name.to_owned()), place };
        Self(StoredSource::new(value, interval).poll(interval))
    }

    /// What has the value looked at now, for whoever hears of a change.
    pub fn nudge(&self) -> Nudge {
        self.0.nudge()
    }
}

stored_source!(KvSecret, Secret);

/// How often a secret is looked at where nobody says otherwise.
pub(super) const POLL: Duration = Duration::from_secs(60);

/// What is read out of a secret.
pub(super) trait Read: Send + Sync + 'static {
    type Value: Clone + Send + Sync + 'static;

    /// The value, or the name of what is missing or empty.
    fn read<'a>(&'a self, data: &SecretData) -> Result<Seen<Self::Value>, &'a str>;
}

/// A secret of KV version 2 that is followed.
pub(super) struct Follow<R> {
    store: Arc<dyn SecretStore>,
    path: SecretPath,
    read: R,
    place: String,
}

impl<R> Follow<R> {
    pub(super) fn new(store: Arc<dyn SecretStore>, path: SecretPath, read: R) -> Self {
        let place = path.to_string();
        Self { store, path, read, place }
    }
}

impl<R: Read> Look for Follow<R> {
    type Value = R::Value;

    fn name(&self) -> &str {
        &self.place
    }

    async fn look(&self) -> Result<Seen<R::Value>> {
        let found = self.store.read(&self.path, None).await?;
        let mut seen = self.read.read(&found.data).map_err(|missing| {
            Error::new(ErrorKind::NotFound, "read a value of a secret")
                .with_target(&*self.place)
                .with_code("value_not_found")
                .with_help(format!("the secret is there and has no value `{missing}`, or an empty one"))
        })?;
        if seen.label.is_empty() {
            seen.label = format!("version {}", found.metadata.version);
        }
        Ok(seen)
    }
}

/// The value called `name`, if it is there and not empty.
pub(super) fn value<'a>(data: &SecretData, name: &'a str) -> Result<Secret, &'a str> {
    data.get(name).filter(|value| !value.is_empty()).cloned().ok_or(name)
}

struct OneValue(String);

impl Read for OneValue {
    type Value = Secret;

    fn read<'a>(&'a self, data: &SecretData) -> Result<Seen<Secret>, &'a str> {
        let value = value(data, &self.0)?;
        Ok(Seen { material: value.clone(), value, label: String::new() })
    }
}

#[cfg(all(test, feature = "mock"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::rotation::{self, Policy};
    use catalyst_openbao::WriteMode;
    use catalyst_openbao::mock::MockOpenBao;

    async fn write(store: &dyn SecretStore, value: &str) {
        let mut data = SecretData::new();
        data.insert("api-key", value);
        store.write(&"sovereign/powerdns".parse().unwrap(), &data, WriteMode::Overwrite).await.unwrap();
    }

    fn source(store: &Arc<dyn SecretStore>) -> KvSecret {
        let path = "sovereign/powerdns".parse().unwrap();
        KvSecret::polled(Arc::clone(store), path, "api-key", Duration::from_secs(10))
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_version_is_in_use_after_the_poll_interval_and_the_same_value_changes_nothing() {
        let store: Arc<dyn SecretStore> = Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()));
        write(&*store, "first").await;
        let key = rotation::start(source(&store), Policy::default()).await.unwrap();
        assert_eq!(key.current().expose(), "first");
        let generation = key.generation();

        write(&*store, "first").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(key.generation(), generation);

        let mut updates = key.updates();
        write(&*store, "second").await;
        tokio::time::timeout(Duration::from_secs(15), updates.changed()).await.unwrap();
        assert_eq!(key.current().expose(), "second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_is_not_there_is_told_from_a_secret_that_is_not() {
        let store: Arc<dyn SecretStore> = Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()));
        let error = rotation::start(source(&store), Policy::default()).await.unwrap_err();
        assert_eq!(error.code(), Some("secret_not_found"));
        write(&*store, "").await;
        let error = rotation::start(source(&store), Policy::default()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.target()),
            (Some("value_not_found"), Some("sovereign/powerdns#api-key"))
        );
    }
}
