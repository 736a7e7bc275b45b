//! The client that asks over the network.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Idempotency, Result, RetryBudget, RetryConfig, retry};
use tokio::time::timeout;

use super::exchange::{over_tcp, over_udp};
use super::message::Outgoing;
use super::{DnsAnswer, DnsClient, Question};

/// Asks name servers over UDP, and over TCP where the answer does not fit (RFC 1035, RFC 6891, RFC 7766).
///
/// Each question has a random number and a socket, and so a port, of its own; what does not come from the server that
/// was asked, or answers something else, is not seen. Two tries of two seconds each; a try whose answer must come over
/// TCP has two more.
///
/// ```no_run
/// use catalyst_dns::query::{NameServerClient, Question};
/// use catalyst_dns::{DnsClient, RecordType};
///
/// # async fn example() -> catalyst_dns::Result<()> {
/// let client = NameServerClient::new();
/// let question = Question::new("www.example.org".parse()?, RecordType::A);
/// let answer = client.ask("192.0.2.53:53".parse().expect("an address"), &question).await?;
/// for record in answer.answers {
///     println!("{} {} {}", record.name, record.ttl, record.data);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NameServerClient {
    timeout: Duration,
    tries: u32,
    tcp_only: bool,
    source: Option<IpAddr>,
    budget: RetryBudget,
}

impl NameServerClient {
    /// A client with the limits above.
    pub fn new() -> Self {
        let (timeout, budget) = (Duration::from_secs(2), RetryBudget::default());
        Self { timeout, tries: 2, tcp_only: false, source: None, budget }
    }

    /// How long to wait for one answer; at least a millisecond.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: timeout.max(Duration::from_millis(1)), ..self }
    }

    /// How often a question is sent to a server that does not answer, 1 to 10.
    pub fn tries(self, tries: u32) -> Self {
        Self { tries: tries.clamp(1, 10), ..self }
    }

    /// Never asks over UDP.
    pub fn tcp_only(self) -> Self {
        Self { tcp_only: true, ..self }
    }

    /// Asks from this address of the machine instead of the one that the system picks: servers that answer by client,
    /// such as those of weighted records, see it. Servers of the other family cannot be reached then.
    pub fn source(self, address: IpAddr) -> Self {
        Self { source: Some(address), ..self }
    }

    async fn once(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        let outgoing = Outgoing::new(question, random_id()?)?;
        if !self.tcp_only
            && let Some(answer) = self.in_time(over_udp(server, self.source, &outgoing)).await?
        {
            return Ok(answer);
        }
        self.in_time(over_tcp(server, self.source, &outgoing)).await
    }

    async fn in_time<T>(&self, exchange: impl Future<Output = Result<T>>) -> Result<T> {
        let silent = |_elapsed| {
            Error::new(ErrorKind::Timeout, OPERATION)
                .with_code("no_answer")
                .with_help(format!("the server did not answer within {:?}", self.timeout))
        };
        timeout(self.timeout, exchange).await.map_err(silent)?
    }
}

/// A number that nobody can foresee (RFC 5452 section 4.3).
fn random_id() -> Result<u16> {
    let mut octets = [0; 2];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_unspecified| {
        Error::new(ErrorKind::Other, OPERATION).with_help("the system gives no random numbers")
    })?;
    Ok(u16::from_be_bytes(octets))
}

/// What errors say was being done.
pub(super) const OPERATION: &str = "ask a name server";

impl Default for NameServerClient {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl DnsClient for NameServerClient {
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        let deadline = (self.timeout * 2 + Duration::from_secs(1)) * self.tries;
        let config = RetryConfig::new(self.tries, deadline);
        let asked =
            retry(&config, &self.budget, Idempotency::Repeatable, |_attempt| self.once(server, question));
        asked.await.map_err(|error| error.with_target(format!("{question} @{server}")))
    }
}
