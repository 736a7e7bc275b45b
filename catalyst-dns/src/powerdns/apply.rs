//! Making changes, and showing the requests that would.

use catalyst_core::http::Method;
use catalyst_core::{Error, Result};

use super::PowerDns;
use super::call::{Answer, Call};
use super::operation::Operation;
use super::patch::{Bodies, refused};
use super::path::Path;
use super::refusal;
use crate::{Applied, Capabilities, Change, ChangeSet, RecordType, Serial, ZoneName};

/// What a server takes if it is not told otherwise (`webserver-max-bodysize`), in units of 2²⁰ bytes.
const SERVER_LIMIT_MB: usize = 2;

/// A request that would be sent, without what proves who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DryRequest {
    /// `PATCH`.
    pub method: &'static str,
    /// The path at the server, from `/` on.
    pub path: String,
    /// The body, byte for byte.
    pub body: String,
    /// How many changes are in it.
    pub changes: usize,
}

impl PowerDns {
    /// The requests that [`apply`](crate::DnsZones::apply) would send for these changes, byte for byte. Nothing is sent, not
    /// even a question; what only the server can refuse is not found.
    ///
    /// ```
    /// use catalyst_dns::{Change, ChangeSet, PowerDns, RecordKey, RecordType, Secret};
    ///
    /// let dns = PowerDns::builder("http://127.0.0.1:8081")?.api_key(Secret::new("k")).build()?;
    /// let gone = RecordKey { name: "old.example.org".parse()?, kind: RecordType::A };
    /// let requests = dns.requests(&"example.org".parse()?, &ChangeSet::new([Change::Delete(gone)])?)?;
    /// assert_eq!(requests[0].path, "/api/v1/servers/localhost/zones/example.org.");
    /// assert_eq!(
    ///     requests[0].body,
    ///     r#"{"rrsets":[{"name":"old.example.org.","type":"A","changetype":"DELETE"}]}"#
    /// );
    /// # Ok::<(), catalyst_dns::Error>(())
    /// ```
    ///
    /// # Errors
    /// `out_of_zone` and `body_too_large`, as `apply` has them.
    pub fn requests(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Vec<DryRequest>> {
        let path = Path::zone(zone).at(&self.api.server).path().to_owned();
        let request = |(body, changes): (zeroize::Zeroizing<Vec<u8>>, usize)| DryRequest {
            method: Method::Patch.as_str(),
            path: path.clone(),
            body: String::from_utf8_lossy(&body).into_owned(),
            changes,
        };
        Ok(self.bodies(zone, changes)?.map(|bodies| bodies.each().map(request).collect()).unwrap_or_default())
    }

    /// What `apply` of [`DnsZones`](crate::DnsZones) does.
    ///
    /// A request may be repeated: REPLACE and DELETE say what is to be, whatever is there; EXTEND of a record that is in
    /// the set and PRUNE of one that is not change nothing (`applyPruneOrExtend` in the server's ws-auth.cc). So a
    /// request whose outcome is unknown is sent again.
    pub(super) async fn make(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Applied> {
        let Some(bodies) = self.bodies(zone, changes)? else { return Ok(Applied::default()) };
        self.check_size(zone, bodies.largest()).await?;
        self.check_version(changes).await?;
        let bodies = bodies.each();
        let requests = bodies.len();
        let mut applied = Applied::default();
        let _turn = self.api.writers.turn(zone, Operation::ApplyChanges.name()).await?;
        for (body, count) in bodies {
            let bytes = body.len() as u64;
            let call =
                Call::new(Operation::ApplyChanges, Method::Patch, Path::zone(zone), zone.as_str()).body(body);
            match self.api.send(&call).await {
                Ok(answer) => applied.serial = new_serial(&answer),
                Err(error) => return Err(partly(error, &applied, requests, changes.len())),
            }
            applied.requests += 1;
            applied.changes += count;
            applied.bytes += bytes;
        }
        Ok(applied)
    }

    /// `None` if there is nothing to do.
    fn bodies(&self, zone: &ZoneName, changes: &ChangeSet) -> Result<Option<Bodies>> {
        if changes.is_empty() {
            return Ok(None);
        }
        Bodies::new(zone, changes.changes(), self.api.body_limit).map(Some)
    }

    /// A server breaks the connection in the middle of a body that is too large, and that looks like any other fault of the
    /// network. So whoever raised the limit here has it compared with the server's first.
    async fn check_size(&self, zone: &ZoneName, largest: usize) -> Result<()> {
        if largest <= SERVER_LIMIT_MB << 20 {
            return Ok(());
        }
        let settings = self.configuration().await?;
        let megabytes = settings.get("webserver-max-bodysize").and_then(|text| text.parse().ok());
        let limit = megabytes.unwrap_or(SERVER_LIMIT_MB).saturating_mul(1 << 20);
        if largest <= limit {
            return Ok(());
        }
        let meaning = refusal::too_large();
        Err(Error::new(meaning.kind, Operation::ApplyChanges.name())
            .with_service(refusal::SERVICE)
            .with_target(zone.as_str())
            .with_code(meaning.code)
            .with_help(format!("{}; nothing was sent", meaning.help)))
    }

    /// Asks what the server can do only if that decides.
    async fn check_version(&self, changes: &ChangeSet) -> Result<()> {
        if !changes.changes().iter().any(|change| needs_step(change) || touches_lua(change)) {
            return Ok(());
        }
        let capabilities = self.probe().await?;
        changes.changes().iter().try_for_each(|change| check_change(change, &capabilities))
    }
}

/// The serial that the write left behind. It is not there if the write changed nothing, or a proxy dropped it.
fn new_serial(answer: &Answer) -> Option<Serial> {
    answer.header("x-pdns-new-serial")?.parse().ok().map(Serial)
}

pub(super) fn check_change(change: &Change, capabilities: &Capabilities) -> Result<()> {
    let meaning = if needs_step(change) && !capabilities.extend_and_prune() {
        refusal::unsupported()
    } else if touches_lua(change) && !capabilities.lua_record_updates {
        refusal::lua_disabled()
    } else {
        return Ok(());
    };
    Err(refused(meaning.code, meaning.help, &change.key()))
}

pub(super) fn needs_step(change: &Change) -> bool {
    matches!(change, Change::Extend(_) | Change::Prune(..))
}

pub(super) fn touches_lua(change: &Change) -> bool {
    match change {
        Change::Replace(set) | Change::Extend(set) => set.kind() == RecordType::Lua,
        Change::Delete(key) | Change::Prune(key, _) => key.kind == RecordType::Lua,
    }
}

/// Says how far it came, if it came anywhere.
pub(super) fn partly(error: Error, applied: &Applied, requests: usize, changes: usize) -> Error {
    if applied.requests == 0 {
        return error;
    }
    let why = error.help().map_or_else(|| error.kind().to_string(), str::to_owned);
    let help = format!(
        "{} of {requests} requests were applied ({} of {changes} changes), then: {why}. Plan again from what the server has",
        applied.requests, applied.changes
    );
    error.clone().with_code("partly_applied").with_help(help).with_source(error)
}
