//! One value of a secret in OpenBao, which somebody else replaces.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result, Secret};
use catalyst_openbao::{SecretPath, SecretStore};

use super::stored::{Look, Seen, Stored, StoredSource};
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
pub struct KvSecret(StoredSource<Follow>);

impl KvSecret {
    /// The value called `name` of the secret at `path`, looked at every minute.
    pub fn new(store: Arc<dyn SecretStore>, path: SecretPath, name: &str) -> Self {
        Self::polled(store, path, name, Duration::from_secs(60))
    }

    /// The same, looked at every `interval`, at least every second.
    pub fn polled(store: Arc<dyn SecretStore>, path: SecretPath, name: &str, interval: Duration) -> Self {
        let place = format!("{path}#{name}");
        let value = Follow { store, path, value: name.to_owned(), place };
        Self(StoredSource::new(value, interval.max(Duration::from_secs(1))))
    }
}

struct Follow {
    store: Arc<dyn SecretStore>,
    path: SecretPath,
    value: String,
    place: String,
}

impl Look for Follow {
    type Value = Secret;

    fn name(&self) -> &str {
        &self.place
    }

    async fn look(&self) -> Result<Seen<Secret>> {
        let found = self.store.read(&self.path, None).await?;
        let value = found.data.get(&self.value).filter(|value| !value.is_empty()).cloned();
        let value = value.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "read a value of a secret")
                .with_target(&*self.place)
                .with_code("value_not_found")
                .with_help("the secret is there and has no such value, or an empty one")
        })?;
        let label = format!("version {}", found.metadata.version);
        Ok(Seen { material: value.clone(), value, label })
    }
}

impl Source for KvSecret {
    type Value = Secret;
    type Grant = Arc<Stored<Secret>>;

    fn name(&self) -> &str {
        self.0.name()
    }

    async fn issue(&self) -> Result<Granted<Self::Grant>> {
        self.0.issue().await
    }

    async fn prepare(
        &self,
        grant: &Self::Grant,
        previous: Option<&Secret>,
        within: Duration,
    ) -> Result<Secret> {
        self.0.prepare(grant, previous, within).await
    }

    async fn renew(&self, grant: &Self::Grant) -> Result<Term> {
        self.0.renew(grant).await
    }

    async fn idle(&self, value: &Secret) {
        self.0.idle(value).await;
    }

    fn end(&self, value: &Secret, why: &Error) {
        self.0.end(value, why);
    }

    async fn revoke(&self, grant: &Self::Grant) -> Result<()> {
        self.0.revoke(grant).await
    }

    fn backing(&self, grant: &Self::Grant) -> Backing {
        self.0.backing(grant)
    }

    async fn backing_changed(&self, grant: &Self::Grant, seen: Backing) {
        self.0.backing_changed(grant, seen).await;
    }
}

impl std::fmt::Debug for KvSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KvSecret").field(&self.0.name()).finish()
    }
}

#[cfg(all(test, feature = "mock"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::rotation::{self, Policy};
    use catalyst_openbao::mock::MockOpenBao;
    use catalyst_openbao::{SecretData, WriteMode};

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
