//! Keys of a model's zones.

use async_trait::async_trait;
use catalyst_core::{ErrorKind, Result};
use serde_json::json;

use super::MockDns;
use super::dns::Request;
use super::model::{NewKey, Route};
use crate::ZoneName;
use crate::dnssec::{KeyId, KeyRole, KeySpec, ZoneKey, ZoneSecurity};

#[async_trait]
impl ZoneSecurity for MockDns {
    async fn keys(&self, zone: &ZoneName) -> Result<Vec<ZoneKey>> {
        let request = Request::read("read the keys of a zone", Route::Keys, Some(zone));
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
        let request = Request::write("add a key to a zone", Route::Keys, zone);
        self.ask(request, |state| {
            let id = state.add_key(zone.apex(), spec)?;
            let data = state.zone(zone.apex())?;
            let separate = data.has_separate_keys();
            let key = data.keys.iter().find(|key| key.id == id).map(|key| key.shown(zone.apex(), separate));
            key.ok_or_else(super::Refusal::locked)
        })
        .await
    }

    async fn change_key(&self, zone: &ZoneName, key: KeyId, active: bool, published: bool) -> Result<()> {
        let document = json!({ "active": active, "published": published });
        let request = Request::write("change a key of a zone", Route::Keys, zone);
        self.ask(request, |state| state.change_key(zone.apex(), &key.to_string(), &document)).await
    }

    async fn remove_key(&self, zone: &ZoneName, key: KeyId) -> Result<()> {
        let request = Request::write("remove a key of a zone", Route::Keys, zone);
        let removed = self.ask(request, |state| state.remove_key(zone.apex(), &key.to_string())).await;
        removed.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
    }

    async fn set_dnssec(&self, zone: &ZoneName, signed: bool) -> Result<()> {
        let document = json!({ "dnssec": signed });
        let request = Request::write("change the settings of a zone", Route::Zone, zone);
        self.ask(request, |state| state.change_zone(zone.apex(), &document)).await
    }
}
