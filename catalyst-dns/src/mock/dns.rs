//! Zones of a model, without a server.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};
use serde_json::json;

use super::model::{Edit, Fault, Refusal, Route, State, StoredRecord, What, ZoneData, kind_of, kind_word};
use super::{Model, meaning, sizes};
use crate::{
    Applied, Capabilities, Change, ChangeSet, DnsZones, DomainName, RecordData, RecordKey, RecordSet,
    RecordType, Serial, SoaEditApi, Zone, ZoneName, ZoneSpec,
};

/// A DNS server in memory: [`DnsZones`] and [`ZoneSecurity`](crate::ZoneSecurity) for the tests of applications. Cheap
/// to clone; clones are the same server.
///
/// It sends nothing and waits for nothing, counts the requests that the client would send, cuts a change as the client
/// does, and does not retry: a fault of the model's script is the error that one try would have met.
///
/// ```
/// use catalyst_dns::mock::MockDns;
/// use catalyst_dns::{Change, ChangeSet, DnsZones, RecordData, RecordSet, RecordType, Ttl};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_dns::Result<()> {
/// let zone = "acme.test".parse()?;
/// let dns = MockDns::new().with_zone(&zone);
///
/// let address = RecordData::parse(RecordType::A, "192.0.2.1")?;
/// let set = RecordSet::new(zone.child("www")?, Ttl::MINUTE, [address])?;
/// dns.apply(&zone, &ChangeSet::new([Change::Replace(set.clone())])?).await?;
/// assert_eq!(dns.find(&zone, set.name(), None).await?, [set]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MockDns {
    model: Model,
}

/// How long a caller waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(30);
const SERVERS: &str = "/api/v1/servers/localhost";

/// What a request is, for counters, faults and errors.
pub(super) struct Request<'a> {
    pub(super) operation: &'static str,
    pub(super) route: Route,
    pub(super) writes: bool,
    pub(super) bytes: u64,
    pub(super) zone: Option<&'a ZoneName>,
}

impl<'a> Request<'a> {
    pub(super) fn read(operation: &'static str, route: Route, zone: Option<&'a ZoneName>) -> Self {
        Self { operation, route, writes: false, bytes: 0, zone }
    }

    pub(super) fn write(operation: &'static str, route: Route, zone: &'a ZoneName) -> Self {
        Self { operation, route, writes: true, bytes: 0, zone: Some(zone) }
    }

    fn path(&self) -> String {
        let tail = match self.route {
            Route::Config => "/config".to_owned(),
            Route::Server => String::new(),
            Route::Zones => "/zones".to_owned(),
            Route::Keys => format!("/zones/{}/cryptokeys", self.zone.map_or("", ZoneName::as_str)),
            _ => format!("/zones/{}", self.zone.map_or("", ZoneName::as_str)),
        };
        format!("{SERVERS}{tail}")
    }
}

impl MockDns {
    /// A server without zones, by the machine's clock.
    pub fn new() -> Self {
        Self::default()
    }

    /// The server of this model.
    pub fn with_model(model: Model) -> Self {
        Self { model }
    }

    /// With a native zone, as [`Model::set_zone`] makes it.
    #[must_use]
    pub fn with_zone(self, zone: &ZoneName) -> Self {
        self.model.set_zone(zone);
        self
    }

    /// The state machine behind.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// One request: counted, struck by its fault, carried out.
    pub(super) async fn ask<T>(
        &self,
        request: Request<'_>,
        act: impl FnOnce(&mut State) -> std::result::Result<T, Refusal> + Send,
    ) -> Result<T> {
        let Request { operation, route, writes, bytes, zone } = request;
        let fault = self.model.take_in(route, writes, &request.path(), bytes);
        let named = |error: Error| match zone {
            Some(zone) => error.with_target(zone.as_str()),
            None => error,
        };
        let broken = |kind, help: &str| {
            let error = named(Error::new(kind, operation).with_help(help));
            if writes { error.with_outcome_unknown() } else { error }
        };
        let refused = |refusal: &Refusal| named(meaning::of(refusal, operation, writes));
        match &fault {
            Some(Fault::Drop) => return Err(broken(ErrorKind::Unavailable, "the connection was closed")),
            Some(Fault::Refuse(refusal)) => return Err(refused(refusal)),
            _ => {}
        }
        let done = self.model.with(act);
        match fault {
            None => {}
            Some(Fault::Delay(pause)) if pause < PATIENCE => tokio::time::sleep(pause).await,
            Some(Fault::Delay(_) | Fault::NoAnswer) => {
                tokio::time::sleep(PATIENCE).await;
                return Err(broken(ErrorKind::Timeout, "no answer came"));
            }
            Some(Fault::DropAnswer) => {
                return Err(broken(ErrorKind::Unavailable, "the connection was closed"));
            }
            Some(_) if writes && route == Route::Records => {} // The answer has no body to be broken.
            Some(_) => {
                let error = broken(ErrorKind::Decode, "the answer is not JSON");
                return Err(error.with_code("unreadable_answer"));
            }
        }
        done.map_err(|refusal| refused(&refusal))
    }
}

#[async_trait]
impl DnsZones for MockDns {
    async fn capabilities(&self) -> Result<Capabilities> {
        let request = Request::read("read the configuration", Route::Config, None);
        self.ask(request, |state| Ok(state.capabilities())).await
    }

    async fn zones(&self) -> Result<Vec<ZoneName>> {
        let request = Request::read("list zones", Route::Zones, None);
        let names: Vec<DomainName> =
            self.ask(request, |state| Ok(state.all_zones().map(|zone| zone.name.clone()).collect())).await?;
        Ok(names.into_iter().filter_map(|name| ZoneName::try_from(name).ok()).collect())
    }

    async fn zone(&self, zone: &ZoneName) -> Result<Zone> {
        let request = Request::read("read a zone", Route::Zone, Some(zone));
        self.ask(request, |state| show(state, zone)).await
    }

    async fn create_zone(&self, spec: &ZoneSpec) -> Result<Zone> {
        let nameservers: Vec<&str> = spec.nameservers.iter().map(DomainName::as_str).collect();
        let masters: Vec<String> = spec.primaries.iter().map(ToString::to_string).collect();
        let document = json!({
            "name": spec.name.as_str(), "kind": kind_word(spec.kind), "nameservers": nameservers,
            "masters": masters, "dnssec": spec.dnssec, "soa_edit_api": rule_word(spec.soa_edit_api),
        });
        let request = Request::write("create a zone", Route::Zones, &spec.name);
        self.ask(request, |state| {
            state.create_zone(&document)?;
            show(state, &spec.name)
        })
        .await
    }

    async fn delete_zone(&self, zone: &ZoneName) -> Result<()> {
        let request = Request::write("delete a zone", Route::Zone, zone);
        let deleted = self.ask(request, |state| state.delete_zone(zone.apex())).await;
        deleted.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
    }

    async fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        let request = Request::read("read a zone", Route::Zone, Some(zone));
        self.ask(request, |state| {
            let sets = &state.zone(zone.apex())?.sets;
            Ok(sets.iter().filter_map(|(key, set)| set.shown(key)).collect())
        })
        .await
    }

    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        let request = Request::read("find record sets", Route::Zone, Some(zone));
        self.ask(request, |state| {
            let sets = state.zone(zone.apex())?.at(name);
            let wanted = |key: &RecordKey| kind.is_none_or(|kind| kind == key.kind);
            Ok(sets.filter(|(key, _)| wanted(key)).filter_map(|(key, set)| set.shown(key)).collect())
        })
        .await
    }

    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        let mut applied = Applied::default();
        for part in parts(changes.changes()) {
            let bytes = part.iter().map(|change| sizes::of(change)).sum();
            let request = Request { bytes, ..Request::write("change records", Route::Records, zone) };
            let edits = part.iter().map(|change| Ok(edit(change)));
            self.ask(request, |state| state.patch(zone.apex(), edits).map(drop)).await?;
            applied.requests += 1;
            applied.changes += part.len();
            applied.bytes += bytes;
        }
        Ok(applied)
    }
}

fn show(state: &State, zone: &ZoneName) -> std::result::Result<Zone, Refusal> {
    let data: &ZoneData = state.zone(zone.apex())?;
    Ok(Zone {
        name: zone.clone(),
        kind: kind_of(data.kind),
        serial: Serial(data.serial().unwrap_or(0)),
        edited_serial: Serial(state.edited_serial(data)),
        dnssec: data.is_signed(),
        soa_edit_api: rule_of(data.setting("SOA-EDIT-API")),
        api_rectify: data.setting("API-RECTIFY") == "1",
        nsec3param: data.setting("NSEC3PARAM").to_owned(),
        account: data.account.clone(),
        primaries: data.masters.iter().filter_map(|master| primary(master)).collect(),
    })
}

fn primary(master: &str) -> Option<std::net::SocketAddr> {
    let bare = |address: std::net::IpAddr| std::net::SocketAddr::new(address, 53);
    master.parse().map(bare).or_else(|_with_port| master.parse()).ok()
}

const RULES: &[(SoaEditApi, &str)] = &[
    (SoaEditApi::Default, "DEFAULT"),
    (SoaEditApi::Increase, "INCREASE"),
    (SoaEditApi::Epoch, "EPOCH"),
    (SoaEditApi::SoaEdit, "SOA-EDIT"),
    (SoaEditApi::SoaEditIncrease, "SOA-EDIT-INCREASE"),
];

fn rule_word(rule: SoaEditApi) -> &'static str {
    RULES.iter().find(|(known, _)| *known == rule).map_or("DEFAULT", |(_, word)| word)
}

fn rule_of(word: &str) -> Option<SoaEditApi> {
    RULES.iter().find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(rule, _)| *rule)
}

/// The changes in bodies that are not too large, those of one name in one of them.
fn parts(changes: &[Change]) -> Vec<Vec<&Change>> {
    let total: u64 = changes.iter().map(sizes::of).sum();
    if total <= sizes::MAX_BODY {
        return if changes.is_empty() { Vec::new() } else { vec![changes.iter().collect()] };
    }
    let mut by_name: std::collections::BTreeMap<DomainName, Vec<&Change>> = std::collections::BTreeMap::new();
    for change in changes {
        by_name.entry(change.key().name).or_default().push(change);
    }
    let (mut parts, mut size): (Vec<Vec<&Change>>, u64) = (Vec::new(), u64::MAX);
    for group in by_name.into_values() {
        let bytes: u64 = group.iter().map(|change| sizes::of(change)).sum();
        match parts.last_mut() {
            Some(part) if size + bytes <= sizes::MAX_BODY => {
                part.extend(group);
                size += bytes;
            }
            _ => {
                parts.push(group);
                size = bytes;
            }
        }
    }
    parts
}

fn edit(change: &Change) -> Edit {
    let stored = |record: &RecordData| StoredRecord { content: record.to_string(), disabled: false };
    let gathered = |set: &RecordSet| Ok((set.ttl().as_secs(), set.records().iter().map(stored).collect()));
    let what = match change {
        Change::Replace(set) => What::Replace { records: Some(gathered(set)), comments: None },
        Change::Delete(_) => What::Delete,
        Change::Extend(set) => What::Extend(gathered(set)),
        Change::Prune(_, record) => What::Prune(Ok((0, vec![stored(record)]))),
    };
    let RecordKey { name, kind } = change.key();
    Edit { name, kind, what }
}
