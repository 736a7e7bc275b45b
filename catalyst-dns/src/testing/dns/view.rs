//! Where the name server has its data from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SigningKey;
use crate::{DomainName, RecordKey, RecordSet, ZoneName};

/// The zones of a name server. Asked for each question, so that every change is visible at once.
pub trait ZoneView: Send + Sync + 'static {
    /// The zone that `name` belongs to: of several, the one with the longest name; `None` if it is served elsewhere.
    fn zone_of(&self, name: &DomainName) -> Option<ZoneSnapshot>;
}

/// A zone as it is at one moment.
#[derive(Clone, Debug)]
pub struct ZoneSnapshot {
    name: ZoneName,
    sets: Arc<BTreeMap<RecordKey, RecordSet>>,
    keys: Arc<[ZoneKeyState]>,
}

/// A key of a zone, and what it does.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "this is all that the name server wants to know")]
pub struct ZoneKeyState {
    /// The key.
    pub key: SigningKey,
    /// Whether it signs.
    pub active: bool,
    /// Whether it stands in the DNSKEY set.
    pub published: bool,
}

impl ZoneSnapshot {
    /// A zone with these sets, the SOA at the apex among them.
    pub fn new(name: ZoneName, sets: Arc<BTreeMap<RecordKey, RecordSet>>) -> Self {
        Self { name, sets, keys: Arc::default() }
    }

    /// Signed with these keys, if one of them is active.
    #[must_use]
    pub fn with_keys(self, keys: impl IntoIterator<Item = ZoneKeyState>) -> Self {
        Self { keys: keys.into_iter().collect(), ..self }
    }

    /// The zone's name.
    pub fn name(&self) -> &ZoneName {
        &self.name
    }

    /// Its record sets.
    pub fn sets(&self) -> &BTreeMap<RecordKey, RecordSet> {
        &self.sets
    }

    /// Its keys.
    pub fn keys(&self) -> &[ZoneKeyState] {
        &self.keys
    }
}
