//! The zone is signed, its parent says so, and whoever validates is convinced.

use std::sync::Arc;

use catalyst_core::Clock;
use catalyst_dns::dnssec::{Dnssec, DsPublisher, ServedParent, Validator};
use catalyst_dns::query::{NameServer, NameServerClient};
use catalyst_dns::{DomainName, Ds, RecordKey, RecordType, ZoneName};

use crate::stage::{Broken, Stage};
use catalyst_examples::screen::Screen;

/// What validators say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed {
    /// Ours.
    pub valid: bool,
    /// BIND's, where it was asked.
    pub delv: Option<bool>,
}

/// Signs the zone, publishes its DS in the parent, and validates from there down to the application's addresses.
pub(crate) async fn sign(stage: &Stage, name: &DomainName, screen: &Screen) -> Result<Signed, Broken> {
    let signed = Dnssec::new(Arc::new(stage.powerdns.clone())).enable(&stage.zone).await?;
    signed.to_string().lines().for_each(|line| screen.tell(line));
    let parent = ServedParent::new(Arc::new(stage.powerdns.clone()), stage.parent.clone());
    parent.set_ds(&signed.zone, &signed.ds).await?;
    screen.happened(&format!("{} has the DS", stage.parent));

    let servers = [NameServer::new(stage.server_name.clone(), [stage.name_server])];
    let validator = Validator::new(Arc::new(NameServerClient::new()), Clock::system());
    let addresses = RecordKey { name: name.clone(), kind: RecordType::A };
    let found = validator.validate_set(&stage.zone, &addresses, &servers, &servers).await?;
    found.to_string().lines().for_each(|line| screen.tell(line));

    let mut delv = None;
    if let Some(ds) = signed.ds.first()
        && let Some(said) = stage.validate(name.without_dot(), "A", &anchor(&stage.zone, ds)).await?
    {
        said.lines().for_each(|line| screen.tell(&format!("delv: {line}")));
        delv = Some(said.contains("; fully validated"));
    }
    Ok(Signed { valid: found.is_secure(), delv })
}

/// A trust anchor as BIND reads it.
fn anchor(zone: &ZoneName, ds: &Ds) -> String {
    let text = ds.to_string();
    let (head, digest) = text.rsplit_once(' ').unwrap_or((&text, ""));
    format!("{} static-ds {head} \"{digest}\";", zone.as_str())
}
