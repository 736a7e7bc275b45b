//! Registers an application for single sign-on, and replaces its credential while users and clients log in.
//!
//! `cargo run --release -p catalyst-examples --bin register-sso-client` needs nothing but cargo: Keycloak and OpenBao are
//! played by fakes in this process, on real sockets. `--live` starts the real ones. The story is [`tell`]; it is what
//! an application of the platform does, and what the platform does for it.

#![allow(clippy::cast_precision_loss, reason = "milliseconds that are shown, and never computed with")]

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tokio::time::timeout;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use catalyst_examples::screen::Screen;
use load::Tally;
use options::Options;
use rotate::Rotation;
use stage::{Broken, Stage};
use summary::Summary;

mod application;
mod load;
mod login;
mod options;
mod rotate;
mod stage;
mod summary;

/// The whole story.
async fn tell(options: &Options, screen: &Screen) -> Result<Summary, Broken> {
    screen.step("the platform: Keycloak with the realm of the Organization, and OpenBao");
    let stage = Stage::start(options, screen).await?;
    let sso = application::sso(options, &stage, screen)?; // elsewhere: Catalyst::connect().await?.sso()?
    let wordpress = application::declaration(options)?;

    screen.step("the application is registered");
    let first = application::register(&sso, &wordpress, &stage, screen).await?;
    application::describe(&first.settings, &stage, screen).await?;

    screen.step("once more: nothing is left to do");
    let second = application::register(&sso, &wordpress, &stage, screen).await?;

    screen.step("for the Git repository: a reference, and no value");
    let external_secret = application::external_secret(&first.settings, screen)?;

    screen.step("a user logs in: authorization code, PKCE, state, nonce");
    let running = application::start(&sso, &wordpress, &stage).await?;
    let tally = Arc::new(Tally::default());
    let identity = application::door(&running, &stage)?.log_in().await;
    tally.book_login(identity.as_ref().map(drop).map_err(ToString::to_string));
    let identity = identity?;
    let name = identity.username().unwrap_or_default();
    screen.tell(&format!("hello {name}: subject {}, ID token and access token verified", identity.subject()));

    let rotation = Rotation {
        options,
        stage: &stage,
        screen,
        sso: &sso,
        application: &wordpress,
        running: &running,
        tally: &tally,
    };
    let rotated = rotation.run().await?;
    drop(running);
    stage.stop().await?;
    Ok(Summary::new(options, &first, &second, external_secret, rotated, &tally))
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
            writeln!(std::io::stderr(), "register-sso-client: {error}").ok();
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nobody_notices(arguments: &str) -> Summary {
        let arguments = format!("register-sso-client --grace 3s --clients 4 {arguments}");
        let options = Options::parse_from(arguments.split_whitespace());
        let screen = Screen::kept();
        let summary = tell(&options, &screen).await.unwrap();
        assert!(summary.passed(), "{summary:?}");
        // Keycloak's secrets have 86 characters, tokens and keys more; nothing else has a word of 60.
        let told = screen.told() + &serde_json::to_string(&summary).unwrap();
        let long = |word: &&str| word.len() >= 60;
        let words = told.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        assert_eq!(words.filter(long).collect::<Vec<_>>(), [""; 0], "{told}");
        assert!(!told.contains("PRIVATE KEY"), "{told}");
        summary
    }

    #[tokio::test]
    async fn nobody_notices_the_rotation_of_a_secret() {
        let summary = nobody_notices("--credential secret --topology shared-sovereign").await;
        assert_eq!((summary.rotations, summary.old_secret_refused), (1, Some(true)));
        let yaml = summary.external_secret.unwrap();
        assert!(yaml.contains("property: \"client_secret\""), "{yaml}");
        assert_eq!(summary.writes_seen_second_run, Some(0));
    }

    #[tokio::test]
    async fn nobody_notices_the_rotation_of_a_key() {
        let summary = nobody_notices("--credential private-key-jwt").await;
        assert_eq!((summary.rotations, summary.old_secret_refused), (1, Some(true)));
    }

    #[tokio::test]
    async fn an_identity_needs_nothing_stored() {
        let summary = nobody_notices("--credential spiffe").await;
        assert_eq!((summary.rotations, summary.old_secret_refused, summary.external_secret), (0, None, None));
    }
}
