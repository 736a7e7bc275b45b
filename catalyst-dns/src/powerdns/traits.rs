//! The boundaries of the crate, as PowerDNS keeps them.

use async_trait::async_trait;
use catalyst_core::Result;

use super::PowerDns;
use crate::dnssec::{KeyId, KeySpec, ZoneKey, ZoneMetadata, ZoneSecurity};
use crate::{
    Applied, Capabilities, ChangeSet, DnsZones, DomainName, RecordSet, RecordType, Zone, ZoneName, ZoneSpec,
};

#[async_trait]
impl DnsZones for PowerDns {
    async fn capabilities(&self) -> Result<Capabilities> {
        self.probe().await
    }

    async fn zones(&self) -> Result<Vec<ZoneName>> {
        self.list().await
    }

    async fn zone(&self, zone: &ZoneName) -> Result<Zone> {
        self.read_zone(zone).await
    }

    async fn create_zone(&self, spec: &ZoneSpec) -> Result<Zone> {
        self.create(spec).await
    }

    async fn delete_zone(&self, zone: &ZoneName) -> Result<()> {
        self.remove(zone).await
    }

    async fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        self.all_sets(zone).await
    }

    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        self.some_sets(zone, name, kind).await
    }

    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        self.make(zone, changes).await
    }
}

#[async_trait]
impl ZoneSecurity for PowerDns {
    async fn keys(&self, zone: &ZoneName) -> Result<Vec<ZoneKey>> {
        self.zone_keys(zone).await
    }

    async fn add_key(&self, zone: &ZoneName, spec: KeySpec) -> Result<ZoneKey> {
        self.make_key(zone, spec).await
    }

    async fn change_key(&self, zone: &ZoneName, key: KeyId, active: bool, published: bool) -> Result<()> {
        self.set_key(zone, key, active, published).await
    }

    async fn remove_key(&self, zone: &ZoneName, key: KeyId) -> Result<()> {
        self.drop_key(zone, key).await
    }

    async fn set_dnssec(&self, zone: &ZoneName, signed: bool) -> Result<()> {
        self.sign(zone, signed).await
    }
}

#[async_trait]
impl ZoneMetadata for PowerDns {
    async fn set_metadata(&self, zone: &ZoneName, kind: &str, values: &[String]) -> Result<()> {
        let kind = kind.parse()?;
        if values.is_empty() {
            return self.remove_metadata(zone, &kind).await;
        }
        Self::set_metadata(self, zone, &kind, values).await
    }
}
