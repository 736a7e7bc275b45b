//! Keys of a model's zones.

use async_trait::async_trait;
use catalyst_core::Result;
use serde_json::json;

use super::dns::{MockDns, Request, absent_is_well};
use super::model::{NewKey, Refusal};
use crate::ZoneName;
use crate::dnssec::{KeyId, KeyRole, KeySpec, ZoneKey, ZoneSecurity};
use crate::powerdns::Operation;

#[async_trait]
impl ZoneSecurity for MockDns {
    async fn keys(&self, zone: &ZoneName) -> Result<Vec<ZoneKey>> {
        let request = Request::new(Operation::ReadKeys, Some(zone));
        self.ask(request, |state| {
            let data = state.zone(zone.apex())?;
            let separate = data.has_separate_keys();
            Ok(data.ordered_keys().iter().map(|key| key.shown(zone.apex(), separate)).collect())
        })
        .await
    }

    async fn add_key(&self, zone: &ZoneName, spec: KeySpec) -> Result<ZoneKey> {
        let flags = if spec.role == KeyRole::Zsk { 256 } else { 257 };
        let spec = NewKey { flags, active: spec.active, published: spec.published };
        let request = Request::new(Operation::CreateKey, Some(zone));
        self.ask(request, |state| {
            state.expect_zone(zone.apex())?;
            let id = state.add_key(zone.apex(), spec)?;
            let data = state.zone(zone.apex())?;
            let key = data.keys.iter().find(|key| key.id == id).ok_or_else(Refusal::not_found)?;
            Ok(key.shown(zone.apex(), data.has_separate_keys()))
        })
        .await
    }

    async fn change_key(&self, zone: &ZoneName, key: KeyId, active: bool, published: bool) -> Result<()> {
        let document = json!({ "active": active, "published": published });
        let request = Request::new(Operation::ChangeKey, Some(zone));
        self.ask(request, |state| state.change_key(zone.apex(), &key.to_string(), &document)).await
    }

    async fn remove_key(&self, zone: &ZoneName, key: KeyId) -> Result<()> {
        let request = Request::new(Operation::DeleteKey, Some(zone));
        absent_is_well(self.ask(request, |state| state.remove_key(zone.apex(), &key.to_string())).await)
    }

    async fn set_dnssec(&self, zone: &ZoneName, signed: bool) -> Result<()> {
        let document = json!({ "dnssec": signed });
        let request = Request::new(Operation::UpdateZone, Some(zone));
        self.ask(request, |state| state.change_zone(zone.apex(), &document)).await
    }
}
