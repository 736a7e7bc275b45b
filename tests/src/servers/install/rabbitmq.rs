//! RabbitMQ, from Debian.

use std::path::Path;

use catalyst_core::{Error, ErrorKind, Result};

use super::{INSTALLING, debian};

/// What Debian's packages put where.
#[derive(Clone, Copy, Debug)]
pub struct RabbitMq {
    /// What starts the server as whoever calls it; Debian's own command becomes another user.
    pub server: &'static str,
    /// The directory of Erlang's nodes, which a server asks for.
    pub directory: &'static str,
}

const FILES: RabbitMq =
    RabbitMq { server: "/usr/lib/rabbitmq/bin/rabbitmq-server", directory: "/usr/bin/epmd" };

/// RabbitMQ with its management plugin; installed from Debian (35 MB) when it is missing and we may.
///
/// # Errors
/// [`ErrorKind::Config`] if it is missing and cannot be installed.
///
/// # Cancel safety
/// An installation goes on in the background, and the next call finds its result.
pub async fn rabbitmq() -> Result<RabbitMq> {
    const OPERATION: &str = "find RabbitMQ";
    let _one_at_a_time = INSTALLING.lock().await;
    if is_installed() {
        return Ok(FILES);
    }
    let missing = |help: &str| Error::new(ErrorKind::Config, OPERATION).with_help(help.to_owned());
    if !debian::is_ours() {
        return Err(missing("install it (Debian: apt-get install rabbitmq-server)"));
    }
    let _quiet = debian::NoServiceStarts::new()
        .map_err(|error| missing("cannot write to /usr/sbin").with_source(error))?;
    debian::update("install RabbitMQ").await?;
    debian::install("install RabbitMQ", &["rabbitmq-server"]).await?;
    if is_installed() {
        Ok(FILES)
    } else {
        Err(missing("installed from Debian, but there is no rabbitmq-server"))
    }
}

fn is_installed() -> bool {
    [FILES.server, FILES.directory].iter().all(|file| Path::new(file).exists())
}
