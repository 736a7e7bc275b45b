//! Keeps the OpenBao of secondary regions like the primary's: one KV engine, and the policies.
//!
//! `cargo run --release -p catalyst-examples --bin replicate-openbao` needs nothing but cargo: it plays the story of three
//! regions on fakes ([`demo`]). `--measure 10000` starts real servers and measures. With `--source` and `--target` it
//! does the work: until it is told to stop, or `--once`.
//!
//! | exit code | meaning |
//! | --- | --- |
//! | 0 | done, and every secondary is what the primary was |
//! | 1 | something failed; what was done stays, and another run goes on |
//! | 2 | the command line is wrong |
//! | 3 | done, but for conflicts, which a person has to look at |

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use options::Options;

mod connect;
mod demo;
mod measure;
mod options;
mod report;
mod work;

/// Whatever went wrong, as its text says.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// How a run that came to its end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Alike,
    Conflicts,
}

async fn run(options: &Options) -> Result<Ended, Broken> {
    if let Some(secrets) = options.measure {
        return measure::run(secrets).await;
    }
    match &options.source {
        Some(source) => work::run(options, source).await,
        None => demo::run().await,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let levels = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(levels).with_writer(std::io::stderr).init();
    let ended = tokio::select! {
        ended = run(&options) => ended,
        told = tokio::signal::ctrl_c() => told.map(|()| Ended::Alike).map_err(Into::into),
    };
    match ended {
        Ok(Ended::Alike) => ExitCode::SUCCESS,
        Ok(Ended::Conflicts) => ExitCode::from(3),
        Err(error) => {
            // Nobody is left to be told when this fails too.
            drop(writeln!(std::io::stderr(), "replicate-openbao: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_story_ends_with_three_regions_alike() {
        assert_eq!(demo::run().await.unwrap(), Ended::Alike);
    }
}
