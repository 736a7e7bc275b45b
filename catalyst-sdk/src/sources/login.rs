//! A user and its password in OpenBao, which somebody else replaces.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Error, Result, Secret};
use catalyst_openbao::{Credentials, SecretData, SecretPath, SecretStore};

use super::fields::{PASSWORD, USERNAME};
use super::kv::{Follow, POLL, Read, value};
use super::stored::{Nudge, Seen, Stored, StoredSource, stored_source};
use crate::rotation::{Backing, Granted, Source, Term};

/// Follows the user of a database that OpenBao has no plugin for: [`USERNAME`] and [`PASSWORD`] of one secret of KV
/// version 2. A version with others is in use at the latest after the poll interval; while OpenBao cannot be reached,
/// the last one serves.
///
/// The swap has no gap when the database has two users for the service, of which the secret names one at a time:
/// whoever replaces the secret leaves the user that it named before alone for a while. Those who still use that one may
/// take as long as [`Policy::drain_limit`](crate::rotation::Policy::drain_limit) says, which should not be longer.
///
/// ```no_run
/// use std::sync::Arc;
/// use std::time::Duration;
/// use catalyst_openbao::SecretStore;
/// use catalyst_sdk::rotation::{self, Policy};
/// use catalyst_sdk::sources::KvLogin;
///
/// # async fn example(store: Arc<dyn SecretStore>) -> catalyst_sdk::Result<()> {
/// let source = KvLogin::new(store, "databases/events".parse()?).poll(Duration::from_secs(30));
/// let user = rotation::start(source, Policy::default()).await?;
/// println!("connect as {}", user.current().username);
/// # Ok(())
/// # }
/// ```
pub struct KvLogin(StoredSource<Follow<Login>>);

impl KvLogin {
    /// The user in the secret at `path`, looked at every minute.
    pub fn new(store: Arc<dyn SecretStore>, path: SecretPath) -> Self {
        Self(StoredSource::new(Follow::new(store, path, Login), POLL))
    }

    /// Looks every `interval`, at least every second, give or take a tenth.
    #[must_use]
    pub fn poll(self, interval: Duration) -> Self {
        Self(self.0.poll(interval))
    }

    /// What has the secret looked at now, for whoever hears of a change.
    pub fn nudge(&self) -> Nudge {
        self.0.nudge()
    }
}

stored_source!(KvLogin, Credentials);

struct Login;

impl Read for Login {
    type Value = Credentials;

    fn read<'a>(&'a self, data: &SecretData) -> Result<Seen<Credentials>, &'a str> {
        let (username, password) = (value(data, USERNAME)?, value(data, PASSWORD)?);
        let label = username.expose().to_owned();
        Ok(Seen {
            material: together(&[&username, &password]),
            value: Credentials::new(label.clone(), password),
            label,
        })
    }
}

/// Several values as one, to tell them from others.
pub(super) fn together(parts: &[&Secret]) -> Secret {
    // Made to measure, so that no copy is left behind; with the lengths, so that no two differ only in where they
    // are cut.
    let lengths: Vec<_> = parts.iter().map(|part| format!("{} ", part.expose().len())).collect();
    let size = lengths.iter().map(String::len).sum::<usize>()
        + parts.iter().map(|part| part.expose().len()).sum::<usize>();
    let mut text = String::with_capacity(size);
    for (length, part) in lengths.iter().zip(parts) {
        text.push_str(length);
        text.push_str(part.expose());
    }
    Secret::from(text)
}

#[cfg(all(test, feature = "mock"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use crate::rotation::{self, Policy};
    use catalyst_openbao::WriteMode;
    use catalyst_openbao::mock::MockOpenBao;

    fn store() -> Arc<dyn SecretStore> {
        Arc::new(MockOpenBao::new().kv("secret".parse().unwrap()))
    }

    async fn write(store: &dyn SecretStore, username: &str, password: &str) {
        let data = SecretData::from_iter([(USERNAME, username), (PASSWORD, password)]);
        store.write(&"db".parse().unwrap(), &data, WriteMode::Overwrite).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_user_before_is_left_to_those_who_use_it_for_a_while() {
        let store = store();
        write(&*store, "blue", "1").await;
        let source = KvLogin::new(Arc::clone(&store), "db".parse().unwrap());
        let policy = Policy::default().drain_limit(Duration::from_secs(100));
        let user = rotation::start(source, policy).await.unwrap();
        let in_use = user.checkout();
        let mut updates = user.updates();
        write(&*store, "green", "2").await;
        updates.changed().await.unwrap();
        assert_eq!((user.current().username.as_str(), in_use.username.as_str()), ("green", "blue"));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(in_use.end().is_none());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(in_use.end().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_nudge_is_a_look_at_once() {
        let store = store();
        write(&*store, "blue", "1").await;
        let source = KvLogin::new(Arc::clone(&store), "db".parse().unwrap()).poll(Duration::from_secs(3600));
        let nudge = source.nudge();
        let user = rotation::start(source, Policy::default()).await.unwrap();
        let mut updates = user.updates();
        write(&*store, "blue", "2").await;
        nudge.look_now();
        tokio::time::timeout(Duration::from_secs(1), updates.changed()).await.unwrap();
        assert_eq!(user.current().password.expose(), "2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_without_a_password_is_refused_by_the_name_of_what_is_missing() {
        let store = store();
        write(&*store, "blue", "").await;
        let source = KvLogin::new(store, "db".parse().unwrap());
        let error = rotation::start(source, Policy::default()).await.unwrap_err();
        assert_eq!(error.code(), Some("value_not_found"));
        assert!(error.to_string().contains("`password`"), "{error}");
    }

    #[test]
    fn values_that_are_cut_elsewhere_are_others() {
        let together = |parts: [&'static str; 2]| super::together(&parts.map(Secret::new).each_ref());
        assert_ne!(together(["ab", "c"]), together(["a", "bc"]));
        assert_eq!(together(["ab", "c"]), together(["ab", "c"]));
    }
}
