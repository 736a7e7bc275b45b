//! DNS for Rust services: desired state on PowerDNS, failover that fails over, DNSSEC, and registrar changes that can
//! be undone.

pub mod acme;
mod capability;
mod change;
pub mod dnssec;
pub mod lua;
#[cfg(feature = "mock")]
pub mod mock;
mod name;
pub mod placement;
pub mod plan;
pub mod pool;
pub mod powerdns;
pub mod query;
mod record;
pub mod registrar;
mod response;
#[cfg(feature = "testing")]
pub mod testing;
pub mod verify;
mod zone;
mod zones;

pub use catalyst_core::{Error, ErrorKind, Result, Secret};

pub use capability::{Capabilities, Version};
pub use change::{Change, ChangeSet};
pub use dnssec::ZoneSecurity;
pub use name::{DomainName, ZoneMatcher, ZoneName};
pub use plan::{Applier, Desired, Owner, Plan, PlanPolicy, ZonePlan};
pub use powerdns::{ApiKeySource, Autoprimary, DryRequest, MetadataKind, PowerDns, PowerDnsBuilder};
pub use powerdns::{SearchHit, TsigAlgorithm, TsigKey, ZoneUpdate};
pub use query::DnsClient;
pub use record::{
    Caa, Dnskey, Ds, LuaRecord, Mx, OtherData, RecordData, RecordKey, RecordSet, RecordType, Serial, Soa,
    Srv, Sshfp, SvcKey, SvcParam, Svcb, Text, Tlsa, Ttl, TypeName,
};
pub use zone::{Applied, SoaEditApi, Zone, ZoneKind, ZoneSpec};
pub use zones::{DnsZones, zone_of};
