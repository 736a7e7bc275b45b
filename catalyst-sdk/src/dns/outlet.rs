//! Where events go: to the observer and to `tracing`.

use std::fmt;
use std::sync::Arc;

use catalyst_core::Clock;
use catalyst_dns::DomainName;
use catalyst_dns::plan::{ApplyEvent, ApplyEventKind, ApplyObserver, Owner};

use super::{DnsEvent, DnsEventKind, DnsObserver};

const TARGET: &str = "catalyst::audit";

#[derive(Clone)]
pub(super) struct Outlet {
    pub(super) observer: Option<DnsObserver>,
    pub(super) clock: Clock,
    pub(super) owner: Owner,
}

impl Outlet {
    pub(super) fn tell(&self, name: &DomainName, kind: DnsEventKind) {
        let (shown, owner, step) = (name.to_string(), self.owner.as_str(), kind.name());
        match &kind {
            DnsEventKind::Zone { zone, step: ApplyEventKind::Changed { key, action, before, after } } => {
                let (zone, key) = (zone.to_string(), key.to_string());
                tracing::info!(target: TARGET, name = shown, owner, step, zone, key, action, before, after, "dns");
            }
            DnsEventKind::Zone { zone, step: ApplyEventKind::Refused { key, reason, .. } } => {
                let (zone, key) = (zone.to_string(), key.to_string());
                tracing::warn!(target: TARGET, name = shown, owner, step, zone, key, reason, "dns");
            }
            DnsEventKind::Zone { zone, .. } => {
                tracing::info!(target: TARGET, name = shown, owner, step, zone = zone.to_string(), "dns");
            }
            DnsEventKind::Failed { error } => {
                tracing::warn!(target: TARGET, name = shown, owner, step, %error, "dns");
            }
            DnsEventKind::Primed { answered: well, silent: not }
            | DnsEventKind::Verified { agree: well, others: not } => {
                tracing::info!(target: TARGET, name = shown, owner, step, well, not, "dns");
            }
        }
        if let Some(observer) = &self.observer {
            let owner = owner.to_owned();
            observer(&DnsEvent { name: name.clone(), owner, at: self.clock.now(), kind });
        }
    }

    /// Passes on the steps in the zone of the application `name`.
    pub(super) fn of_zone(&self, name: &DomainName) -> ApplyObserver {
        let (outlet, name) = (self.clone(), name.clone());
        Arc::new(move |event: &ApplyEvent| {
            let (zone, step) = (event.zone.clone(), event.kind.clone());
            outlet.tell(&name, DnsEventKind::Zone { zone, step });
        })
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("owner", &self.owner).finish_non_exhaustive()
    }
}
