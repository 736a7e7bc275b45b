//! Everything the server knows.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use catalyst_core::Clock;

use super::logins::Logins;
use super::realm::Realm;
use super::sessions::{Issued, Session};
use super::{Refusal, random};
use crate::jose::JwkSet;

pub(crate) struct State {
    clock: Clock,
    ahead: Duration,
    pub(super) random: fastrand::Rng,
    /// What the world calls this server, without a slash at the end; issuers begin with it.
    pub(super) address: String,
    pub(super) realms: BTreeMap<String, Realm>,
    /// Access and refresh tokens, by their text.
    pub(super) tokens: HashMap<String, Issued>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) logins: Logins,
    /// The key that tokens of the request under way are bound to.
    pub(super) binding: Option<String>,
    /// Assertions that may not be shown again: the issuer or client with the `jti`, and when that ends.
    pub(super) shown: HashMap<(String, String), i64>,
    /// What other issuers publish, by the address of the set or of the issuer.
    pub(super) issuer_keys: HashMap<String, JwkSet>,
    serial: u64,
    next_key: usize,
}

impl State {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            ahead: Duration::ZERO,
            random: fastrand::Rng::new(),
            address: "http://keycloak.test".to_owned(),
            realms: BTreeMap::new(),
            tokens: HashMap::new(),
            sessions: HashMap::new(),
            logins: Logins::default(),
            binding: None,
            shown: HashMap::new(),
            issuer_keys: HashMap::new(),
            serial: 0,
            next_key: 0,
        }
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }

    /// The server's time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        seconds(self.since_1970())
    }

    pub(super) fn now_millis(&self) -> i64 {
        i64::try_from(self.since_1970().as_millis()).unwrap_or(i64::MAX)
    }

    fn since_1970(&self) -> Duration {
        let now: SystemTime = self.clock.now() + self.ahead;
        now.duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    pub(super) fn uuid(&mut self) -> String {
        random::uuid(&mut self.random)
    }

    pub(super) fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The number of the next key for signatures.
    pub(super) fn next_key(&mut self) -> usize {
        self.next_key += 1;
        self.next_key
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn issuer(&self, realm: &str) -> String {
        format!("{}/realms/{realm}", self.address)
    }

    /// As the Admin REST API looks for a realm.
    pub(crate) fn realm(&self, name: &str) -> Result<&Realm, Refusal> {
        self.realms.get(name).ok_or_else(|| Refusal::error(404, "Realm not found."))
    }

    pub(crate) fn realm_mut(&mut self, name: &str) -> Result<&mut Realm, Refusal> {
        self.realms.get_mut(name).ok_or_else(|| Refusal::error(404, "Realm not found."))
    }

    /// As the endpoints of OAuth look for a realm.
    pub(crate) fn public_realm(&self, name: &str) -> Result<&Realm, Refusal> {
        self.realms.get(name).ok_or_else(|| Refusal::error(404, "Realm does not exist"))
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
