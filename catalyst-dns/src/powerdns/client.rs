//! The client, and one call of it: a key, the retry loop, and one more try with a new key after a refusal.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::HttpClient;
use catalyst_core::{Error, ErrorKind, Result, RetryBudget, RetryConfig, Secret, retry};
use tokio::sync::OnceCell;
use url::Url;

use super::PowerDnsBuilder;
use super::call::{Access, Answer, Call};
use super::key::Key;
use super::refusal;
use super::writers::Writers;
use crate::{Capabilities, ZoneName};

/// An authoritative PowerDNS, by its HTTP API. Cheap to clone; clones share their connections and their order of writes.
///
/// It implements [`DnsZones`](crate::DnsZones) and [`ZoneSecurity`](crate::ZoneSecurity), where zones, records and keys
/// are; what only PowerDNS has stands here. See the table of errors [in the crate's documentation](crate::powerdns).
///
/// ```
/// use catalyst_dns::{PowerDns, Secret};
///
/// let dns = PowerDns::builder("https://pdns.example.org/api")?
///     .api_key(Secret::new("the server's key"))
///     .basic_auth("operator", Secret::new("the proxy's password"))
///     .build()?;
/// assert!(!format!("{dns:?}").contains("key"));
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone)]
pub struct PowerDns {
    pub(super) api: Arc<Api>,
}

/// What all calls of one client share.
pub(super) struct Api {
    /// Up to and with `/api/v1/servers/{id}`.
    pub(super) server: Url,
    pub(super) http: HttpClient,
    pub(super) key: Key,
    /// The header `Authorization` for the proxy before the server.
    pub(super) basic: Option<Secret>,
    pub(super) retry: RetryConfig,
    pub(super) budget: RetryBudget,
    pub(super) writers: Writers,
    pub(super) body_limit: usize,
    pub(super) capabilities: OnceCell<Capabilities>,
}

impl PowerDns {
    /// Sets up the client of the server at `address`: `https://pdns.example.org`, with or without `/api` or `/api/v1` at
    /// its end.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is not an absolute `http` or `https` URL.
    pub fn builder(address: &str) -> Result<PowerDnsBuilder> {
        PowerDnsBuilder::new(address)
    }
}

impl Api {
    /// Sends a call that is not about one zone, or only reads.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer> {
        retry(&self.retry, &self.budget, call.idempotency, |attempt| {
            Box::pin(self.attempt(call, attempt.remaining))
        })
        .await
    }

    /// Sends a call that changes `zone`, when nobody else changes it.
    pub(super) async fn write(&self, zone: &ZoneName, call: &Call) -> Result<Answer> {
        let _turn = self.writers.turn(zone, call.operation.name()).await?;
        self.send(call).await
    }

    async fn attempt(&self, call: &Call, limit: Duration) -> Result<Answer> {
        let writes = call.operation.writes();
        let _alone =
            if writes { Some(self.writers.alone(call.operation.name(), &call.target).await?) } else { None };
        let key = within(limit, call, self.key.current()).await?;
        let answer = match self.exchange(call, &key, limit).await {
            Err(error) if error.code() == Some("bad_api_key") => {
                match within(limit, call, self.key.other_than(&key)).await? {
                    Some(key) => self.exchange(call, &key, limit).await,
                    None => Err(error),
                }
            }
            answer => answer,
        };
        if answer.as_ref().err().and_then(Error::code) == Some("database_locked") {
            self.writers.narrow();
        }
        answer
    }

    async fn exchange(&self, call: &Call, key: &Secret, limit: Duration) -> Result<Answer> {
        let answer = self.sent_once(call, key, limit).await;
        // Whoever only reads need not wonder what was done.
        if call.operation.writes() { answer } else { answer.map_err(Error::with_outcome_known) }
    }

    async fn sent_once(&self, call: &Call, key: &Secret, limit: Duration) -> Result<Answer> {
        let access = Access { key, basic: self.basic.as_ref() };
        let request = call.request(&self.server, &access, limit).map_err(|error| call.about(error))?;
        let response =
            self.http.send(request).await.map_err(|error| call.about(refusal::no_answer(call, error)))?;
        call.judge(response)
    }
}

/// What a source of keys says, if it says it in time. Its errors stay what they are: they are about another service.
async fn within<T>(limit: Duration, call: &Call, key: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, key).await.unwrap_or_else(|_elapsed| {
        let error = Error::new(ErrorKind::Timeout, call.operation.name())
            .with_code("no_api_key")
            .with_help("the source of API keys did not answer in time; nothing was sent");
        Err(call.about(error))
    })
}

impl fmt::Debug for PowerDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PowerDns").field("server", &self.api.server.as_str()).finish_non_exhaustive()
    }
}
