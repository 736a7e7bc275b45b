//! One flip for each domain at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use catalyst_core::{Error, ErrorKind, Result};

use crate::registrar::RegisteredDomain;

/// The domains that are being flipped; each has one turn. All flippers of a process share one, if nothing else is set,
/// for one registrar may have been set up twice. Other processes are not seen.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<BTreeSet<RegisteredDomain>>>);

/// The turn of a domain, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    domain: RegisteredDomain,
}

impl Turns {
    /// That of the process.
    pub fn process() -> Self {
        static PROCESS: OnceLock<Turns> = OnceLock::new();
        PROCESS.get_or_init(Self::default).clone()
    }

    /// # Errors
    /// [`ErrorKind::Conflict`] with code `flip_in_progress`.
    pub(crate) fn take(&self, domain: &RegisteredDomain) -> Result<Turn> {
        if !self.lock().insert(domain.clone()) {
            return Err(Error::new(ErrorKind::Conflict, "flip name servers")
                .with_code("flip_in_progress")
                .with_target(domain.as_str())
                .with_help("this process changes the domain at this moment; wait until that has ended"));
        }
        Ok(Turn { turns: self.clone(), domain: domain.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<RegisteredDomain>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.domain);
    }
}
