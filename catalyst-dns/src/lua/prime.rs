//! The first question after a write, asked by us.

use std::net::SocketAddr;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::stream::{self, StreamExt as _};

use super::refused;
use crate::query::{DnsAnswer, Question};
use crate::{DnsClient, DomainName, RecordType};

/// The most servers of one call, how many are asked at a time, and how long one of them may take.
const MAX_SERVERS: usize = 64;
const AT_A_TIME: usize = 16;
const LIMIT: Duration = Duration::from_secs(5);

/// What the servers answered to the first question.
#[derive(Debug)]
#[non_exhaustive]
pub struct Primed {
    /// Each server with its answer, in the order in which they were named. The answers are those of the last resort
    /// where checks begin with this question.
    pub answers: Vec<(SocketAddr, Result<DnsAnswer>)>,
}

impl Primed {
    /// The servers that gave no answer, and so have not begun to check.
    pub fn failed(&self) -> impl Iterator<Item = (SocketAddr, &Error)> {
        self.answers.iter().filter_map(|(server, answer)| Some((*server, answer.as_ref().err()?)))
    }
}

/// Asks each of `servers` once for `name`, so that its health checks begin: PowerDNS checks nothing before the first
/// question, which it answers with the last resort. Call it after each write of a LUA record, for each type that it
/// answers with.
///
/// A server that does not answer is no error of the whole. Each has 5 s; up to 16 are asked at a time.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with code `invalid_lua` for over 64 servers.
///
/// # Cancel safety
/// Asking changes nothing but what the servers check.
pub async fn prime(
    client: &dyn DnsClient,
    servers: &[SocketAddr],
    name: &DomainName,
    kind: RecordType,
) -> Result<Primed> {
    if servers.len() > MAX_SERVERS {
        return Err(refused(format!("at most {MAX_SERVERS} servers at once")).with_target(name.to_string()));
    }
    let question = Question::new(name.clone(), kind);
    let question = &question;
    let asked = stream::iter(servers.iter().copied()).map(|server| async move {
        let answer = tokio::time::timeout(LIMIT, client.ask(server, question)).await;
        (server, answer.unwrap_or_else(|_elapsed| Err(late(server, question))))
    });
    Ok(Primed { answers: asked.buffered(AT_A_TIME).collect().await })
}

fn late(server: SocketAddr, question: &Question) -> Error {
    Error::new(ErrorKind::Timeout, "start health checks").with_target(format!("{question} at {server}"))
}
