//! What was found, server by server.

use std::fmt;
use std::net::SocketAddr;

use catalyst_core::{Error, ErrorKind, Result};

use super::Expectation;
use crate::query::{AnswerRecord, ResponseCode};
use crate::{DomainName, Serial};

/// How one server stands to what is expected.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ServerState {
    /// It serves what is expected.
    Agrees,
    /// It serves an older version of the zone.
    Lags {
        /// The version that it serves.
        serial: Serial,
        /// The newest version of any server, or the one that is expected.
        newest: Serial,
    },
    /// It serves the newest version of the zone, and other data than expected.
    Differs,
    /// It does not answer for the zone: it does not serve it, or refuses us.
    NotAuthoritative(ResponseCode),
    /// It does not answer.
    Silent(Error),
}

/// What one server answers at one address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerReport {
    /// The name of the server.
    pub server: DomainName,
    /// Where it was asked.
    pub address: SocketAddr,
    /// How it stands to what is expected.
    pub state: ServerState,
    /// The records that it serves at the name, of the type that was asked for, or the CNAME in their place.
    pub served: Vec<AnswerRecord>,
}

impl ServerReport {
    /// Whether the server serves what is expected.
    pub fn agrees(&self) -> bool {
        matches!(self.state, ServerState::Agrees)
    }
}

impl fmt::Display for ServerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) ", self.server, self.address)?;
        match &self.state {
            ServerState::Agrees => f.write_str("agrees")?,
            ServerState::Lags { serial, newest } => {
                write!(f, "lags behind: it has serial {serial}, the newest is {newest}")?;
            }
            ServerState::Differs => f.write_str("differs")?,
            ServerState::NotAuthoritative(code) => {
                return write!(f, "does not answer for the zone ({code:?})");
            }
            ServerState::Silent(error) => return write!(f, "does not answer: {error}"),
        }
        if self.agrees() {
            return Ok(());
        }
        f.write_str(", it serves ")?;
        if self.served.is_empty() {
            return f.write_str("nothing");
        }
        for (index, record) in self.served.iter().take(8).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} {} {}", record.ttl, record.data.kind(), record.data)?;
        }
        if self.served.len() > 8 { write!(f, " and {} more", self.served.len() - 8) } else { Ok(()) }
    }
}

/// What all servers answer. `Display` writes a line for each, for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "a verification that nobody looks at verifies nothing"]
pub struct Verification {
    /// What was expected.
    pub expected: Expectation,
    /// One report for each address of each server.
    pub servers: Vec<ServerReport>,
}

impl Verification {
    /// Whether every server agrees; false without servers.
    pub fn agrees(&self) -> bool {
        !self.servers.is_empty() && self.servers.iter().all(ServerReport::agrees)
    }

    /// The servers that do not agree.
    pub fn others(&self) -> impl Iterator<Item = &ServerReport> {
        self.servers.iter().filter(|report| !report.agrees())
    }

    /// Makes disagreement an error.
    ///
    /// # Errors
    /// `Unavailable` with code `not_propagated`, whose help names each server that does not agree and what it serves.
    pub fn into_result(self) -> Result<Self> {
        if self.agrees() {
            return Ok(self);
        }
        Err(self.error(ErrorKind::Unavailable))
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        let lines: Vec<String> = self.others().take(8).map(ToString::to_string).collect();
        let more = self.others().count().saturating_sub(lines.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let none = if self.servers.is_empty() { "there is no server to ask" } else { "" };
        Error::new(kind, "verify what name servers answer")
            .with_code("not_propagated")
            .with_target(self.expected.key().to_string())
            .with_help(format!("{none}{}{more}", lines.join("; ")))
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agreeing = self.servers.iter().filter(|report| report.agrees()).count();
        write!(f, "{}: {agreeing} of {} agree", self.expected, self.servers.len())?;
        self.servers.iter().try_for_each(|report| write!(f, "\n  {report}"))
    }
}
