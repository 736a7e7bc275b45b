//! Where registration access tokens are kept: whoever loses one can change the client no more.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, Secret};

use crate::{ClientId, Owner};

/// What is kept of a registration. `Debug` shows the owner.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredRegistration {
    /// Who the client belongs to.
    pub owner: Owner,
    /// The registration access token (RFC 7592 section 3): changes and removes this client.
    pub token: Secret,
}

impl StoredRegistration {
    /// A registration of `owner`.
    pub fn new(owner: Owner, token: Secret) -> Self {
        Self { owner, token }
    }
}

impl fmt::Debug for StoredRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRegistration").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// Keeps the registrations of one realm, with check-and-set: the server makes a new token at each update, and two
/// processes must not overwrite one another's.
#[async_trait]
pub trait RegistrationStore: fmt::Debug + Send + Sync + 'static {
    /// What is kept for `id`, and its version.
    ///
    /// # Errors
    /// Those of the store.
    async fn load(&self, id: &ClientId) -> Result<Option<(StoredRegistration, u64)>>;

    /// Keeps `registration` if the version is still `expected`; `None` if nothing is to be there. Returns the new
    /// version.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if the version is another one, and those of the store.
    async fn save(
        &self,
        id: &ClientId,
        registration: &StoredRegistration,
        expected: Option<u64>,
    ) -> Result<u64>;

    /// Forgets `id` if the version is still `expected`.
    ///
    /// # Errors
    /// As for [`save`](Self::save).
    async fn remove(&self, id: &ClientId, expected: u64) -> Result<()>;
}

/// A [`RegistrationStore`] that forgets everything at the end of the process. For tests.
#[derive(Default)]
pub struct MemoryRegistrationStore {
    kept: Mutex<(u64, Kept)>,
}

type Kept = HashMap<ClientId, (StoredRegistration, u64)>;

impl MemoryRegistrationStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn change<T>(
        &self,
        id: &ClientId,
        expected: Option<u64>,
        change: impl FnOnce(&mut u64, &mut Kept) -> T,
    ) -> Result<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.1.get(id).map(|(_, version)| *version) != expected {
            return Err(Error::new(ErrorKind::Conflict, "keep client registration")
                .with_target(id.as_str())
                .with_code("cas_mismatch"));
        }
        let (versions, all) = &mut *kept;
        Ok(change(versions, all))
    }
}

#[async_trait]
impl RegistrationStore for MemoryRegistrationStore {
    async fn load(&self, id: &ClientId) -> Result<Option<(StoredRegistration, u64)>> {
        Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).1.get(id).cloned())
    }

    async fn save(
        &self,
        id: &ClientId,
        registration: &StoredRegistration,
        expected: Option<u64>,
    ) -> Result<u64> {
        self.change(id, expected, |versions, all| {
            *versions += 1;
            all.insert(id.clone(), (registration.clone(), *versions));
            *versions
        })
    }

    async fn remove(&self, id: &ClientId, expected: u64) -> Result<()> {
        self.change(id, Some(expected), |_, all| drop(all.remove(id)))
    }
}

impl fmt::Debug for MemoryRegistrationStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(kept.1.keys()).finish()
    }
}
