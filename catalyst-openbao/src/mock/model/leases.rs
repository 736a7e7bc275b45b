//! Leases: looked up, renewed, revoked, run out, and ended with their token.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::grant::SYSTEM_MAX_TTL;
use super::state::{Call, Due, State};
use super::{Capability, Refusal, ttl};

#[derive(Clone)]
pub(super) struct LeaseRecord {
    pub(super) namespace: String,
    /// The path that it was read from, below the namespace: `database/creds/orders`.
    pub(super) path: String,
    /// The database mount, with its namespace.
    pub(super) mount: String,
    pub(super) token: String,
    pub(super) username: String,
    pub(super) issued: Instant,
    pub(super) expires: Instant,
    /// When its end is tried next: its expiry, or later after a failure.
    pub(super) due: Instant,
    pub(super) default_ttl: Duration,
    pub(super) max_ttl: Duration,
    pub(super) renewable: bool,
    pub(super) last_renewal: Option<Instant>,
    /// How often its end has failed.
    pub(super) failures: u32,
}

/// A lease that was renewed.
pub(crate) struct Renewed {
    pub(crate) ttl: Duration,
    pub(crate) renewable: bool,
    pub(crate) warning: Option<String>,
}

/// The pause before the first repetition of a revocation that failed; each further one is twice as long.
const FIRST_REPETITION: Duration = Duration::from_secs(10);
/// After so many failures the server gives up, and the lease is irrevocable.
const REPETITIONS: u32 = 6;

impl State {
    pub(super) fn renew_lease(
        &mut self,
        call: &Call,
        id: &str,
        increment: Option<Duration>,
    ) -> Result<Renewed, Refusal> {
        self.admit(call, "sys/leases/renew", Capability::Update)?;
        if id.is_empty() {
            return Err(Refusal::bad_request("lease_id must be specified"));
        }
        let now = self.clock.now();
        let not_found = || Refusal::bad_request("lease not found");
        let lease = self.stored.leases.get(id).filter(|lease| lease.expires > now).ok_or_else(not_found)?;
        if !lease.renewable {
            return Err(Refusal::bad_request("lease is not renewable"));
        }
        let asked = increment.filter(|increment| !increment.is_zero()).unwrap_or(lease.default_ttl);
        let granted = ttl::grant(now, lease.issued, asked, lease.max_ttl);
        if let Some(failure) = self.backend_failure(&lease.mount, false) {
            let text = format!(
                "failed to renew entry: resp: (*logical.Response)(nil) err: 1 error occurred:\n\t* {failure}\n\n"
            );
            return Err(Refusal::bad_request(&text));
        }
        let granted = granted.ok_or_else(|| Refusal::bad_request("past the max TTL, cannot renew"))?;
        let ttl = granted.ttl.min(call.clip.unwrap_or(SYSTEM_MAX_TTL));
        let lease = self.stored.leases.get_mut(id).ok_or_else(not_found)?;
        (lease.expires, lease.due, lease.last_renewal) = (now + ttl, now + ttl, Some(now));
        self.users.extend(&lease.username, lease.expires);
        self.stored.due.insert((lease.due, Due::Lease(id.to_owned())));
        self.counters.lease_renewals += 1;
        Ok(Renewed { ttl, renewable: true, warning: granted.warning })
    }

    /// Revokes a lease; one that does not exist is revoked already.
    pub(super) fn revoke_lease(&mut self, call: &Call, id: &str) -> Result<(), Refusal> {
        self.admit(call, "sys/leases/revoke", Capability::Update)?;
        if id.is_empty() {
            return Err(Refusal::bad_request("lease_id must be specified"));
        }
        let known = self.stored.leases.contains_key(id);
        let now = self.clock.now();
        self.end_lease(id, now).map_err(|failure| {
            let text = format!("failed to revoke entry: resp: (*logical.Response)(nil) err: {failure}");
            Refusal::bad_request(&text)
        })?;
        self.counters.lease_revocations += u64::from(known);
        Ok(())
    }

    /// Revokes all leases below `prefix`, segment by segment.
    pub(super) fn revoke_prefix(&mut self, call: &Call, prefix: &str) -> Result<(), Refusal> {
        self.admit(call, &format!("sys/leases/revoke-prefix/{prefix}"), Capability::Update)?;
        if prefix.is_empty() || prefix.ends_with('/') {
            return Err(Refusal::bad_request("cannot write to a path ending in '/'"));
        }
        let (now, below) = (self.clock.now(), format!("{prefix}/"));
        let all = self.stored.leases.iter();
        let found = all.filter(|(id, lease)| {
            lease.namespace == call.namespace && (id.starts_with(&below) || id.as_str() == prefix)
        });
        for id in found.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.end_lease(&id, now).map_err(|failure| {
                let text =
                    format!("failed to revoke \"{id}\": resp: (*logical.Response)(nil) err: {failure}");
                Refusal::bad_request(&text)
            })?;
            self.counters.lease_revocations += 1;
        }
        Ok(())
    }

    /// What the server says about a lease, as JSON: nothing but the fake asks for it.
    pub(super) fn look_up_lease(&mut self, call: &Call, id: &str) -> Result<Value, Refusal> {
        self.admit(call, "sys/leases/lookup", Capability::Update)?;
        if id.is_empty() {
            return Err(Refusal::bad_request("lease_id must be specified"));
        }
        let (now, clock) = (self.clock.now(), &self.clock);
        let lease = self.stored.leases.get(id).ok_or_else(|| Refusal::bad_request("invalid lease"))?;
        let whole = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        let left = whole(lease.expires.saturating_duration_since(now));
        let over = whole(now.saturating_duration_since(lease.expires));
        Ok(json!({
            "expire_time": clock.text(lease.expires),
            "id": id,
            "issue_time": clock.text(lease.issued),
            "last_renewal": lease.last_renewal.map(|at| clock.text(at)),
            "path": lease.path,
            "renewable": lease.renewable,
            "ttl": left - over,
        }))
    }

    /// The names directly below `prefix` in the tree of leases.
    pub(super) fn list_leases(&mut self, call: &Call, prefix: &str) -> Result<Vec<String>, Refusal> {
        self.admit(call, &format!("sys/leases/lookup/{prefix}"), Capability::List)?;
        let prefix = prefix.trim_end_matches('/');
        let below = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mine = self.stored.leases.iter().filter(|(_, lease)| lease.namespace == call.namespace);
        let rests = mine.filter_map(|(id, _)| id.strip_prefix(&below));
        let mut keys: Vec<_> =
            rests.map(|rest| rest.find('/').map_or(rest, |at| &rest[..=at]).to_owned()).collect();
        keys.dedup();
        if keys.is_empty() { Err(Refusal::nothing_there()) } else { Ok(keys) }
    }

    /// Ends a lease and drops its user. If the database will not, the lease stays, is no longer renewable, and its
    /// end is tried again with growing pauses; the database's words are returned.
    pub(super) fn end_lease(&mut self, id: &str, at: Instant) -> Result<(), String> {
        let Some(lease) = self.stored.leases.get(id) else { return Ok(()) };
        if let Some(failure) = self.backend_failure(&lease.mount, true) {
            let Some(lease) = self.stored.leases.get_mut(id) else { return Ok(()) };
            // A revocation by hand that fails leaves the lease as it was.
            if lease.expires <= at {
                lease.renewable = false;
                lease.failures += 1;
                if lease.failures <= REPETITIONS {
                    lease.due = at + FIRST_REPETITION * 2_u32.pow(lease.failures - 1);
                    self.stored.due.insert((lease.due, Due::Lease(id.to_owned())));
                }
            }
            return Err(failure);
        }
        if let Some(lease) = self.stored.leases.remove(id) {
            if let Some(token) = self.stored.tokens.get_mut(&lease.token) {
                token.leases.remove(id);
            }
            self.users.drop(&lease.username, at);
        }
        Ok(())
    }
}
