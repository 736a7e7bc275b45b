//! Flips a domain's name servers at a registrar that fails in the middle, and shows the way back.
//!
//! `cargo run --release -p catalyst-examples --bin flip-nameservers` needs nothing but cargo: the registrar is played by
//! a fake on a real socket that speaks the vendor's protocol. The story is [`tell`]: a flip with a fault, the same
//! without, and once more.

use std::io::Write;
use std::process::ExitCode;

use catalyst_dns::registrar::NameServers;
use catalyst_dns::registrar::flip::{FlipOutcome, FlipReport, FlipRequest, Rollback};
use tokio::time::{Instant, timeout};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use catalyst_examples::screen::{Screen, counted};
use options::{Fault, Options};
use stage::{Broken, Stage};
use summary::{Flipped, Summary};

mod options;
mod sentence;
mod stage;
mod summary;

/// The whole story.
async fn tell(options: &Options, screen: &Screen) -> Result<Summary, Broken> {
    screen.step("a domain, its registrar, and the servers that it shall have");
    let stage = Stage::start(options, screen).await?;

    screen.step(&format!("a flip, and in the middle of it: {}", options.fault.name()));
    let first = flip(&stage, options.fault, &stage.new, screen).await?;

    screen.step("a flip without a fault");
    let there = matches!(first.report.outcome, FlipOutcome::Flipped);
    let wanted = if there { &stage.old } else { &stage.new };
    let second = flip(&stage, Fault::None, wanted, screen).await?;

    screen.step("once more: nothing is left to do");
    let third = flip(&stage, Fault::None, wanted, screen).await?;
    Ok(Summary::new(options, &stage, &[first, second, third]))
}

/// One flip to its end, over more than one try if the way back needs it.
async fn flip(stage: &Stage, fault: Fault, wanted: &NameServers, screen: &Screen) -> Result<Flipped, Broken> {
    let (before, start) = (stage.writes(), Instant::now());
    let flipper = stage.flipper(fault, screen);
    let mut report = flipper.run(&FlipRequest::new(stage.domain.clone(), wanted.clone())).await?;
    show(&report, screen);
    let (reason, mut resumed) = (reason(&report), false);
    if let Rollback::RollbackFailed { .. } | Rollback::RolledBack { verified: false } = report.rollback {
        // As another process would, after a while: all that it needs is in the journal.
        screen.tell("the record of the flip stays in the journal; it is taken up again:");
        let unfinished = stage.flipper(Fault::None, screen).resume(&stage.domain).await?;
        report = unfinished.ok_or("the journal has no record of the flip")?;
        show(&report, screen);
        resumed = true;
    }
    let (truth, writes, elapsed) = (stage.truth()?, stage.writes() - before, start.elapsed());
    let all_broke = stage.all_broke();
    Ok(Flipped { report, reason, truth, writes, resumed, elapsed, all_broke })
}

/// Why it was not flipped.
fn reason(report: &FlipReport) -> Option<String> {
    match &report.outcome {
        FlipOutcome::NotFlipped(error) => error.code().map(str::to_owned),
        _ => None,
    }
}

/// The ninth step: the result, with all that one needs to believe it.
fn show(report: &FlipReport, screen: &Screen) {
    screen.happened(&format!("[9 report] {report}"));
    for view in &report.parents {
        screen.tell(&view.to_string());
    }
    let ds = counted(report.ds_before.len() as u64, "DS record");
    screen.tell(&format!("{ds} at the parent; {}", sentence::times(&report.steps)));
}

/// Tells the story to its end, or until somebody presses Ctrl-C; what was started ends with it.
async fn run(options: &Options, screen: &Screen) -> Result<bool, Broken> {
    let told = tokio::select! {
        told = timeout(Options::limit(), tell(options, screen)) => told,
        _ = tokio::signal::ctrl_c() => return Err("stopped by hand".into()),
    };
    let summary = told.map_err(|_elapsed| "the run did not end in time")??;
    screen.step("summary");
    summary.lines().iter().for_each(|line| screen.tell(line));
    if options.json {
        screen.say(&serde_json::to_string(&summary)?);
    }
    Ok(summary.passed())
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::read();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    match run(&options, &Screen::new()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(std::io::stderr(), "flip-nameservers: {error}").ok();
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Parser, ValueEnum};
    use tokio::task::JoinSet;

    async fn told(registrar: &str, fault: Fault) -> Summary {
        let arguments = ["flip-nameservers", "--registrar", registrar, "--fault", &fault.name()];
        let (options, screen) = (Options::parse_from(arguments), Screen::kept());
        let summary = tell(&options, &screen).await.unwrap();
        let told = screen.told() + &serde_json::to_string(&summary).unwrap();
        assert!(summary.passed(), "{registrar} {fault:?}: {told}");
        for secret in ["canary", "fake-key"] {
            assert!(!told.contains(secret), "{registrar} {fault:?}: {told}");
        }
        summary
    }

    #[tokio::test]
    async fn whatever_goes_wrong_at_whichever_registrar_the_domain_has_one_of_the_two_sets() {
        let mut flips = JoinSet::new();
        for registrar in ["ovh", "godaddy", "namecheap", "dynadot"] {
            for &fault in Fault::value_variants() {
                if fault != Fault::TaskError || registrar == "ovh" {
                    flips.spawn(async move { (fault, told(registrar, fault).await) });
                }
            }
        }
        while let Some(ended) = flips.join_next().await {
            let (fault, summary) = ended.unwrap();
            let (outcome, rolled_back) = match fault {
                Fault::None | Fault::PartialReadBack | Fault::LostAnswer => ("flipped", false),
                Fault::TaskError => ("not-flipped", false),
                Fault::WrongParent | Fault::StuckParent | Fault::NoWayBack => ("not-flipped", true),
            };
            assert_eq!((summary.outcome, summary.rolled_back), (outcome, rolled_back), "{summary:?}");
            assert_eq!(summary.resumed, fault == Fault::NoWayBack, "{summary:?}");
        }
    }
}
