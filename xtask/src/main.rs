//! The repository's own tasks: `cargo xtask live` and `cargo xtask servers up|down`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line")]

mod live;
mod running;
mod servers;

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The repository's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the live tests on real servers, which are installed, started and stopped.
    Live {
        /// Run only the live tests whose name begins with this, such as "login".
        #[arg(default_value = "")]
        filter: String,
    },
    /// Leave real servers running for a developer.
    Servers {
        #[command(subcommand)]
        action: Action,
    },
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start OpenBao, PostgreSQL, Keycloak and PowerDNS, and print the environment to export: eval "$(cargo xtask servers up)".
    Up,
    /// Stop exactly what "up" started.
    Down,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Live { filter } => live::run(&filter).await,
        Task::Servers { action: Action::Up } => servers::up(&root()).await,
        Task::Servers { action: Action::Down } => servers::down(&root()).await,
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprint!("xtask: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprint!("; {cause}");
                source = cause.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
