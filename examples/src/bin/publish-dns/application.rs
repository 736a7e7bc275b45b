//! The application: its declaration, its plan, its publication.

use std::sync::Arc;
use std::time::Duration;

use catalyst_dns::lua::{CheckOptions, HealthCheck};
use catalyst_dns::placement::{FailoverEstimate, Placement, Region};
use catalyst_dns::plan::{ApplyEventKind, Outcome, Owner, ZoneReport};
use catalyst_dns::{DnsZones, Ttl};
use catalyst_sdk::dns::{Dns, DnsApplication, DnsEvent, DnsEventKind};

use crate::options::Options;
use crate::regions::{HEALTH, Regions, Site};
use crate::stage::{Broken, DOMAIN, Requests, Stage};
use catalyst_examples::screen::{Screen, counted};

/// How long clients keep an answer: short, for this run waits for it.
pub(crate) const TTL: Duration = Duration::from_secs(1);
/// The primary's and the standby's share of the clients of a weighted canary.
pub(crate) const WEIGHTS: [u32; 2] = [80, 20];

/// What a plan says.
pub(crate) struct Plan {
    /// Record sets and marks.
    pub changes: usize,
    /// None for a placement that is not checked.
    pub failover: Option<FailoverEstimate>,
}

/// What one run did.
pub(crate) struct Applied {
    pub changes: usize,
    /// By the SDK's count.
    pub reads: u32,
    pub writes: u32,
    /// By the server's own count, if it counts.
    pub seen: Option<Requests>,
}

/// All that an application writes down about its name.
pub(crate) fn declaration(
    options: &Options,
    regions: &Regions,
    stage: &Stage,
) -> Result<DnsApplication, Broken> {
    let place = |site: &Site, weight| Region::new(site.name, [site.address.into()])?.weight(weight);
    let all = [place(&regions.primary, WEIGHTS[0])?, place(&regions.standby, WEIGHTS[1])?];
    let used = all.into_iter().take(*options.placement.regions().end());
    let shop = DnsApplication::new("shop", "acme-prod", &DOMAIN.parse()?, options.placement, used)?;
    let url = format!("http://{}:{}{HEALTH}", shop.name().without_dot(), regions.port);
    let check = match options.placement {
        // A standby that is costly to wake: it takes more than two failures, where the server can count them.
        Placement::ActivePassiveWarm => CheckOptions::new().minimum_failures(5)?,
        _ => CheckOptions::new(),
    };
    let ttl = Ttl::from_secs(u32::try_from(TTL.as_secs())?)?;
    Ok(shop.health_check(HealthCheck::url(url.parse()?, check)?).ttl(ttl).zone(stage.zone.clone()))
}

/// The SDK, as the platform would set it up.
pub(crate) fn dns(stage: &Stage, screen: &Screen) -> Result<Dns, Broken> {
    let screen = screen.clone();
    let observer = Arc::new(move |event: &DnsEvent| screen.happened(&sentence(&event.kind)));
    let zones: Arc<dyn DnsZones> = Arc::new(stage.powerdns.clone());
    Ok(Dns::builder(zones, Owner::new(DOMAIN)?).name_servers([stage.name_server]).observer(observer).build())
}

/// What would be done: the diff as a person reads it, and the requests as the server would read them.
pub(crate) async fn plan(
    dns: &Dns,
    shop: &DnsApplication,
    stage: &Stage,
    screen: &Screen,
) -> Result<Plan, Broken> {
    let planned = dns.plan(shop).await?;
    planned.to_string().lines().for_each(|line| screen.tell(line));
    let changes = planned.plan.change_set(&planned.zone)?;
    for request in stage.powerdns.requests(&planned.zone, &changes)? {
        screen.tell(&format!("{} {}", request.method, request.path));
        screen.tell(&request.body);
    }
    Ok(Plan { changes: changes.len(), failover: planned.publication.failover })
}

/// Makes the name as declared, and says what that took.
pub(crate) async fn publish(
    dns: &Dns,
    shop: &DnsApplication,
    stage: &Stage,
    screen: &Screen,
) -> Result<Applied, Broken> {
    let before = stage.requests();
    let published = dns.publish(shop).await?;
    if !published.is_served() {
        return Err("the name server does not serve what was published".into());
    }
    Ok(applied(&published.report, before, stage, screen))
}

/// Takes the name away.
pub(crate) async fn withdraw(
    dns: &Dns,
    shop: &DnsApplication,
    stage: &Stage,
    screen: &Screen,
) -> Result<Applied, Broken> {
    let before = stage.requests();
    Ok(applied(&dns.withdraw(shop).await?.report, before, stage, screen))
}

fn applied(report: &ZoneReport, before: Option<Requests>, stage: &Stage, screen: &Screen) -> Applied {
    let changes = match report.outcome {
        Outcome::Applied { changes } => changes,
        _ => 0,
    };
    let (reads, writes) = (report.reads, report.writes);
    let seen = before.zip(stage.requests()).map(|(before, now)| now.since(before));
    let counted_there = seen.map_or(String::new(), |seen| {
        format!("; the server saw {} and {}", counted(seen.reads, "read"), counted(seen.writes, "write"))
    });
    let what = counted(changes as u64, "change");
    let (read, written) = (counted(reads.into(), "read"), counted(writes.into(), "write"));
    screen.tell(&format!("{what}, {read}, {written}{counted_there}"));
    Applied { changes, reads, writes, seen }
}

/// What happened, for people.
fn sentence(kind: &DnsEventKind) -> String {
    match kind {
        DnsEventKind::Zone { zone, step } => zone_sentence(&zone.to_string(), step),
        DnsEventKind::Primed { answered, .. } => {
            format!("{} asked once, so that health checks begin", counted(*answered as u64, "name server"))
        }
        DnsEventKind::Verified { agree, others } => {
            format!("{} of {} serve it", agree, counted((agree + others) as u64, "name server"))
        }
        DnsEventKind::Failed { error } => format!("failed: {error}"),
        other => other.name().replace('_', " "),
    }
}

fn zone_sentence(zone: &str, step: &ApplyEventKind) -> String {
    match step {
        ApplyEventKind::Unchanged => format!("{zone} is as it is wanted"),
        ApplyEventKind::Written { changes, requests } => {
            let (changes, requests) = (*changes as u64, u64::from(*requests));
            format!("{zone}: {} in {}", counted(changes, "change"), counted(requests, "request"))
        }
        ApplyEventKind::Changed { key, action, .. } => format!("{key}: {action}"),
        ApplyEventKind::Refused { key, reason, .. } => format!("{key} refused: {reason}"),
        ApplyEventKind::Failed { error } => format!("{zone}: {error}"),
        other => format!("{zone}: {}", other.name()),
    }
}
