//! Brings an OpenBao up from nothing, or finishes what a run before began.
//!
//! `cargo run -p catalyst-examples --bin catalyst-bootstrap -- --demo` shows it on a server in memory. In earnest it is a
//! job beside the server, with a seed and a declaration:
//!
//! ```text
//! catalyst-bootstrap --address https://openbao-0.openbao-internal:8200 --ca-file ca.pem \
//!     --seal automatic --kubernetes-namespace openbao --declaration declared.yaml
//! ```
//!
//! | exit code | meaning |
//! | --- | --- |
//! | 0 | the server is as declared; or the dry run came to its end |
//! | 1 | something did not work that may work later: run it again |
//! | 2 | the command line says nothing that can be done |
//! | 3 | somebody has to put something right first, and the error says what |

use std::process::ExitCode;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use options::Options;

mod assemble;
mod demo;
mod options;
mod said;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::read();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let said = if options.demo {
        demo::play().await
    } else {
        match assemble::bootstrap(&options).await {
            Ok(bootstrap) if options.dry_run => bootstrap.preview().await.map(said::Said::from),
            Ok(bootstrap) => bootstrap.run().await.map(said::Said::from),
            Err(error) => Err(error),
        }
    };
    said::tell(&said, options.json)
}
