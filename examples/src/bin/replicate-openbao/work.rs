//! The real work.

use std::sync::Arc;

use catalyst_openbao::replicate::Replicator;
use tokio::time::{MissedTickBehavior, interval};

use crate::options::{Options, Region};
use crate::report::{self, Printed, line};
use crate::{Broken, Ended, connect};

pub(crate) async fn run(options: &Options, source: &Region) -> Result<Ended, Broken> {
    let printed = Arc::new(Printed::default());
    let primary = connect::client(options, source)?;
    let mut builder = Replicator::builder(source.name.clone(), primary, options.mount.clone())
        .policies(options.policies)
        .concurrency(options.concurrency.into())
        .rate(options.rate)
        .many_removals(options.allow_many_removals)
        .observer(Arc::<Printed>::clone(&printed));
    for target in &options.targets {
        builder = builder.target(target.name.clone(), connect::client(options, target)?);
    }
    let replicator = builder.build()?;
    for target in &options.targets {
        line(&format!("{} -> {}: {}/", source.name, target.name, options.mount));
    }
    if options.claim {
        replicator.claim().await?;
    }
    if options.once {
        return once(&replicator).await;
    }
    let mut tick = interval(options.report);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let lines = async {
        loop {
            tick.tick().await;
            let (copied, removed) = printed.take();
            for lag in replicator.lag() {
                line(&report::lag(&lag));
            }
            line(&format!("{copied} versions copied, {removed} secrets removed since the last report"));
        }
    };
    tokio::select! {
        never = replicator.run() => match never {},
        () = lines => Ok(Ended::Alike),
    }
}

async fn once(replicator: &Replicator) -> Result<Ended, Broken> {
    let (mut failed, mut ended) = (None, Ended::Alike);
    for (target, swept) in replicator.sweep().await {
        match swept {
            Ok(report) => {
                line(&format!("{target}: {}", report::swept(&report)));
                if !report.is_complete() {
                    ended = Ended::Conflicts;
                }
            }
            Err(error) => {
                line(&format!("{target}: {error}"));
                failed = Some(error);
            }
        }
    }
    failed.map_or(Ok(ended), |error| Err(error.into()))
}
