//! What happens in a flip, for people.

use std::time::Duration;

use catalyst_dns::registrar::flip::{FlipEvent, Standing, Step, StepTime};

/// One event, with the step of the nine that it belongs to. All that follows the decision to go back is the eighth.
pub(crate) fn sentence(event: &FlipEvent, going_back: bool) -> String {
    let step = |step: &'static str| if going_back { "[8 roll back]" } else { step };
    let (write, follow, verify) = (step("[5 write]"), step("[6 follow]"), step("[7 verify]"));
    match event {
        FlipEvent::Began { before, after } if before == after => {
            format!("[1 read] the registrar has {before}: [4 compare] just what is wanted")
        }
        FlipEvent::Began { before, after } => {
            format!("[1 read] the registrar has {before}, kept for the way back; [4 compare] wanted: {after}")
        }
        FlipEvent::Resumed => {
            "[1 read] an earlier flip has not ended: its record is in the journal".to_owned()
        }
        FlipEvent::ChangingDs(ds) => format!("[2 DS] the parent gets {} DS records", ds.len()),
        FlipEvent::WaitingForCaches(time) => format!("[2 DS] caches are given {} s", time.as_secs()),
        FlipEvent::ServersReady => {
            "[2 DS] none stands in the way; [3 check] the new servers serve one version of the zone"
                .to_owned()
        }
        FlipEvent::Writing(servers) => format!("{write} {servers}"),
        FlipEvent::Accepted(None) => format!("{write} done, the registrar says"),
        FlipEvent::Accepted(Some(task)) => format!("{follow} the registrar made it task {}", task.0),
        FlipEvent::WriteFailed(error) => format!("{write} FAILED: {error}"),
        FlipEvent::TaskEnded(Ok(())) => format!("{follow} the task is done"),
        FlipEvent::TaskEnded(Err(error)) => format!("{follow} FAILED: {error}"),
        FlipEvent::ReadBack(servers) => format!("{verify} the registrar has {servers}"),
        FlipEvent::ParentServes(standing) => format!("{verify} the parent serves {}", stands(*standing)),
        FlipEvent::RollingBack(error) => format!("[8 roll back] because: {error}"),
        FlipEvent::JournalFailed(error) => format!("the journal failed: {error}"),
        other => format!("{other:?}"),
    }
}

fn stands(standing: Standing) -> &'static str {
    match standing {
        Standing::Before => "the old set",
        Standing::After => "the new set",
        Standing::Mixed => "neither the old nor the new set, but a part of one",
        Standing::Other => "another set",
        _ => "nothing that can be heard",
    }
}

/// How long each step took; the way back is one step.
pub(crate) fn times(steps: &[StepTime]) -> String {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for StepTime { step, elapsed, .. } in steps {
        match times.last_mut() {
            Some((name, total)) if *name == step_name(*step) => *total += *elapsed,
            _ => times.push((step_name(*step), *elapsed)),
        }
    }
    let each = times.iter().map(|(name, time)| format!("{name} {} ms", time.as_millis()));
    each.collect::<Vec<_>>().join(", ")
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::ReadOld => "read",
        Step::CheckServers => "check",
        Step::ChangeDs => "DS",
        Step::Write => "write",
        Step::FollowTask => "follow",
        Step::ReadBack => "read back",
        Step::AskParent => "ask the parent",
        Step::RollBack => "roll back",
        _ => "another step",
    }
}
