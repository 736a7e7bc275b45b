//! Where events go: to the observer and to `tracing`.

use std::fmt;
use std::sync::Arc;

use catalyst_core::Clock;
use catalyst_keycloak::ClientId;
use catalyst_keycloak::rotation::{RotationEvent, RotationObserver};

use super::{Place, SsoEvent, SsoEventKind, SsoObserver};

#[derive(Clone, Default)]
pub(super) struct Outlet {
    pub(super) observer: Option<SsoObserver>,
    pub(super) clock: Clock,
}

impl Outlet {
    pub(super) fn tell(&self, place: &Place, client: &ClientId, kind: SsoEventKind) {
        let (application, id, step) = (place.to_string(), client.as_str(), kind.name());
        match &kind {
            SsoEventKind::ClientEnsured { outcome, changes } => {
                tracing::info!(target: TARGET, application, client = id, step, ?outcome, ?changes, "sso");
            }
            SsoEventKind::KeyMade { key_id } => {
                tracing::info!(target: TARGET, application, client = id, step, key_id, "sso");
            }
            SsoEventKind::CredentialStored { path } => {
                tracing::info!(target: TARGET, application, client = id, step, path, "sso");
            }
            SsoEventKind::Rotation { number, .. } => {
                tracing::info!(target: TARGET, application, client = id, step, number, "sso: secret rotation");
            }
            SsoEventKind::Failed { error } => {
                tracing::warn!(target: TARGET, application, client = id, step, %error, "sso");
            }
            _ => tracing::info!(target: TARGET, application, client = id, step, "sso"),
        }
        if let Some(observer) = &self.observer {
            let (place, client) = (place.clone(), client.clone());
            observer(&SsoEvent { place, client, at: self.clock.now(), kind });
        }
    }

    /// Passes on the steps of a rotation.
    pub(super) fn of_rotation(&self, place: Place) -> RotationObserver {
        let outlet = self.clone();
        Arc::new(move |event: &RotationEvent| {
            let kind = SsoEventKind::Rotation { number: event.number, step: event.kind.clone() };
            outlet.tell(&place, &event.client, kind);
        })
    }
}

const TARGET: &str = "catalyst::audit";

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outlet")
    }
}
