//! The calls.

use std::fmt;

use catalyst_core::http::{HttpClient, Method, Request, Response, path_segment};
use catalyst_core::{Clock, Error, Idempotency, Result, RetryBudget, RetryConfig, Secret, retry};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::answer::{self, Check, List, Reserved};
use super::refusal::{self, SERVICE};
use super::{
    Allocation, Availability, Committed, PoolClaim, PoolDomainsBuilder, PoolLabel, Released, Reservation,
    SovereignTarget,
};
use crate::ZoneName;
use crate::response::without_secrets;

/// The pool-domain-manager.
///
/// ```
/// use catalyst_dns::pool::PoolDomains;
///
/// let address = "http://pool-domain-manager.openova-system.svc.cluster.local:8080";
/// let pools = PoolDomains::builder(address)?.build()?;
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
pub struct PoolDomains {
    pub(super) http: HttpClient,
    pub(super) address: Url,
    pub(super) authorization: Option<Secret>,
    pub(super) clock: Clock,
    pub(super) retry: RetryConfig,
    pub(super) budget: RetryBudget,
}

impl PoolDomains {
    /// The manager at `address`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is no address.
    pub fn builder(address: &str) -> Result<PoolDomainsBuilder> {
        PoolDomainsBuilder::new(address)
    }

    /// Whether a name can be had, without taking it.
    ///
    /// # Errors
    /// Of the connection. Repeated while the manager is unavailable.
    pub async fn check(&self, pool: &ZoneName, label: &PoolLabel) -> Result<Availability> {
        let operation = "check a pool name";
        let mut ask = Ask::new(operation, Method::Get, pool_path(pool, "check"), named(pool, label));
        ask.query = Some(("sub", label.as_str().to_owned()));
        self.ask(&ask, NO_BODY, |_status, body| Ok(answer::json::<Check>(operation, body)?.availability()))
            .await
    }

    /// Takes a name for ten minutes, makes its zone, and delegates it.
    ///
    /// # Errors
    /// `Conflict` with code `taken`; `unsupported_pool`, `reserved_label`. Any other failure may have kept the
    /// reservation ([`Error::outcome_unknown`]); [`list`](Self::list) shows it with its token. Not repeated then.
    ///
    /// # Cancel safety
    /// A call that is dropped may have reserved.
    pub async fn reserve(&self, pool: &ZoneName, label: &PoolLabel, created_by: &str) -> Result<Reservation> {
        let operation = "reserve a pool name";
        let ask = Ask::new(operation, Method::Post, pool_path(pool, "reserve"), named(pool, label)).once();
        let body = json!({ "subdomain": label.as_str(), "createdBy": created_by });
        self.ask(&ask, Some(&body), |_status, body| answer::reservation(operation, body, pool)).await
    }

    /// Makes a reserved name active, and has its records written.
    ///
    /// # Errors
    /// `Expired` with code `reservation_expired`; `already_active`, `token_mismatch`, `not_allocated`. Not repeated
    /// once the outcome is unknown.
    ///
    /// # Cancel safety
    /// A call that is dropped may have taken effect.
    pub async fn commit(&self, reservation: &Reservation, target: &SovereignTarget) -> Result<Committed> {
        let operation = "commit a pool name";
        let Reservation { pool, label, token, .. } = reservation;
        let ask = Ask::new(operation, Method::Post, pool_path(pool, "commit"), named(pool, label)).once();
        let ask = ask.hiding(vec![token.clone()]);
        let body = CommitBody {
            subdomain: label.as_str(),
            reservation_token: token.expose(),
            sovereign_fqdn: target.sovereign.without_dot(),
            load_balancer_ip: target.load_balancer.to_string(),
            console_load_balancer_ip: target.console.map(|address| address.to_string()),
        };
        let committed = |status: u16| if status == 202 { Committed::DnsPending } else { Committed::Served };
        self.ask(&ask, Some(&body), |status, _body| Ok(committed(status))).await
    }

    /// Gives a name back, whatever its state: the zone with all its records goes, and so does the delegation. There is
    /// no token and no way back.
    ///
    /// # Errors
    /// `unsupported_pool`, and those of the connection. Repeated while the manager is unavailable.
    pub async fn release(&self, pool: &ZoneName, label: &PoolLabel) -> Result<Released> {
        let operation = "release a pool name";
        let ask = Ask::new(operation, Method::Delete, pool_path(pool, "release"), named(pool, label));
        let body = json!({ "subdomain": label.as_str() });
        let released = |status: u16| if status == 202 { Released::DnsPending } else { Released::Freed };
        match self.ask(&ask, Some(&body), |status, _body| Ok(released(status))).await {
            Err(error) if error.code() == Some("not_allocated") => Ok(Released::NotThere),
            result => result,
        }
    }

    /// All names of a pool domain that somebody has.
    ///
    /// # Errors
    /// `unsupported_pool`, and those of the connection. Repeated while the manager is unavailable.
    pub async fn list(&self, pool: &ZoneName) -> Result<Vec<Allocation>> {
        let operation = "list pool names";
        let ask = Ask::new(operation, Method::Get, pool_path(pool, "list"), pool.to_string());
        self.ask(&ask, NO_BODY, |_status, body| answer::json::<List>(operation, body)?.read(operation, pool))
            .await
    }

    /// The labels that the platform keeps for itself, as this manager has them.
    ///
    /// # Errors
    /// Of the connection. Repeated while the manager is unavailable.
    pub async fn reserved(&self) -> Result<Vec<String>> {
        let operation = "list reserved labels";
        let ask = Ask::new(operation, Method::Get, "reserved".to_owned(), "reserved");
        self.ask(&ask, NO_BODY, |_status, body| Ok(answer::json::<Reserved>(operation, body)?.reserved)).await
    }

    /// What the manager has of a claim's name.
    pub(super) async fn allocation(&self, claim: &PoolClaim) -> Result<Option<Allocation>> {
        let all = self.list(&claim.pool).await?;
        Ok(all.into_iter().find(|allocation| allocation.label.eq_ignore_ascii_case(claim.label.as_str())))
    }

    /// One call, tried again where that is safe; `read` gets the status and the body of a success.
    pub(super) async fn ask<B: Serialize, T>(
        &self,
        ask: &Ask,
        body: Option<&B>,
        read: impl Fn(u16, &[u8]) -> Result<T>,
    ) -> Result<T> {
        let read = &read;
        let result = retry(&self.retry, &self.budget, ask.idempotency, |attempt| async move {
            let request = self.request(ask, body)?.timeout(attempt.remaining);
            let response = self.http.send(request).await?;
            read_answer(ask, &response, read)
        })
        .await;
        result.map_err(|error| error.with_service(SERVICE).with_target(ask.target.clone()))
    }

    fn request<B: Serialize>(&self, ask: &Ask, body: Option<&B>) -> Result<Request> {
        let mut url = self.address.clone();
        url.set_path(&format!("{}/api/v1/{}", self.address.path().trim_end_matches('/'), ask.path));
        if let Some((name, value)) = &ask.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut request = Request::new(ask.method, url, ask.operation)
            .target(ask.target.clone())
            .fixed_header("accept", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.secret_header("authorization", authorization)?;
        }
        match body {
            Some(body) => request.json(body),
            None => Ok(request),
        }
    }
}

/// What the answer means; a failure inside may have come after the effect.
fn read_answer<T>(ask: &Ask, response: &Response, read: impl Fn(u16, &[u8]) -> Result<T>) -> Result<T> {
    if response.is_success() {
        let doubt = |error: Error| if ask.is_once() { error.with_outcome_unknown() } else { error };
        return read(response.status(), response.body()).map_err(doubt);
    }
    let error = without_secrets(refusal::refusal(ask.operation, response), &ask.secrets);
    let doubtful =
        response.status() >= 500 && !matches!(error.code(), Some("reserved_label" | "no_registrars"));
    Err(if ask.is_once() && doubtful { error.with_outcome_unknown() } else { error })
}

const NO_BODY: Option<&()> = None;

/// What is asked, apart from its body.
pub(super) struct Ask {
    operation: &'static str,
    method: Method,
    /// Below `/api/v1`.
    path: String,
    query: Option<(&'static str, String)>,
    target: String,
    idempotency: Idempotency,
    /// What must not come back in errors.
    secrets: Vec<Secret>,
}

impl Ask {
    pub(super) fn new(
        operation: &'static str,
        method: Method,
        path: String,
        target: impl Into<String>,
    ) -> Self {
        let idempotency = Idempotency::Repeatable;
        Self { operation, method, path, query: None, target: target.into(), idempotency, secrets: Vec::new() }
    }

    /// Must not be repeated once its outcome is unknown.
    pub(super) fn once(self) -> Self {
        Self { idempotency: Idempotency::Once, ..self }
    }

    /// Cuts these out of what the manager says.
    pub(super) fn hiding(self, secrets: Vec<Secret>) -> Self {
        Self { secrets, ..self }
    }

    fn is_once(&self) -> bool {
        self.idempotency == Idempotency::Once
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CommitBody<'a> {
    subdomain: &'a str,
    reservation_token: &'a str,
    #[serde(rename = "sovereignFQDN")]
    sovereign_fqdn: &'a str,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: String,
    #[serde(rename = "consoleLoadBalancerIP", skip_serializing_if = "Option::is_none")]
    console_load_balancer_ip: Option<String>,
}

fn pool_path(pool: &ZoneName, call: &str) -> String {
    format!("pool/{}/{call}", path_segment(pool.apex().without_dot()))
}

fn named(pool: &ZoneName, label: &PoolLabel) -> String {
    format!("{label}.{pool}")
}

impl fmt::Debug for PoolDomains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolDomains").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}
