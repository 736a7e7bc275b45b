//! Tokens: what a login gives, how long it lasts, and what dies with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::clock::seconds;
use super::grant::{SYSTEM_MAX_TTL, TokenGrant};
use super::policy::ROOT;
use super::state::{Call, Due, State};
use super::{Capability, Refusal, ttl};

#[derive(Clone)]
pub(super) struct Token {
    accessor: String,
    batch: bool,
    pub(super) display_name: String,
    path: String,
    pub(super) policies: Vec<String>,
    metadata: Option<BTreeMap<String, String>>,
    pub(super) namespace: String,
    issued: Instant,
    creation_ttl: Duration,
    /// What a renewal gives that asks for nothing.
    default_ttl: Duration,
    pub(super) expires: Option<Instant>,
    max_life: Duration,
    explicit_max_ttl: Option<Duration>,
    period: Option<Duration>,
    renewable: bool,
    last_renewal: Option<Instant>,
    pub(super) uses: Option<u32>,
    parent: Option<String>,
    certificate: Option<u64>,
    pub(super) leases: BTreeSet<String>,
}

/// The path of a token that no login method made.
pub(super) const CREATED: &str = "auth/token/create";

/// Where a token comes from.
#[derive(Default)]
pub(super) struct Origin {
    pub(super) display_name: String,
    pub(super) path: String,
    pub(super) metadata: Option<BTreeMap<String, String>>,
    pub(super) namespace: String,
    pub(super) parent: Option<String>,
    pub(super) certificate: Option<u64>,
}

/// What people read of a token.
pub(crate) struct TokenLabels {
    pub(crate) display_name: String,
    pub(crate) metadata: Option<BTreeMap<String, String>>,
}

/// The member `auth` of an answer.
#[derive(Serialize)]
pub(crate) struct AuthAnswer {
    pub(crate) client_token: String,
    accessor: String,
    policies: Vec<String>,
    token_policies: Vec<String>,
    metadata: Option<BTreeMap<String, String>>,
    pub(crate) lease_duration: u64,
    pub(crate) renewable: bool,
    entity_id: String,
    token_type: &'static str,
    orphan: bool,
    mfa_requirement: Option<()>,
    num_uses: u32,
}

impl Token {
    /// The token that may do everything and never ends, as a development server has it.
    pub(super) const ROOT_ID: &'static str = "root";

    pub(super) fn root(now: Instant) -> Self {
        Self {
            accessor: "W4WEUk1RelZcrVFBbXloemUp".to_owned(),
            batch: false,
            display_name: "token".to_owned(),
            path: CREATED.to_owned(),
            policies: vec![ROOT.to_owned()],
            metadata: None,
            namespace: String::new(),
            issued: now,
            creation_ttl: Duration::ZERO,
            default_ttl: Duration::ZERO,
            expires: None,
            max_life: Duration::ZERO,
            explicit_max_ttl: None,
            period: None,
            renewable: false,
            last_renewal: None,
            uses: None,
            parent: None,
            certificate: None,
            leases: BTreeSet::new(),
        }
    }

    /// When a lease that this token makes ends at the latest: only a batch token bounds it from the start.
    pub(super) fn lease_bound(&self) -> Option<Instant> {
        self.expires.filter(|_| self.batch)
    }
}

impl State {
    pub(super) fn mint_token(
        &mut self,
        grant: &TokenGrant,
        origin: Origin,
        clip: Option<Duration>,
    ) -> String {
        let now = self.clock.now();
        let kind = if grant.batch { 'b' } else { 's' };
        let suffix = self.namespace_suffix(&origin.namespace);
        let id = format!("{kind}.{}{suffix}", self.random_text(24));
        let ttl = grant.lifetime().unwrap_or(SYSTEM_MAX_TTL).min(clip.unwrap_or(SYSTEM_MAX_TTL));
        let default = grant.default_policy.map(str::to_owned);
        let mut policies: Vec<_> = grant.policies.iter().cloned().chain(default).collect();
        policies.sort_unstable();
        policies.dedup();
        let token = Token {
            accessor: format!("{}{suffix}", self.random_text(24)),
            batch: grant.batch,
            display_name: origin.display_name,
            path: origin.path,
            policies,
            metadata: origin.metadata,
            namespace: origin.namespace,
            issued: now,
            creation_ttl: ttl,
            default_ttl: ttl,
            expires: (!grant.endless).then(|| now + ttl),
            max_life: grant.max_ttl,
            explicit_max_ttl: grant.explicit_max_ttl,
            period: grant.period,
            renewable: grant.renewable,
            last_renewal: None,
            uses: grant.uses,
            parent: origin.parent,
            certificate: origin.certificate,
            leases: BTreeSet::new(),
        };
        if let Some(end) = token.expires {
            self.stored.due.insert((end, Due::Token(id.clone())));
        }
        self.stored.tokens.insert(id.clone(), token);
        id
    }

    /// A token that may do everything and never ends: of init, or out of key shares.
    pub(super) fn mint_root(&mut self) -> String {
        let id = format!("s.{}", self.random_text(24));
        let accessor = self.random_text(24);
        let token = Token {
            accessor,
            display_name: "root".to_owned(),
            path: "auth/token/root".to_owned(),
            ..Token::root(self.clock.now())
        };
        self.stored.tokens.insert(id.clone(), token);
        id
    }

    /// How many tokens may do everything.
    pub(super) fn roots(&self) -> usize {
        self.stored.tokens.values().filter(|token| token.policies.iter().any(|name| name == ROOT)).count()
    }

    pub(super) fn auth_answer(&self, id: &str) -> Result<AuthAnswer, Refusal> {
        let token = self.stored.tokens.get(id).ok_or_else(Refusal::bad_token)?;
        let now = self.clock.now();
        let left = token.expires.map_or(Duration::ZERO, |end| end.saturating_duration_since(now));
        let entity = self.entity_of(id).unwrap_or_default();
        Ok(AuthAnswer {
            client_token: id.to_owned(),
            accessor: if token.batch { String::new() } else { token.accessor.clone() },
            policies: token.policies.clone(),
            token_policies: token.policies.clone(),
            metadata: token.metadata.clone(),
            lease_duration: seconds(left),
            renewable: token.renewable,
            entity_id: entity,
            token_type: if token.batch { "batch" } else { "service" },
            orphan: token.parent.is_none(),
            mfa_requirement: None,
            num_uses: token.uses.unwrap_or(0),
        })
    }

    /// Whom a token stands for: all logins are of one entity. None for a token that was made otherwise.
    pub(super) fn entity_of(&self, id: &str) -> Option<String> {
        let token = self.stored.tokens.get(id)?;
        let logged_in = token.metadata.is_some() && !token.path.starts_with(CREATED);
        logged_in.then(|| "c8ca465e-870a-b315-afd3-521920a749cd".to_owned())
    }

    /// Renews the caller's own token. The second value is the server's warning.
    pub(super) fn renew_self(
        &mut self,
        call: &Call,
        increment: Option<Duration>,
    ) -> Result<(AuthAnswer, Option<String>), Refusal> {
        let id = self.admit(call, "auth/token/renew-self", Capability::Update)?;
        self.renew_token(&id, increment, call.clip)
    }

    pub(super) fn renew_token(
        &mut self,
        id: &str,
        increment: Option<Duration>,
        clip: Option<Duration>,
    ) -> Result<(AuthAnswer, Option<String>), Refusal> {
        let (now, presented) = (self.clock.now(), self.certificate.clone());
        let token = self.stored.tokens.get_mut(id).ok_or_else(Refusal::bad_token)?;
        if token.batch {
            return Err(Refusal::bad_request("batch tokens cannot be renewed"));
        }
        if !token.renewable {
            return Err(Refusal::bad_request("lease is not renewable"));
        }
        check_certificate(token.certificate, presented)?;
        let (asked, max) = if let Some(period) = token.period {
            // A periodic token ends only at an explicit maximum.
            (period, token.explicit_max_ttl.unwrap_or(now - token.issued + period))
        } else {
            let asked = increment.filter(|increment| !increment.is_zero()).unwrap_or(token.default_ttl);
            (asked, token.explicit_max_ttl.map_or(token.max_life, |max| max.min(token.max_life)))
        };
        let granted = ttl::grant(now, token.issued, asked, max)
            .ok_or_else(|| Refusal::bad_request("past the max TTL, cannot renew"))?;
        let ttl = granted.ttl.min(clip.unwrap_or(SYSTEM_MAX_TTL));
        token.expires = Some(now + ttl);
        token.last_renewal = Some(now);
        if token.path == CREATED {
            // Only a login method has a term of its own to fall back on.
            token.default_ttl = ttl;
        }
        self.stored.due.insert((now + ttl, Due::Token(id.to_owned())));
        self.counters.token_renewals += 1;
        Ok((self.auth_answer(id)?, granted.warning))
    }

    pub(super) fn revoke_self(&mut self, call: &Call) -> Result<(), Refusal> {
        let id = self.admit(call, "auth/token/revoke-self", Capability::Update)?;
        let now = self.clock.now();
        self.end_token(&id, now);
        self.counters.token_revocations += 1;
        Ok(())
    }

    /// What the server says about a token, as JSON: nothing but the fake asks for it.
    pub(super) fn describe_token(&self, id: &str) -> Option<Value> {
        let token = self.stored.tokens.get(id)?;
        let (now, clock) = (self.clock.now(), &self.clock);
        let mut description = json!({
            "accessor": token.accessor,
            "creation_time": clock.unix(token.issued),
            "creation_ttl": seconds(token.creation_ttl),
            "display_name": token.display_name,
            "entity_id": "",
            "expire_time": token.expires.map(|end| clock.text(end)),
            "explicit_max_ttl": seconds(token.explicit_max_ttl.unwrap_or_default()),
            "id": id,
            "issue_time": clock.text(token.issued),
            "meta": token.metadata,
            "num_uses": token.uses.unwrap_or(0),
            "orphan": token.parent.is_none(),
            "path": token.path,
            "policies": token.policies,
            "renewable": token.renewable,
            "ttl": token.expires.map_or(0, |end| end.saturating_duration_since(now).as_secs()),
            "type": if token.batch { "batch" } else { "service" },
        });
        if let Some(renewed) = token.last_renewal {
            description["last_renewal"] = clock.text(renewed).into();
            description["last_renewal_time"] = clock.unix(renewed).into();
        }
        Some(description)
    }

    /// The token of an accessor.
    pub(super) fn token_of(&self, accessor: &str) -> Option<String> {
        let mut tokens = self.stored.tokens.iter().filter(|(_, token)| !token.batch);
        tokens.find(|(_, token)| token.accessor == accessor).map(|(id, _)| id.clone())
    }

    /// The accessors of all tokens that are kept.
    pub(super) fn accessors(&self) -> Vec<String> {
        self.stored.tokens.values().filter(|token| !token.batch).map(|token| token.accessor.clone()).collect()
    }

    /// Ends a token and its leases; its children lose their parent.
    pub(super) fn end_token_only(&mut self, id: &str) {
        for child in self.stored.tokens.values_mut().filter(|child| child.parent.as_deref() == Some(id)) {
            child.parent = None;
        }
        let now = self.clock.now();
        self.end_token(id, now);
    }

    /// Ends a token, its children and all their leases.
    pub(super) fn end_token(&mut self, id: &str, at: Instant) {
        let mut ending = vec![id.to_owned()];
        while let Some(id) = ending.pop() {
            let Some(token) = self.stored.tokens.remove(&id) else { continue };
            for lease in token.leases {
                // A lease whose user cannot be dropped stays, and is tried again.
                drop(self.end_lease(&lease, at));
            }
            let children = self.stored.tokens.iter().filter(|(_, child)| child.parent.as_ref() == Some(&id));
            ending.extend(children.map(|(child, _)| child.clone()));
        }
    }
}

/// A certificate login is bound to the certificate that it was made with, down to the byte.
fn check_certificate(bound: Option<u64>, presented: Option<(String, u64)>) -> Result<(), Refusal> {
    match (bound, presented) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Refusal::bad_request("no client certificate found")),
        (Some(bound), Some((_, serial))) if bound == serial => Ok(()),
        (Some(bound), Some((_, serial))) => Err(Refusal::internal(&format!(
            "failed to renew entry: client identity during renewal not matching client identity used during login:\
             \n\toriginal: [{bound}]\n\trenewal: [{serial}]"
        ))),
    }
}
