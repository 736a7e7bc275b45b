//! The zones of a model, as the name server sees them.

use std::time::Duration;

use catalyst_core::Result;

use super::dns::{DnsSettings, SigningKey, ZoneKeyState, ZoneSnapshot, ZoneView};
use crate::DomainName;
use crate::dnssec::KeyRole;
use crate::mock::Model;
use crate::mock::model::Key;

/// Asks the model for each question.
pub(super) struct ModelView(pub(super) Model);

impl ZoneView for ModelView {
    fn zone_of(&self, name: &DomainName) -> Option<ZoneSnapshot> {
        let served = self.0.served(name)?;
        let keys = served.keys.iter().map(|key| state(key, served.separate)).collect::<Result<Vec<_>>>();
        Some(ZoneSnapshot::new(served.zone, served.sets).with_keys(keys.ok()?))
    }
}

fn state(key: &Key, separate: bool) -> Result<ZoneKeyState> {
    let dnskey = key.dnskey();
    // As PowerDNS has it: without a key of the other kind, each signs everything.
    let role = match (separate, dnskey.flags) {
        (false, _) => KeyRole::Csk,
        (true, 257) => KeyRole::Ksk,
        (true, _) => KeyRole::Zsk,
    };
    let (active, published) = (key.active, key.published);
    Ok(ZoneKeyState { key: SigningKey::from_pkcs8(role, dnskey, key.pkcs8())?, active, published })
}

/// What the version and the configuration of the model say about LUA records.
pub(super) fn settings(model: &Model) -> DnsSettings {
    let (can, clock) = model.with(|state| (state.capabilities(), state.clock()));
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    DnsSettings::default()
        .version(can.version)
        .check_interval(seconds(can.health_check_interval))
        .expire_delay(seconds(can.health_check_expire_delay))
        .clock(clock)
}
