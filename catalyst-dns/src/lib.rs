//! DNS for Rust services: desired state on PowerDNS with failover that fails over, DNSSEC, and registrar changes that
//! can be undone.
//!
//! ```no_run
//! # async fn example() -> catalyst_dns::Result<()> {
//! use catalyst_dns::placement::{Application, Placement, Region};
//! use catalyst_dns::{Applier, Desired, DnsZones, Owner, PlanPolicy, PowerDns, Secret, ZoneName};
//!
//! let powerdns = PowerDns::builder("https://pdns.example.org")?.api_key(Secret::new("…")).build()?;
//! let zone: ZoneName = "omantel.omani.works".parse()?;
//! let regions = [
//!     Region::new("fsn1", [[192, 0, 2, 1].into()])?,
//!     Region::new("hel1", [[198, 51, 100, 1].into()])?,
//! ];
//! let shop = Application::new(zone.child("shop")?, Placement::ActiveHotStandby, regions)?;
//! let publication = shop.publication(&powerdns.capabilities().await?)?;
//! println!("{publication}"); // what clients get, and how long a failover takes
//!
//! let desired = Desired::builder(Owner::new("omantel.omani.works")?).sets(&zone, publication.record_sets).build()?;
//! let applier = Applier::new(PlanPolicy::default());
//! println!("{}", applier.plan(&powerdns, &desired).await); // the diff
//! applier.apply(&powerdns, &desired).await.check()?; // once more: one read, no write
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`DomainName`], [`ZoneName`], [`ZoneMatcher`] | names, parsed once; the zone of a name among many |
//! | [`RecordData`], [`RecordSet`], [`RecordType`] | records, typed, in one canonical form |
//! | [`DnsZones`], [`ZoneSecurity`] | the boundaries: zones and their keys, wherever they are kept |
//! | [`powerdns`] | the client of PowerDNS' API |
//! | [`plan`] | desired state: what differs, whose it is, changing it |
//! | [`lua`] | health-checked records, built from types |
//! | [`placement`] | regions and modes, as records |
//! | [`query`], [`verify`] | name servers, asked directly: what each of them serves |
//! | [`dnssec`] | keys, digests, rollovers, whether the chain holds |
//! | [`acme`] | the DNS-01 challenge |
//! | [`registrar`] | Cloudflare, Namecheap, GoDaddy, OVH, Dynadot; a change of name servers that can be undone |
//! | [`pool`] | pool-domain-manager |
//! | `mock`, `testing` | a PowerDNS in memory; fakes on real sockets (features) |
//!
//! # How failure behaves
//!
//! Every error has a [kind](Error::kind) and, where the cause is known, a stable [code](Error::code); it names the record,
//! the zone or the domain. Passing faults are tried again within a limit, refusals never. A write is one request that is
//! all or nothing; where changes need several, the error says how many were made, and the next run makes the rest.
//!
//! - **The API is down**: nothing is lost, for nothing was half-applied; name servers go on answering.
//! - **Somebody else writes the same zone**: their records are left alone, and a name at which they have one is refused.
//! - **A region fails**: the servers notice within interval × failures + timeout, clients within the TTL on top.
//! - **A registrar fails in the middle of a change**: what it has is read, the old servers are set again, and that is
//!   verified at the parent's servers, too.
//!
//! Invariants: this crate names no other service, reads no environment variable, installs no TLS provider and never
//! spawns (but for the fakes under `testing`).

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
