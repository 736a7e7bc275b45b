//! Who may log in.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use catalyst_core::Secret;
use catalyst_openbao::mock::Model;

/// The users of the server, asked anew at each login and before each table is read.
///
/// Calls come from the sessions' tasks: answer at once, without I/O.
pub trait UserDirectory: Send + Sync + 'static {
    /// The password of `user`, or `None` when there is no such user (any more).
    fn password_of(&self, user: &str) -> Option<Secret>;
}

/// A directory in memory, for users that no OpenBao mints; it can stand in front of another directory.
///
/// ```
/// use catalyst_core::Secret;
/// use catalyst_tests::postgres::{UserDirectory, Users};
///
/// let users = Users::default();
/// users.create("app", Secret::new("s3cret"));
/// assert!(users.password_of("app").is_some());
/// users.drop_user("app");
/// assert!(users.password_of("app").is_none());
/// ```
#[derive(Clone, Default)]
pub struct Users {
    own: Arc<Mutex<HashMap<String, Secret>>>,
    behind: Option<Arc<dyn UserDirectory>>,
}

impl Users {
    /// Own users first, then those of `directory`.
    pub fn in_front_of(directory: Arc<dyn UserDirectory>) -> Self {
        Self { own: Arc::default(), behind: Some(directory) }
    }

    /// Creates `name`, or changes its password.
    pub fn create(&self, name: &str, password: Secret) {
        self.lock().insert(name.to_owned(), password);
    }

    /// Drops `name`; a session that it has open finds out as [`OnDrop`](super::OnDrop) says.
    pub fn drop_user(&self, name: &str) {
        self.lock().remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Secret>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserDirectory for Users {
    fn password_of(&self, user: &str) -> Option<Secret> {
        let own = self.lock().get(user).cloned();
        own.or_else(|| self.behind.as_ref()?.password_of(user))
    }
}

/// The users that the OpenBao in memory has made and not dropped.
impl UserDirectory for Model {
    fn password_of(&self, user: &str) -> Option<Secret> {
        Model::password_of(self, user)
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").field("own", &self.lock().len()).finish_non_exhaustive()
    }
}
