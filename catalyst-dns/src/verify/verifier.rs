//! Asking every server, once or until all agree.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::{ErrorKind, Result};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Expectation;
use super::report::{ServerReport, ServerState, Verification};
use crate::query::{DnsAnswer, DnsClient, NameServer, Question, ResponseCode};
use crate::{DomainName, RecordSet, RecordType, Serial, ZoneName};

/// How many questions are on their way at the same time.
const PARALLEL: usize = 16;

/// Asks each authoritative server of a zone directly, at each of its addresses, without any cache in between.
///
/// ```no_run
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use catalyst_dns::query::{Authorities, NameServerClient};
/// use catalyst_dns::verify::{Expectation, Verifier, Wait};
/// # async fn example(set: catalyst_dns::RecordSet) -> catalyst_dns::Result<()> {
/// let client = Arc::new(NameServerClient::new());
/// let resolver = "127.0.0.53:53".parse().expect("an address");
/// let zone = "example.org".parse()?;
/// let servers = Authorities::resolved(client.clone(), [resolver]).of(&zone).await?;
/// let verifier = Verifier::new(client, zone, servers);
/// println!("{}", verifier.record_set(&set).await?);
/// verifier.wait(&Expectation::exactly(&set)?, Wait::within(Duration::from_secs(60))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    client: Arc<dyn DnsClient>,
    zone: ZoneName,
    targets: Vec<(DomainName, SocketAddr)>,
}

/// How long and how often to ask.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Wait {
    within: Duration,
    every: Duration,
}

impl Wait {
    /// For so long, every two seconds.
    pub fn within(limit: Duration) -> Self {
        Self { within: limit, every: Duration::from_secs(2) }
    }

    /// The pause between two rounds; at least 10 ms.
    pub fn every(self, pause: Duration) -> Self {
        Self { every: pause.max(Duration::from_millis(10)), ..self }
    }
}

impl Verifier {
    /// Asks these servers of `zone`.
    pub fn new(client: Arc<dyn DnsClient>, zone: ZoneName, servers: Vec<NameServer>) -> Self {
        let targets = servers
            .into_iter()
            .flat_map(|server| {
                server.addresses.into_iter().map(move |address| (server.name.clone(), address))
            })
            .collect();
        Self { client, zone, targets }
    }

    /// Whether each server serves exactly this set.
    ///
    /// # Errors
    /// `InvalidRequest` with code `not_on_the_wire` for LUA and ALIAS; see [`Expectation::any_of`]. A server that does
    /// not answer is no error but part of the result.
    pub async fn record_set(&self, set: &RecordSet) -> Result<Verification> {
        Ok(self.check(&Expectation::exactly(set)?).await)
    }

    /// Whether each server serves the same version of the zone.
    pub async fn serial(&self) -> Verification {
        self.check(&Expectation::serial(&self.zone, None)).await
    }

    /// Whether each server serves what is expected, now.
    pub async fn check(&self, expected: &Expectation) -> Verification {
        let answers = self.ask_all(&expected.question()).await;
        let mut servers: Vec<ServerReport> = Vec::with_capacity(answers.len());
        for ((server, address), answer) in self.targets.iter().zip(answers) {
            let (state, served) = match answer {
                Err(error) => (ServerState::Silent(error), Vec::new()),
                Ok(answer) if !speaks_for_zone(&answer) => {
                    (ServerState::NotAuthoritative(answer.code), Vec::new())
                }
                Ok(answer) => {
                    let served = expected.relevant(&answer);
                    let met = expected.met_by(answer.code, &served);
                    (if met { ServerState::Agrees } else { ServerState::Differs }, served)
                }
            };
            servers.push(ServerReport { server: server.clone(), address: *address, state, served });
        }
        self.tell_lagging_from_wrong(expected, &mut servers).await;
        Verification { expected: expected.clone(), servers }
    }

    /// Asks again and again until every server agrees.
    ///
    /// # Errors
    /// `Timeout` with code `not_propagated`, whose help names each server that does not agree, with what it serves.
    pub async fn wait(&self, expected: &Expectation, wait: Wait) -> Result<Verification> {
        let deadline = Instant::now() + wait.within;
        let mut last: Option<Verification> = None;
        loop {
            let next = Instant::now() + wait.every;
            // A round that the deadline cuts off tells less than the one before it.
            match timeout_at(deadline, self.check(expected)).await {
                Ok(found) if found.agrees() => return Ok(found),
                Ok(found) => last = Some(found),
                Err(_cut_off) => {}
            }
            if next >= deadline || self.targets.is_empty() {
                let none = || Verification { expected: expected.clone(), servers: Vec::new() };
                return Err(last.unwrap_or_else(none).error(ErrorKind::Timeout));
            }
            sleep_until(next).await;
        }
    }

    /// Who differs with an older serial than somebody else only lags.
    async fn tell_lagging_from_wrong(&self, expected: &Expectation, servers: &mut [ServerReport]) {
        let serials: Vec<Option<Serial>> = if expected.is_serial() {
            servers.iter().map(serial_in).collect()
        } else if servers.iter().any(|report| matches!(report.state, ServerState::Differs)) {
            let question = Question::new(self.zone.apex().clone(), RecordType::Soa);
            let answers = self.ask_all(&question).await;
            answers.into_iter().map(|answer| answer.ok().and_then(|answer| answer.serial())).collect()
        } else {
            return;
        };
        let newer = |one: Serial, other: Serial| if other.is_newer_than(one) { other } else { one };
        let Some(newest) = serials.iter().flatten().copied().chain(expected.at_least()).reduce(newer) else {
            return;
        };
        for (report, serial) in servers.iter_mut().zip(serials) {
            let compared = match report.state {
                ServerState::Differs => true,
                ServerState::Agrees => expected.is_serial(),
                _ => false,
            };
            if let Some(serial) = serial.filter(|serial| compared && newest.is_newer_than(*serial)) {
                report.state = ServerState::Lags { serial, newest };
            }
        }
    }

    /// The answers of all servers, in their order.
    async fn ask_all(&self, question: &Question) -> Vec<Result<DnsAnswer>> {
        let asked = self.targets.iter().map(|(_, address)| self.client.ask(*address, question));
        stream::iter(asked).buffered(PARALLEL).collect().await
    }
}

fn speaks_for_zone(answer: &DnsAnswer) -> bool {
    answer.authoritative && matches!(answer.code, ResponseCode::NoError | ResponseCode::NxDomain)
}

fn serial_in(report: &ServerReport) -> Option<Serial> {
    report.served.iter().find_map(|record| match &record.data {
        crate::RecordData::Soa(soa) => Some(soa.serial),
        _ => None,
    })
}
