//! Who is let in.

use std::sync::{Arc, Mutex, PoisonError};

use catalyst_core::Secret;

use super::asked::Asked;

/// The API key, and the login of a proxy in front, if there is one. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub(in crate::testing) struct Access(Arc<Mutex<Needed>>);

#[derive(Debug)]
struct Needed {
    api_key: Secret,
    basic: Option<(String, Secret)>,
}

impl Access {
    pub(in crate::testing) fn new(api_key: Secret) -> Self {
        Self(Arc::new(Mutex::new(Needed { api_key, basic: None })))
    }

    pub(in crate::testing) fn api_key(&self) -> Secret {
        self.with(|needed| needed.api_key.clone())
    }

    pub(in crate::testing) fn set_api_key(&self, api_key: Secret) {
        self.with(|needed| needed.api_key = api_key);
    }

    pub(in crate::testing) fn require_basic(&self, user: &str, password: Secret) {
        self.with(|needed| needed.basic = Some((user.to_owned(), password)));
    }

    /// The challenge of whoever does not let the request in: the proxy, which is asked first, or the server.
    pub(super) fn check(&self, asked: &Asked) -> Result<(), &'static str> {
        self.with(|needed| {
            let basic = asked.basic();
            let login = needed.basic.as_ref().map(|(user, password)| (user.as_str(), password.expose()));
            let shown = basic.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
            if login.is_some() && login != shown {
                Err("Basic realm=\"traefik\"")
            } else if asked.api_key.as_deref() != Some(needed.api_key.expose()) {
                Err("X-API-Key realm=\"PowerDNS\"")
            } else {
                Ok(())
            }
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Needed) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
