//! Everything the server knows.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use catalyst_core::Clock;

use super::tsig::TsigKey;
use super::{Refusal, ZoneData, names, serial, server};
use crate::{DomainName, Version};

pub(crate) struct State {
    clock: Clock,
    ahead: Duration,
    started: u32,
    version: Version,
    pub(super) random: fastrand::Rng,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) tsig: BTreeMap<DomainName, TsigKey>,
    zones: BTreeMap<DomainName, ZoneData>,
    last_key: u32,
}

impl State {
    pub(super) fn new(clock: Clock) -> Self {
        let mut state = Self {
            clock,
            ahead: Duration::ZERO,
            started: 0,
            version: Version(4, 7, 3),
            random: fastrand::Rng::new(),
            settings: server::defaults(),
            tsig: BTreeMap::new(),
            zones: BTreeMap::new(),
            last_key: 0,
        };
        state.started = state.now();
        state
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }

    /// The server's time in seconds since 1970.
    pub(crate) fn now(&self) -> u32 {
        let since = (self.clock.now() + self.ahead).duration_since(UNIX_EPOCH).unwrap_or_default();
        u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
    }

    pub(super) fn uptime(&self) -> u32 {
        self.now().saturating_sub(self.started)
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Another version. From 5.1 on, LUA records are not written unless the configuration says so.
    pub(super) fn set_version(&mut self, version: Version) {
        self.version = version;
        if version >= Version(5, 1, 0) {
            self.settings.entry(server::LUA_UPDATES.to_owned()).or_insert_with(|| "no".to_owned());
        } else {
            drop(self.settings.remove(server::LUA_UPDATES));
        }
    }

    /// The number of the next key of a zone.
    pub(super) fn next_key(&mut self) -> u32 {
        self.last_key += 1;
        self.last_key
    }

    pub(crate) fn zone(&self, name: &DomainName) -> Result<&ZoneData, Refusal> {
        self.zones.get(name).ok_or_else(Refusal::not_found)
    }

    /// Refuses a zone that is not there.
    pub(crate) fn expect_zone(&self, name: &DomainName) -> Result<(), Refusal> {
        self.zone(name).map(|_zone| ())
    }

    pub(crate) fn zone_mut(&mut self, name: &DomainName) -> Result<&mut ZoneData, Refusal> {
        let zone = self.zones.get_mut(name).ok_or_else(Refusal::not_found)?;
        zone.served = None;
        Ok(zone)
    }

    pub(crate) fn all_zones(&self) -> impl Iterator<Item = &ZoneData> {
        self.zones.values()
    }

    /// The zone for notes that change nothing.
    #[cfg(feature = "testing")]
    pub(super) fn zone_to_note(&mut self, name: &DomainName) -> Option<&mut ZoneData> {
        self.zones.get_mut(name)
    }

    #[cfg(feature = "testing")]
    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    pub(super) fn put_zone(&mut self, zone: ZoneData) {
        drop(self.zones.insert(zone.name.clone(), zone));
    }

    pub(super) fn take_zone(&mut self, name: &DomainName) -> Option<ZoneData> {
        self.zones.remove(name)
    }

    /// The name of the zone in a path; whether it is there is another question.
    #[cfg(feature = "testing")]
    pub(crate) fn zone_of_id(id: &str) -> Result<DomainName, Refusal> {
        names::of_id(id)
    }

    /// The serial that is served.
    pub(crate) fn edited_serial(&self, zone: &ZoneData) -> u32 {
        let default = if zone.is_signed() { "default-soa-edit-signed" } else { "default-soa-edit" };
        let edit = match zone.setting("SOA-EDIT") {
            "" => self.config(default).unwrap_or_default(),
            edit => edit,
        };
        zone.serial().map_or(0, |serial| serial::edited(serial, edit, self.now()))
    }
}
