//! The keys that sign a zone.

use catalyst_core::http::Method;
use catalyst_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::PowerDns;
use super::call::{Answer, Call};
use super::operation::Operation;
use super::path::Path;
use super::zones::{ZoneUpdate, absent_is_well};
use crate::dnssec::{KeyId, KeyRole, KeySpec, ZoneKey};
use crate::{RecordData, RecordType, ZoneName};

/// A key as it stands on the wire. The private half, which comes with a new one, is not read.
#[derive(Deserialize)]
struct WireKey {
    id: u32,
    keytype: String,
    active: bool,
    // Absent before 4.3, where every key is.
    #[serde(default = "yes")]
    published: bool,
    dnskey: String,
    // Only for keys that a parent would point to.
    #[serde(default)]
    ds: Vec<String>,
}

fn yes() -> bool {
    true
}

#[derive(Serialize)]
struct WireSpec {
    keytype: &'static str,
    active: bool,
    published: bool,
    algorithm: &'static str,
}

#[derive(Serialize)]
struct WireChange {
    active: bool,
    published: bool,
}

impl WireKey {
    fn read(self) -> Result<ZoneKey> {
        let RecordData::Dnskey(dnskey) = RecordData::parse(RecordType::Dnskey, &self.dnskey)? else {
            return Err(Error::new(catalyst_core::ErrorKind::Decode, "read zone key"));
        };
        let ds = self.ds.iter().map(|text| RecordData::parse(RecordType::Ds, text));
        let ds = ds.filter_map(|data| match data {
            Ok(RecordData::Ds(ds)) => Some(ds),
            // A digest of a kind that we do not know is of no use to us.
            _ => None,
        });
        // The server says `csk` of every key as long as the zone has not one of each kind; the flag is what was asked for.
        let role = match (dnskey.flags & 1, self.keytype.as_str()) {
            (0, _) => KeyRole::Zsk,
            (_, "ksk") => KeyRole::Ksk,
            _ => KeyRole::Csk,
        };
        Ok(ZoneKey {
            id: KeyId(self.id),
            role,
            active: self.active,
            published: self.published,
            ds: ds.collect(),
            dnskey,
        })
    }
}

impl PowerDns {
    pub(super) async fn zone_keys(&self, zone: &ZoneName) -> Result<Vec<ZoneKey>> {
        let call = Call::new(Operation::ReadKeys, Method::Get, keys_of(zone), zone.as_str());
        let answer = self.api.send(&call).await?;
        let keys: Vec<WireKey> = answer.json()?;
        keys.into_iter().map(|key| read(key, &answer)).collect()
    }

    pub(super) async fn make_key(&self, zone: &ZoneName, spec: KeySpec) -> Result<ZoneKey> {
        let keytype = match spec.role {
            KeyRole::Ksk => "ksk",
            KeyRole::Zsk => "zsk",
            KeyRole::Csk => "csk",
        };
        let body =
            WireSpec { keytype, active: spec.active, published: spec.published, algorithm: "ecdsa256" };
        let call =
            Call::new(Operation::CreateKey, Method::Post, keys_of(zone), zone.as_str()).json(&body)?.once();
        let answer = self.api.write(zone, &call).await?;
        read(answer.json()?, &answer)
    }

    pub(super) async fn set_key(
        &self,
        zone: &ZoneName,
        key: KeyId,
        active: bool,
        published: bool,
    ) -> Result<()> {
        let call = Call::new(Operation::ChangeKey, Method::Put, key_of(zone, key), target(zone, key))
            .json(&WireChange { active, published })?;
        self.api.write(zone, &call).await.map(drop)
    }

    pub(super) async fn drop_key(&self, zone: &ZoneName, key: KeyId) -> Result<()> {
        let call = Call::new(Operation::DeleteKey, Method::Delete, key_of(zone, key), target(zone, key));
        absent_is_well(self.api.write(zone, &call).await)
    }

    pub(super) async fn sign(&self, zone: &ZoneName, signed: bool) -> Result<()> {
        self.update_zone(zone, &ZoneUpdate::new().dnssec(signed)).await
    }
}

fn read(key: WireKey, answer: &Answer) -> Result<ZoneKey> {
    let id = key.id;
    key.read().map_err(|error| {
        answer.unreadable(&format!("key {id} cannot be read: {}", error.help().unwrap_or("not a DNSKEY")))
    })
}

fn keys_of(zone: &ZoneName) -> Path {
    Path::zone(zone).then("cryptokeys")
}

fn key_of(zone: &ZoneName, key: KeyId) -> Path {
    keys_of(zone).then(&key.to_string())
}

fn target(zone: &ZoneName, key: KeyId) -> String {
    format!("{}, key {key}", zone.as_str())
}
