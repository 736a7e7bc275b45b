//! All that comes before the write, which changes nothing but the DS, and that only on request.

use std::collections::BTreeSet;

use catalyst_core::{Error, ErrorKind, Result};
use tokio::time::Instant;

use super::flipper::Parts;
use super::machine::{End, Stage};
use super::run::Run;
use super::view::{self, Said};
use super::{
    DsPlan, FlipEvent, FlipOutcome, FlipPhase, FlipRecord, FlipReport, FlipRequest, Rollback, Standing, Step,
    check,
};
use crate::query::NameServer;
use crate::registrar::{NameServers, NsWrite, RegisteredDomain, RegistrarCapabilities};
use crate::{Ds, Ttl};

/// The whole flip.
pub(crate) async fn flip(parts: &Parts, request: &FlipRequest) -> Result<FlipReport> {
    let capabilities = parts.registrar.capabilities();
    let manual = capabilities.nameservers == NsWrite::ManualOnly;
    let mut run = read_old(parts, request, manual).await?;
    run.tell(&FlipEvent::Began { before: run.record.before.clone(), after: run.record.after.clone() });
    if run.record.before == run.record.after {
        return Ok(run.report(FlipOutcome::Unchanged, Rollback::NotNeeded));
    }
    steady(&run)?;
    let (ds, ttl) = ds_at_parent(&run).await?;
    let action = ds_action(&run.record.domain, &ds, &request.ds, capabilities)?;
    run.record.ds_before = ds;
    check_servers(&mut run, &action).await?;
    if manual {
        let what = instructions(&run);
        return Ok(run.report(FlipOutcome::ManualNeeded(what), Rollback::NotNeeded));
    }
    if let DsAction::Write(target) = &action
        && let Err(error) = Box::pin(change_ds(&mut run, target, ttl)).await?
    {
        run.blame(|| error);
        return Ok(run.end(End::Kept).await);
    }
    run.record = run.record.at(FlipPhase::Writing);
    match parts.journal.save(&run.record).await {
        Ok(()) => Ok(Box::pin(run.drive(Stage::Write)).await),
        // The DS may have been changed, and must go back.
        Err(error) if run.record.ds_changed => {
            run.blame(|| error);
            Ok(run.end(End::Kept).await)
        }
        Err(error) => Err(error),
    }
}

/// Waits for a set that a person has written.
pub(crate) async fn verify(
    parts: &Parts,
    domain: &RegisteredDomain,
    servers: &NameServers,
) -> Result<FlipReport> {
    let parents = parts.directory.parents(&*parts.dns, domain).await?;
    let before = NameServers::from_registrar([]);
    let mut run = Run::new(parts, record(domain, before, servers), parents);
    let start = Instant::now();
    run.look_at_registrar().await;
    let mut pace = run.pace(parts.policy.parent_limit(domain));
    let standing = loop {
        let (standing, heard) = run.look_at_parent().await;
        if (standing == Standing::After && heard) || !pace.pause(catalyst_core::RetryAdvice::Backoff).await {
            break standing;
        }
    };
    run.took(Step::AskParent, start);
    let outcome = if standing == Standing::After {
        FlipOutcome::Flipped
    } else {
        let why =
            format!("the parent's servers do not serve {servers} after all the time that they were given");
        FlipOutcome::NotFlipped(
            refused(domain, ErrorKind::Conflict, "parent_mismatch", &why)
                .with_service(parts.registrar.name()),
        )
    };
    Ok(run.report(outcome, Rollback::NotNeeded))
}

/// The old set as the registrar tells it, and one look at the parent.
async fn read_old<'a>(parts: &'a Parts, request: &FlipRequest, manual: bool) -> Result<Run<'a>> {
    let start = Instant::now();
    let domain = &request.domain;
    let parents = parts.directory.parents(&*parts.dns, domain).await?;
    let views = view::parent_views(&*parts.dns, &parents, domain.name()).await;
    let unread = record(domain, NameServers::from_registrar([]), &request.servers);
    let mut run = Run::new(parts, unread, parents);
    let told = run.call("read name servers", parts.registrar.nameservers(domain)).await;
    let before = match told {
        Ok(servers) => servers,
        // Where a person writes, the registrar need not be readable: what the parent serves is what there is.
        Err(error) if manual => served(&views).ok_or(error)?,
        Err(error) => return Err(error),
    };
    run.at_registrar = Some(before.clone());
    run.record.before = before;
    let (_, silent) = view::standing(&views, &run.record.before, &run.record.after);
    (run.silent, run.views) = (silent, views);
    run.took(Step::ReadOld, start);
    Ok(run)
}

/// The one set that all servers serve that are heard.
fn served(views: &[view::ServerView]) -> Option<NameServers> {
    let mut sets = views.iter().filter_map(|view| match &view.said {
        Said::Servers(servers) if !servers.is_empty() => Some(servers),
        _ => None,
    });
    let first = sets.next()?;
    sets.all(|set| set == first).then(|| first.clone())
}

fn record(domain: &RegisteredDomain, before: NameServers, after: &NameServers) -> FlipRecord {
    FlipRecord {
        phase: FlipPhase::Writing,
        domain: domain.clone(),
        before,
        after: after.clone(),
        ds_before: Vec::new(),
        ds_changed: false,
        task: None,
    }
}

/// Whether there is a known state to go back to.
fn steady(run: &Run<'_>) -> Result<()> {
    let domain = &run.record.domain;
    if run.record.before.is_empty() {
        let why = "the registrar tells no name servers for the domain, so that there is no way back";
        return Err(refused(domain, ErrorKind::Conflict, "no_way_back", why));
    }
    match view::standing(&run.views, &run.record.before, &run.record.after).0 {
        Standing::Before => Ok(()),
        Standing::Unknown => {
            let why = "no server of the parent answers, so that the change could not be verified; nothing was changed";
            Err(refused(domain, ErrorKind::Unavailable, "parent_silent", why))
        }
        standing => {
            let why = format!(
                "the registrar tells {}, and the parent's servers serve {standing}: an earlier change may be under \
                 way; nothing was changed",
                run.record.before
            );
            Err(refused(domain, ErrorKind::Conflict, "parent_disagrees", &why))
        }
    }
}

async fn ds_at_parent(run: &Run<'_>) -> Result<(Vec<Ds>, Ttl)> {
    let domain = &run.record.domain;
    view::parent_ds(&*run.parts.dns, &run.parents, domain.name()).await.ok_or_else(|| {
        let why = "no server of the parent tells whether the domain has a DS; nothing was changed";
        refused(domain, ErrorKind::Unavailable, "parent_silent", why)
    })
}

/// What is to be done about the DS.
#[derive(Clone, Debug, PartialEq, Eq)]
enum DsAction {
    Nothing,
    /// The new servers must serve keys for these, which stay.
    Check(Vec<Ds>),
    /// These must be in the parent before the name servers change.
    Write(Vec<Ds>),
}

fn ds_action(
    domain: &RegisteredDomain,
    ds: &[Ds],
    plan: &DsPlan,
    capabilities: RegistrarCapabilities,
) -> Result<DsAction> {
    let blocked = |why: &str| Err(refused(domain, ErrorKind::Conflict, "ds_blocks_flip", why));
    match plan {
        _ if ds.is_empty() => Ok(DsAction::Nothing),
        DsPlan::Refuse => blocked(
            "the domain has a DS in its parent, and new servers with other keys would take it down for all who \
             validate: serve the same keys (DsPlan::SameKeys), take the DS away first (DsPlan::Remove), or publish the \
             new one first (DsPlan::AddFirst)",
        ),
        DsPlan::SameKeys => Ok(DsAction::Check(ds.to_vec())),
        DsPlan::AddFirst(new) if new.is_empty() => blocked("no new DS is given"),
        DsPlan::Remove | DsPlan::AddFirst(_) if !capabilities.ds => blocked(
            "the domain has a DS in its parent, and the registrar's API cannot change it: change it in the console, \
             wait for its TTL, and flip then",
        ),
        DsPlan::Remove => Ok(DsAction::Write(Vec::new())),
        DsPlan::AddFirst(new) => {
            let all: BTreeSet<Ds> = ds.iter().chain(new).cloned().collect();
            Ok(DsAction::Write(all.into_iter().collect()))
        }
    }
}

async fn check_servers(run: &mut Run<'_>, action: &DsAction) -> Result<()> {
    let start = Instant::now();
    let (parts, domain) = (run.parts, &run.record.domain);
    let servers: Vec<NameServer> = parts.directory.all(&*parts.dns, run.record.after.iter()).await?;
    check::new_servers(&*parts.dns, &servers, domain, &run.record.after).await?;
    let wanted: Vec<Ds> = match action {
        DsAction::Nothing => Vec::new(),
        DsAction::Check(ds) => ds.clone(),
        // The old ones are for the old servers' keys.
        DsAction::Write(ds) => ds.iter().filter(|ds| !run.record.ds_before.contains(ds)).cloned().collect(),
    };
    if !wanted.is_empty() {
        check::keys(&*parts.dns, &servers, domain, &wanted).await?;
    }
    run.took(Step::CheckServers, start);
    run.tell(&FlipEvent::ServersReady);
    Ok(())
}

/// Changes the DS. The outer error is one before anything was changed.
async fn change_ds(run: &mut Run<'_>, target: &[Ds], ttl: Ttl) -> Result<Result<()>> {
    let start = Instant::now();
    run.record = FlipRecord { ds_changed: true, ..run.record.at(FlipPhase::ChangingDs) };
    run.parts.journal.save(&run.record).await?;
    let changed = run.write_ds(target, ttl).await;
    run.took(Step::ChangeDs, start);
    // Giving the caches time takes up to days.
    if changed.is_ok() && run.look_at_registrar().await != Standing::Before {
        let why = "the name servers at the registrar were changed, or cannot be read any more, while the DS was changed";
        return Ok(Err(refused(&run.record.domain, ErrorKind::Conflict, "read_back_mismatch", why)));
    }
    Ok(changed)
}

fn instructions(run: &Run<'_>) -> String {
    let FlipRecord { domain, before, after, .. } = &run.record;
    format!(
        "the API of {} cannot change name servers: in its console, replace the name servers of {domain} ({before}) by \
         {after}, and then verify",
        run.parts.registrar.name()
    )
}

pub(crate) fn refused(domain: &RegisteredDomain, kind: ErrorKind, code: &'static str, why: &str) -> Error {
    Error::new(kind, "flip name servers").with_code(code).with_target(domain.as_str()).with_help(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordData, RecordType};

    fn ds(tag: u16) -> Ds {
        let text = format!("{tag} 13 2 {}", "ab".repeat(32));
        match RecordData::parse(RecordType::Ds, &text).unwrap() {
            RecordData::Ds(ds) => ds,
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_ds_blocks_the_flip_unless_the_plan_can_be_carried_out() {
        let domain = "omani.works".parse().unwrap();
        let can = |ds| RegistrarCapabilities { nameservers: NsWrite::Direct, ds, house_servers: false };
        let action = |plan: DsPlan, writes| ds_action(&domain, &[ds(1)], &plan, can(writes));
        assert_eq!(action(DsPlan::Refuse, true).unwrap_err().code(), Some("ds_blocks_flip"));
        assert_eq!(action(DsPlan::SameKeys, false).unwrap(), DsAction::Check(vec![ds(1)]));
        assert_eq!(action(DsPlan::Remove, false).unwrap_err().code(), Some("ds_blocks_flip"));
        assert_eq!(action(DsPlan::Remove, true).unwrap(), DsAction::Write(vec![]));
        assert_eq!(
            action(DsPlan::AddFirst(vec![ds(2)]), true).unwrap(),
            DsAction::Write(vec![ds(1), ds(2)]),
            "the old one stays"
        );
        assert!(action(DsPlan::AddFirst(vec![]), true).is_err());
        assert_eq!(ds_action(&domain, &[], &DsPlan::Refuse, can(false)).unwrap(), DsAction::Nothing);
    }
}
