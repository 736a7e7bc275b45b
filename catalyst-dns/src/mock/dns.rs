//! Zones of a model, without a server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::Model;
use super::model::{Edit, Fault, Refusal, Route, Shown, State};
use crate::powerdns::{self, Operation};
use crate::{
    Applied, Capabilities, ChangeSet, DnsZones, DomainName, RecordKey, RecordSet, RecordType, Serial, Zone,
    ZoneName, ZoneSpec,
};

/// A DNS server in memory: [`DnsZones`] and [`ZoneSecurity`](crate::ZoneSecurity) for the tests of applications. Cheap
/// to clone; clones are the same server.
///
/// It sends nothing and waits for nothing, counts the requests that the client would send with their bytes, cuts a
/// change as the client does, and gives the client's errors. It does not retry: a fault of the model's script is the
/// error that one try would have met.
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
/// assert_eq!(dns.model().requests().writes, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MockDns {
    model: Model,
    capabilities: Arc<OnceCell<Capabilities>>,
}

/// How long a caller waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest body that the client sends.
const BODY_LIMIT: usize = 2_000_000;

/// What a request is, for counters, faults and errors.
pub(super) struct Request<'a> {
    operation: Operation,
    zone: Option<&'a ZoneName>,
    sent: usize,
}

impl<'a> Request<'a> {
    pub(super) fn new(operation: Operation, zone: Option<&'a ZoneName>) -> Self {
        Self { operation, zone, sent: 0 }
    }

    fn route(&self) -> (Route, String) {
        let zone = || format!("/zones/{}", self.zone.map_or("", ZoneName::as_str));
        let (route, path) = match self.operation {
            Operation::ReadServer => (Route::Server, String::new()),
            Operation::ReadConfiguration => (Route::Config, "/config".to_owned()),
            Operation::ListZones | Operation::CreateZone => (Route::Zones, "/zones".to_owned()),
            Operation::ApplyChanges => (Route::Records, zone()),
            Operation::ReadKeys | Operation::CreateKey | Operation::ChangeKey | Operation::DeleteKey => {
                (Route::Keys, format!("{}/cryptokeys", zone()))
            }
            _ => (Route::Zone, zone()),
        };
        (route, format!("/api/v1/servers/localhost{path}"))
    }

    fn target(&self) -> &str {
        self.zone.map_or("server", ZoneName::as_str)
    }

    fn refused(&self, refusal: &Refusal) -> Error {
        powerdns::refused(self.operation, refusal.status(), refusal.text(), self.sent, self.target())
    }

    fn broken(&self, kind: ErrorKind, help: &str) -> Error {
        let error =
            Error::new(kind, self.operation.name()).with_help(help).with_target(self.target().to_owned());
        if self.operation.writes() { error.with_outcome_unknown() } else { error }
    }
}

impl MockDns {
    /// A server without zones, by the machine's clock.
    pub fn new() -> Self {
        Self::default()
    }

    /// The server of this model.
    pub fn with_model(model: Model) -> Self {
        Self { model, ..Self::default() }
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
        let (route, path) = request.route();
        let sent = u64::try_from(request.sent).unwrap_or(u64::MAX);
        let fault = self.model.take_in(route, request.operation.writes(), &path, sent);
        match &fault {
            Some(Fault::Drop) => {
                return Err(request.broken(ErrorKind::Unavailable, "the connection was closed"));
            }
            Some(Fault::Refuse(refusal)) => return Err(request.refused(refusal)),
            _ => {}
        }
        let done = self.model.with(act);
        match fault {
            None => {}
            Some(Fault::Delay(pause)) if pause < PATIENCE => tokio::time::sleep(pause).await,
            Some(Fault::Delay(_) | Fault::NoAnswer) => {
                tokio::time::sleep(PATIENCE).await;
                return Err(request.broken(ErrorKind::Timeout, "no answer came"));
            }
            Some(Fault::DropAnswer) => {
                return Err(request.broken(ErrorKind::Unavailable, "the connection was closed"));
            }
            // A change of records is answered without a body that could be broken.
            Some(_) if route == Route::Records => {}
            Some(_) => {
                let error = request.broken(ErrorKind::Decode, "the answer is not JSON");
                return Err(error.with_code("unreadable_answer"));
            }
        }
        done.map_err(|refusal| request.refused(&refusal))
    }
}

#[async_trait]
impl DnsZones for MockDns {
    async fn capabilities(&self) -> Result<Capabilities> {
        let ask = || async {
            let version = Request::new(Operation::ReadServer, None);
            let version = self.ask(version, |state| Ok(state.version())).await?;
            let settings = Request::new(Operation::ReadConfiguration, None);
            let settings = self.ask(settings, |state| Ok(state.settings().clone())).await?;
            Ok(powerdns::served_by(version, &settings))
        };
        self.capabilities.get_or_try_init(ask).await.copied()
    }

    async fn zones(&self) -> Result<Vec<ZoneName>> {
        let request = Request::new(Operation::ListZones, None);
        let names: Vec<DomainName> =
            self.ask(request, |state| Ok(state.all_zones().map(|zone| zone.name.clone()).collect())).await?;
        Ok(names.into_iter().filter_map(|name| ZoneName::try_from(name).ok()).collect())
    }

    async fn zone(&self, zone: &ZoneName) -> Result<Zone> {
        let shown = Shown { without_records: true, ..Shown::default() };
        let request = Request::new(Operation::ReadZone, Some(zone));
        read(zone, self.ask(request, |state| state.show_zone(zone.apex(), &shown)).await?)
    }

    async fn create_zone(&self, spec: &ZoneSpec) -> Result<Zone> {
        let document = powerdns::zone_document(spec);
        let sent = document.to_string().len();
        let request = Request { sent, ..Request::new(Operation::CreateZone, Some(&spec.name)) };
        read(&spec.name, self.ask(request, |state| state.create_zone(&document)).await?)
    }

    async fn delete_zone(&self, zone: &ZoneName) -> Result<()> {
        let request = Request::new(Operation::DeleteZone, Some(zone));
        let deleted = self.ask(request, |state| state.delete_zone(zone.apex())).await;
        absent_is_well(deleted)
    }

    async fn record_sets(&self, zone: &ZoneName) -> Result<Vec<RecordSet>> {
        let request = Request::new(Operation::ReadRecords, Some(zone));
        self.ask(request, |state| {
            let zone = state.zone(zone.apex())?;
            Ok(zone.shown_sets().collect())
        })
        .await
    }

    async fn find(
        &self,
        zone: &ZoneName,
        name: &DomainName,
        kind: Option<RecordType>,
    ) -> Result<Vec<RecordSet>> {
        let wanted = |key: &RecordKey| kind.is_none_or(|kind| kind == key.kind);
        let request = Request::new(Operation::ReadRecords, Some(zone));
        self.ask(request, |state| {
            let sets = state.zone(zone.apex())?.at(name);
            Ok(sets.filter(|(key, _)| wanted(key)).map(|(key, set)| set.shown(key)).collect())
        })
        .await
    }

    async fn apply(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        let bodies = powerdns::bodies(zone, changes, BODY_LIMIT)?;
        if powerdns::depends_on_server(changes.changes()) {
            powerdns::check(changes.changes(), &self.capabilities().await?)?;
        }
        let (requests, mut applied) = (bodies.len(), Applied::default());
        for (body, count) in bodies {
            let request = Request { sent: body.len(), ..Request::new(Operation::ApplyChanges, Some(zone)) };
            match self.ask(request, |state| patch(state, zone, &body)).await {
                Ok(serial) => applied.serial = serial,
                Err(error) => return Err(powerdns::partly(error, &applied, requests, changes.len())),
            }
            applied.requests += 1;
            applied.changes += count;
            applied.bytes += u64::try_from(body.len()).unwrap_or(u64::MAX);
        }
        Ok(applied)
    }
}

/// What the server does with the body that the client sends; the serial that it tells then.
fn patch(state: &mut State, zone: &ZoneName, body: &[u8]) -> std::result::Result<Option<Serial>, Refusal> {
    state.expect_zone(zone.apex())?;
    let document: Value = serde_json::from_slice(body).map_err(|_malformed| Refusal::bad_request())?;
    let now = state.now();
    let sets = document["rrsets"].as_array().into_iter().flatten();
    let patched = state.patch(zone.apex(), sets.map(|set| Edit::read(set, now)))?;
    Ok(patched.serials.map(|(_, new)| Serial(new)))
}

fn read(zone: &ZoneName, answer: Value) -> Result<Zone> {
    powerdns::read_zone(answer).ok_or_else(|| {
        Error::new(ErrorKind::Decode, Operation::ReadZone.name())
            .with_target(zone.as_str())
            .with_code("unreadable_answer")
    })
}

pub(super) fn absent_is_well(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if error.status() == Some(404) => Ok(()),
        done => done,
    }
}
