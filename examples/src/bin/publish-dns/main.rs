//! Publishes an application in two regions, and takes the first one down.
//!
//! `cargo run --release -p catalyst-examples --bin publish-dns` needs nothing but cargo: PowerDNS and OpenBao are played
//! by fakes in this process, on real sockets, with real health checks and real DNS questions. `--live` starts the real
//! PowerDNS. The story is [`tell`]; it is what an application of the platform does, and what becomes of its name.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tokio::time::timeout;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use catalyst_examples::screen::Screen;
use clients::Clients;
use options::Options;
use outage::Outage;
use regions::Regions;
use stage::{Broken, Stage};
use summary::{Summary, Told};

mod application;
mod clients;
mod options;
mod outage;
mod regions;
mod signed;
mod stage;
mod summary;

/// The whole story.
async fn tell(options: &Options, screen: &Screen) -> Result<Summary, Broken> {
    screen.step("the platform: PowerDNS with the zone of the Sovereign, and OpenBao");
    let stage = Stage::start(options, screen).await?;
    let dns = application::dns(&stage, screen)?; // elsewhere: Catalyst::connect().await?.dns().await?

    screen.step("two regions, where the application runs");
    let mut regions = Regions::start().await?;
    for region in [&regions.primary, &regions.standby] {
        screen.tell(&format!("{} at http://{}", region.name, region.socket()));
    }
    let shop = application::declaration(options, &regions, &stage)?;

    screen.step("a dry run: what would be done");
    let plan = application::plan(&dns, &shop, &stage, screen).await?;

    screen.step("the application is published");
    let first = application::publish(&dns, &shop, &stage, screen).await?;

    screen.step("clients ask for it");
    let clients = Clients::new(stage.name_server, shop.name().clone(), &regions);
    if plan.failover.is_some() {
        regions.known().await?;
        screen.happened("both regions have been checked");
    }
    let before = clients.ask(options.queries.into()).await?;
    screen.tell(&before.to_string());

    screen.step("the primary goes down, and comes back");
    let mut outage = None;
    if let Some(estimate) = plan.failover {
        outage = Some(Outage::watch(&mut regions, &clients, estimate, screen).await?);
    } else {
        screen.tell("left out: nobody checks it, so nobody would be sent elsewhere");
    }

    screen.step("once more: nothing is left to do");
    let second = application::publish(&dns, &shop, &stage, screen).await?;

    screen.step("the zone is signed");
    let signed = signed::sign(&stage, shop.name(), screen).await?;

    screen.step("the application is withdrawn");
    let withdrawn = application::withdraw(&dns, &shop, &stage, screen).await?;
    stage.stop().await?;
    Ok(Summary::new(&Told { options, plan, first, before, outage, second, signed, withdrawn }))
}

/// Tells the story to its end, or until somebody presses Ctrl-C; what was started ends with it.
async fn run(options: &Options, screen: &Screen) -> Result<bool, Broken> {
    let told = tokio::select! {
        told = timeout(options.limit(), tell(options, screen)) => told,
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
    let options = Options::parse();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    match run(&options, &Screen::new()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            writeln!(std::io::stderr(), "publish-dns: {error}").ok();
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn promises_are_kept(arguments: &str) -> Summary {
        let arguments = format!("publish-dns --queries 100 {arguments}");
        let options = Options::parse_from(arguments.split_whitespace());
        let screen = Screen::kept();
        let summary = tell(&options, &screen).await.unwrap();
        let told = screen.told() + &serde_json::to_string(&summary).unwrap();
        assert!(summary.passed(), "{summary:?}\n{told}");
        assert!(!told.contains("confidential"), "{told}");
        assert!(told.contains("PATCH /api/v1/servers/localhost/zones/omantel.platform.test."), "{told}");
        assert_eq!((summary.second_reads_seen, summary.second_writes_seen), (Some(1), Some(0)));
        summary
    }

    #[tokio::test]
    async fn a_hot_standby_takes_over_and_gives_back() {
        let summary = promises_are_kept("--placement active-hotstandby").await;
        assert_eq!((summary.primary_share_before, summary.standby_share_before), (1.0, 0.0));
        assert!(summary.failover_ms < summary.failover_promised_ms);
        assert!(summary.recovery_ms.is_some() && summary.dnssec_valid);
    }

    #[tokio::test]
    async fn a_canary_gets_its_share_and_leaves_it_when_it_is_down() {
        let summary = promises_are_kept("--placement weighted-canary").await;
        assert!(summary.primary_share_before < 1.0 && summary.standby_share_before > 0.0, "{summary:?}");
    }

    #[tokio::test]
    async fn what_is_not_checked_does_not_fail_over() {
        let summary = promises_are_kept("--placement single-region").await;
        assert_eq!((summary.failover_ms, summary.recovery_ms), (None, None));
    }
}
