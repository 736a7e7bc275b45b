//! Keeps many leases of one real OpenBao in one process, and measures what that costs: users of a Valkey, as many due
//! in a second as is asked for. OpenBao and Valkey are installed where they are missing.
//!
//! `cargo run --release -p catalyst-examples --bin keep-leases -- --json` keeps 10,000 at 200 a second, for some four
//! minutes.
//!
//! | exit code | meaning |
//! | --- | --- |
//! | 0 | every lease lived on, and no renewal began a second after its moment |
//! | 1 | something failed |
//! | 2 | the command line is wrong |
//! | 3 | a lease was lost, or a renewal was late |

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use options::Options;

mod figures;
mod options;
mod process;
mod run;

/// Whatever went wrong, as its text says.
type Broken = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let ended = tokio::select! {
        ended = run::run(&options) => ended,
        told = tokio::signal::ctrl_c() => match told {
            Ok(()) => return ExitCode::FAILURE,
            Err(error) => Err(error.into()),
        },
    };
    match ended {
        Ok(figures) => {
            let text = if options.json { figures.json() } else { figures.to_string() };
            // A closed pipe ends nothing.
            drop(writeln!(std::io::stdout(), "{text}"));
            if figures.in_time() { ExitCode::SUCCESS } else { ExitCode::from(3) }
        }
        Err(error) => {
            // Nobody is left to be told when this fails too.
            drop(writeln!(std::io::stderr(), "keep-leases: {error}"));
            ExitCode::FAILURE
        }
    }
}
