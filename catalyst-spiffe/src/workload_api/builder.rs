//! Settings of a source, and its start.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{Clock, Error, ErrorKind, Result};
use spiffe::transport::Endpoint;
use tokio::time::Instant;

use super::source::{Shared, Start, WorkloadApi};

const PARSE: &str = "parse Workload API address";
const CONNECT: &str = "get the first identity";

/// The longest path that a unix socket's address holds on Linux, without the terminating zero.
const MAX_SOCKET_PATH: usize = 107;

/// Settings of a [`WorkloadApi`] before it exists.
#[derive(Clone, Debug)]
pub struct WorkloadApiBuilder {
    endpoint: Endpoint,
    target: String,
    clock: Clock,
    initial_timeout: Duration,
    hint: Option<String>,
}

impl WorkloadApiBuilder {
    pub(super) fn new(address: &str) -> Result<Self> {
        Ok(Self {
            endpoint: parse(address)?,
            target: address.to_owned(),
            clock: Clock::system(),
            initial_timeout: Duration::from_secs(30),
            hint: None,
        })
    }

    /// How long [`Self::connect`] waits for the first identity; 30 s by default.
    #[must_use]
    pub fn initial_timeout(mut self, limit: Duration) -> Self {
        self.initial_timeout = limit;
        self
    }

    /// The clock that validity is judged by; the machine's by default.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Uses the SVID with this hint of the operator; by default the first SVID that the agent sends.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Starts the supervisor task on the current tokio runtime and waits for the first identity. A missing socket, a
    /// refusal (`no identity issued` is normal just after a workload was registered) and broken streams are retried
    /// until the time is up.
    ///
    /// # Errors
    /// The last cause, with the address, the gRPC status and the number of attempts: [`ErrorKind::Connect`] (code
    /// `no_socket`, `agent_down`, `socket_denied`), [`ErrorKind::Identity`] (`no_identity_issued`,
    /// `permission_denied`), [`ErrorKind::Decode`] (`malformed_update`), [`ErrorKind::Timeout`] when the agent says
    /// nothing, [`ErrorKind::Unavailable`]. At once, without waiting: [`ErrorKind::InvalidRequest`] or
    /// [`ErrorKind::Config`] when the endpoint is no Workload API, or there is no tokio runtime.
    ///
    /// # Cancel safety
    /// Dropping the future stops the task.
    pub async fn connect(self) -> Result<WorkloadApi> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
            Error::new(ErrorKind::Config, CONNECT)
                .with_help("call it inside a tokio runtime")
                .with_source(error)
        })?;
        let started = Instant::now();
        let shared = Arc::new(Shared::new(self.endpoint, self.target, self.clock, self.hint));
        let mut progress = shared.start.subscribe();
        let source = WorkloadApi::spawn(&runtime, shared);
        let settled = progress.wait_for(|start| start.ready || start.fatal);
        let in_time = tokio::time::timeout(self.initial_timeout, settled).await.is_ok();
        let start = progress.borrow().clone();
        if in_time && start.ready { Ok(source) } else { Err(not_ready(&start, started.elapsed(), &source)) }
    }
}

fn not_ready(start: &Start, elapsed: Duration, source: &WorkloadApi) -> Error {
    let last = start.last_error.clone().unwrap_or_else(|| {
        Error::new(ErrorKind::Timeout, CONNECT)
            .with_service("spiffe")
            .with_code("silent")
            .with_help("the agent sent nothing in time")
    });
    last.with_target(source.address()).with_attempts(start.attempts.max(1), elapsed)
}

/// `unix:/path`, `unix:///path` or `tcp:IP:port`.
fn parse(address: &str) -> Result<Endpoint> {
    let bad = |help: &str| {
        Error::new(ErrorKind::Config, PARSE)
            .with_target(catalyst_core::redact::text(address, 200))
            .with_code("bad_address")
            .with_help(help.to_owned())
    };
    let Some(rest) = address.strip_prefix("unix:") else {
        return Endpoint::parse(address).map_err(|error| {
            bad("it must have the form unix:/path/to/socket or tcp:IP:port").with_source(error)
        });
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if !path.starts_with('/') || path.len() < 2 {
        return Err(bad("a unix socket is named by an absolute path, as in unix:/run/spire/agent.sock"));
    }
    if path.contains(['?', '#', '\0']) {
        return Err(bad("the path of the socket holds a '?', '#' or zero byte"));
    }
    if path.len() > MAX_SOCKET_PATH {
        return Err(bad("the path of a unix socket has at most 107 bytes"));
    }
    Ok(Endpoint::Unix(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_parsed_strictly() {
        for good in ["unix:/run/a.sock", "unix:///run/a b.sock", "tcp:127.0.0.1:8081", "tcp://[::1]:8081"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        let long = format!("unix:/{}", "x".repeat(MAX_SOCKET_PATH));
        for bad in [
            "",
            "/run/a.sock",
            "unix:",
            "unix:/",
            "unix:run/a.sock",
            "unix://host/a.sock",
            "unix:/a?x",
            "http://127.0.0.1:1",
            "tcp:localhost:1",
            "tcp:127.0.0.1",
            "tcp://u:p@127.0.0.1:1",
            &long,
        ] {
            let error = parse(bad).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("bad_address")), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_address_is_parsed_or_refused_without_panic(address in "(unix:|tcp:)?.{0,60}") {
            drop(parse(&address));
        }
    }
}
