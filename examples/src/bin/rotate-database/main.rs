//! Rotates a database credential under load, and shows that no query notices.
//!
//! `cargo run --release -p catalyst-examples --bin rotate-database` needs nothing but cargo: OpenBao and PostgreSQL are
//! played by fakes in this process, which real drivers connect to. `--live` starts the real ones. The story is
//! [`rotate`]; everything else measures it.

#![allow(
    clippy::cast_precision_loss,
    reason = "counts and coordinates that are shown, and never computed with"
)]

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Clock;
use catalyst_sdk::Catalyst;
use clap::Parser;
use tokio::time::timeout;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use options::Options;
use orders::Orders;
use progress::Screen;
use run::{Record, Run, Story, follow};
use stage::{Broken, Stage};
use summary::Summary;

mod database;
mod ledger;
mod load;
mod options;
mod orders;
mod progress;
mod report;
mod run;
mod slices;
mod stage;
mod summary;
mod timeline;

/// The whole story; true if nobody noticed.
async fn rotate(options: &Options, screen: &Screen) -> Result<bool, Broken> {
    let stage = Stage::start(options).await?; // OpenBao and PostgreSQL: the fakes, or the real ones
    let catalyst = Catalyst::builder(stage.config(options)).connect().await?; // elsewhere: Catalyst::connect()
    let orders = Orders::open(&catalyst, options.pool).await?; // a live user, a warm pool; rotates from here on
    let fixed = stage.fixed(options).await?; // its twin, whose credential never changes

    let story = Story::begin(&orders, options).await?;
    let follower = tokio::spawn(follow(orders.events(), Arc::clone(&story), screen.clone()));
    let run = Run::start(options, screen, &story, orders.database(), fixed); // the load is on
    let mut record = run.until_rotated().await;

    let late = record.late(&stage.made_users().await?);
    catalyst.shutdown().await?; // drains, revokes
    let left = late.max(stage.users_left().await?); // none of them may be there now, as the database sees it
    timeout(LAST_EVENTS, follower).await.ok();
    record.complete(&story);
    stage.stop().await?;

    tell(options, screen, &Summary::new(options, &record, left), &record)
}

/// How long the events of the shutdown may take to arrive.
const LAST_EVENTS: Duration = Duration::from_secs(2);

fn tell(options: &Options, screen: &Screen, summary: &Summary, record: &Record) -> Result<bool, Broken> {
    screen.clear();
    if let Some(file) = &options.report {
        std::fs::write(file, report::page(summary, record, &date()?))?;
        screen.say(&format!("the timeline is in {}", file.display()));
    }
    summary.lines().iter().for_each(|line| screen.say(line));
    if options.json {
        screen.say(&serde_json::to_string(summary)?);
    }
    Ok(summary.passed())
}

fn date() -> Result<String, Broken> {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    Ok(time::OffsetDateTime::from(Clock::system().now()).format(&format)?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let screen = Screen::new(options.rotations);
    match rotate(&options, &screen).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            screen.clear();
            writeln!(std::io::stderr(), "rotate-database: {error}").ok();
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nobody_notices(pool: &str) {
        let arguments = "rotate-database --rotations 1 --lease-ttl 3 --tasks 6 --pool-size 4 --pool";
        let options = Options::parse_from(arguments.split(' ').chain([pool]));
        let passed = rotate(&options, &Screen::silent()).await.unwrap();
        assert!(passed, "see the example's output: {arguments} {pool}");
    }

    /// A saturated pool: those who wait for a connection move over.
    #[tokio::test]
    async fn nobody_notices_a_rotation_of_sqlx() {
        nobody_notices("sqlx").await;
    }

    #[tokio::test]
    async fn nobody_notices_a_rotation_of_deadpool() {
        nobody_notices("deadpool").await;
    }
}
