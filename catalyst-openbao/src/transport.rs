//! Calls as the server wants them: one request, one answer, no retry and no idea of sessions. Where the server is a
//! cluster, [`cluster`] takes the call to one of its nodes.

use std::time::Duration;

use catalyst_core::http::{HttpClient, Method, Request, Response};
use catalyst_core::{Error, ErrorKind, Idempotency, Result, RetryAdvice, Secret};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;
use url::Url;

use crate::Namespace;
use crate::cluster::{self, Nodes};
use crate::operation::Operation;
use crate::refusal::{self, Remains, SERVICE, refusal};
use crate::warning::WarningSink;
use crate::wire::{self, Enclosed, Envelope, Refused};

/// How many texts of one refusal are read.
const MAX_ERRORS: usize = 8;

/// Writes a body into a request.
pub(crate) type Body<'a> = &'a (dyn Fn(Request) -> Result<Request> + Send + Sync);

/// What is to be asked; built once, sent as often as need be.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation,
    method: Method,
    /// The parts of the path behind `/v1/`, escaped, to be put together without a separator.
    path: &'a [&'a str],
    body: Option<Body<'a>>,
    wrap_ttl: Option<Duration>,
    timeout: Option<Duration>,
    /// Whether an answer with `batch_results` counts, whatever its status.
    batch: bool,
    namespace: Option<&'a Namespace>,
    pub(crate) idempotency: Idempotency,
    /// Whether the caller can find out what became of it once another node leads.
    pub(crate) settles: bool,
    /// Whether a standby's answer will not do.
    only_active: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(operation: Operation, method: Method, path: &'a [&'a str]) -> Self {
        let idempotency = Idempotency::Repeatable;
        Self {
            operation,
            method,
            path,
            body: None,
            wrap_ttl: None,
            timeout: None,
            batch: false,
            namespace: None,
            idempotency,
            settles: false,
            only_active: false,
        }
    }

    /// Sends a body.
    pub(crate) fn body(self, body: Body<'a>) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Must not be repeated once its outcome is unknown.
    pub(crate) fn once(self) -> Self {
        Self { idempotency: Idempotency::Once, ..self }
    }

    /// As [`Call::once`]; but when the lead of a cluster changes under it, the caller finds out what became of it.
    pub(crate) fn settling(self) -> Self {
        Self { settles: true, ..self.once() }
    }

    /// A read that only the active node of a cluster answers.
    pub(crate) fn only_from_active(self) -> Self {
        Self { only_active: true, ..self }
    }

    /// Asks for a wrapping token in place of the answer.
    pub(crate) fn wrapped(self, ttl: Duration) -> Self {
        Self { wrap_ttl: Some(ttl), ..self }
    }

    /// Ends the call sooner than the client's limit. Of two limits the shorter one holds.
    pub(crate) fn timeout(self, limit: Duration) -> Self {
        Self { timeout: Some(self.timeout.map_or(limit, |set| set.min(limit))), ..self }
    }

    /// What [`Call::timeout`] has set.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether it changes nothing on the server, by its method and by what was declared.
    pub(crate) fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Head | Method::List)
            && self.idempotency == Idempotency::Repeatable
    }

    /// Whether it reads secrets, which standbys serve.
    pub(crate) fn reads_secrets(&self) -> bool {
        use Operation::{ListSecrets, ReadMetadata, ReadSecret};
        !self.only_active
            && self.reads()
            && self.wrap_ttl.is_none()
            && matches!(self.operation, ReadSecret | ListSecrets | ReadMetadata)
    }

    /// Takes results that come with the status of their worst: a batch of which one item was refused is a 400.
    pub(crate) fn batch(self) -> Self {
        Self { batch: true, ..self }
    }

    /// In this namespace, in place of the client's.
    pub(crate) fn in_namespace(self, namespace: &'a Namespace) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// The path for errors and spans: without the query, which may be anything.
    pub(crate) fn target(&self) -> String {
        let mut target = self.path.concat();
        if let Some(query) = target.find('?') {
            target.truncate(query);
        }
        target
    }
}

/// An answer with a successful status.
pub(crate) struct Answer<'a> {
    /// Taken before the request was sent.
    pub(crate) sent_at: Instant,
    call: Call<'a>,
    response: Response,
}

/// What is sent along to a node of a cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Routing<'a> {
    /// How far the node's storage must have got; one that lags behind has the active node answer.
    pub(crate) index: Option<&'a str>,
    /// A standby must redirect and not forward: after a forwarded call that failed nobody knows what became of it.
    pub(crate) stays: bool,
}

/// How requests get to the server.
#[derive(Debug)]
pub(crate) enum Wire {
    Http(HttpClient),
    #[cfg(feature = "mock")]
    Memory(crate::mock::InMemory),
}

impl Wire {
    async fn send(&self, operation: Operation, request: Request) -> Result<Response> {
        #[cfg(not(feature = "mock"))]
        let _ = operation;
        match self {
            Self::Http(client) => client.send(request).await,
            #[cfg(feature = "mock")]
            Self::Memory(server) => Box::pin(server.send(operation.name(), request)).await,
        }
    }
}

/// The connections to one server, or to the nodes of one cluster.
#[derive(Debug)]
pub(crate) struct Transport {
    http: Wire,
    /// Opens a connection for each login by certificate, so that the newest one is presented.
    login_http: Option<Wire>,
    /// The address up to and with `/v1/`: parsed once, for a host costs more to parse than a path.
    base: Url,
    /// None if there is one address only.
    nodes: Option<Box<Nodes>>,
    namespace: Option<Namespace>,
    pub(crate) warnings: WarningSink,
}

impl Transport {
    pub(crate) fn new(
        address: &Url,
        namespace: Option<Namespace>,
        http: Wire,
        login_http: Option<Wire>,
    ) -> Self {
        Self { http, login_http, base: base(address), nodes: None, namespace, warnings: WarningSink::new() }
    }

    /// The same to the nodes of a cluster.
    pub(crate) fn with_nodes(self, nodes: Option<Nodes>) -> Self {
        Self { nodes: nodes.map(Box::new), ..self }
    }

    /// The nodes, if this is a cluster.
    pub(crate) fn nodes(&self) -> Option<&Nodes> {
        self.nodes.as_deref()
    }

    /// The ordinary connections.
    pub(crate) fn wire(&self) -> &Wire {
        &self.http
    }

    /// Sends `call`; a status that is no success is the error it means.
    pub(crate) async fn exchange<'a>(&self, call: &Call<'a>, token: Option<&Secret>) -> Result<Answer<'a>> {
        self.exchange_over(&self.http, call, token).await
    }

    /// Sends a login.
    pub(crate) async fn log_in<'a>(&self, call: &Call<'a>) -> Result<Answer<'a>> {
        self.exchange_over(self.login_http.as_ref().unwrap_or(&self.http), call, None).await
    }

    /// Sends `call` without a token and returns the answer whatever its status.
    pub(crate) async fn raw(&self, call: &Call<'_>) -> Result<Response> {
        match &self.nodes {
            Some(nodes) => Box::pin(cluster::any(self, nodes, call)).await,
            None => self.http.send(call.operation, self.request(&self.base, call, None)?).await,
        }
    }

    async fn exchange_over<'a>(
        &self,
        http: &Wire,
        call: &Call<'a>,
        token: Option<&Secret>,
    ) -> Result<Answer<'a>> {
        if let Some(nodes) = &self.nodes {
            return Box::pin(cluster::exchange(self, nodes, http, call, token)).await;
        }
        let sent_at = Instant::now();
        let about = |error: Error| error.with_service(SERVICE).with_target(call.target());
        let request = self.request(&self.base, call, token).map_err(about)?;
        let response = http.send(call.operation, request).await.map_err(about)?;
        if response.is_success() || (call.batch && holds_results(&response)) {
            return Ok(Answer { sent_at, call: *call, response });
        }
        Err(about(self.refused(call, &response)))
    }

    /// Sends `call` once to the node at `base`, and returns the answer whatever its status.
    pub(crate) async fn send_at(
        &self,
        wire: &Wire,
        base: &Url,
        call: &Call<'_>,
        token: Option<&Secret>,
        routing: Routing<'_>,
    ) -> Result<Response> {
        let about = |error: Error| error.with_service(SERVICE).with_target(call.target());
        let request = self.request(base, call, token).and_then(|request| routed(request, routing));
        wire.send(call.operation, request.map_err(about)?).await.map_err(about)
    }

    /// The request for a body that is not held, to the node at `base` or to the one server.
    pub(crate) fn request_to(
        &self,
        base: Option<&Url>,
        call: &Call<'_>,
        token: &Secret,
        routing: Routing<'_>,
    ) -> Result<Request> {
        routed(self.request(base.unwrap_or(&self.base), call, Some(token))?, routing)
    }

    fn request(&self, base: &Url, call: &Call<'_>, token: Option<&Secret>) -> Result<Request> {
        let mut request = Request::new(call.method, url(base, call), call.operation.name());
        if tracing::enabled!(tracing::Level::DEBUG) {
            request = request.target(call.target());
        }
        // Proves to an agent or proxy before the server that no browser was tricked into this.
        request = request.fixed_header("x-vault-request", "true");
        if let Some(token) = token {
            request = request.secret_header("x-vault-token", token)?;
        }
        if let Some(namespace) = call.namespace.or(self.namespace.as_ref()) {
            request = request.header("x-vault-namespace", namespace.as_str())?;
        }
        if let Some(ttl) = call.wrap_ttl {
            request = request.header("x-vault-wrap-ttl", &ttl.as_secs().max(1).to_string())?;
        }
        if let Some(limit) = call.timeout {
            request = request.timeout(limit);
        }
        match call.body {
            Some(body) => body(request),
            None => Ok(request),
        }
    }

    pub(crate) fn refused(&self, call: &Call<'_>, response: &Response) -> Error {
        refused_by(&self.base, call, response)
    }
}

/// The error that the answer of the node at `base` means.
pub(crate) fn refused_by(base: &Url, call: &Call<'_>, response: &Response) -> Error {
    let (operation, status) = (call.operation, response.status());
    if (300..400).contains(&status) {
        let goal = redirect_goal(base, response).map(|goal| goal.origin().ascii_serialization());
        return refusal::redirected(operation, status, goal.as_deref());
    }
    let refused = match serde_json::from_slice::<Refused>(response.body()) {
        Ok(refused) => refused,
        Err(_) if response.body().is_empty() || status >= 500 || status == 429 => Refused::default(),
        Err(_) => return not_the_server(operation, status),
    };
    let mut errors = refused.errors.unwrap_or_default();
    let warnings = refused.warnings.unwrap_or_default();
    if errors.is_empty() && refused.data.is_none() {
        // Wrong use of a versioned store is told by a warning only.
        errors.extend(warnings);
    }
    errors.truncate(MAX_ERRORS);
    let remains = match refused.data.and_then(|data| data.metadata) {
        Some(metadata) if metadata.destroyed => Remains::Destroyed,
        Some(_) => Remains::Deleted,
        None => Remains::Nothing,
    };
    let mut error = refusal(operation, status, &errors, remains);
    if let Some(pause) = retry_after(response) {
        error = error.with_retry(RetryAdvice::After(pause));
    }
    match refused.request_id {
        Some(id) if !id.is_empty() => error.with_request_id(&id),
        _ => error,
    }
}

fn url(base: &Url, call: &Call<'_>) -> Url {
    let length = call.path.iter().map(|part| part.len()).sum::<usize>();
    let mut path = String::with_capacity(base.path().len() + length);
    path.push_str(base.path());
    path.extend(call.path.iter().copied());
    let mut url = base.clone();
    // The parts are escaped: a question mark can only be that of the query.
    let (path, query) =
        path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
    url.set_path(path);
    url.set_query(query);
    url
}

fn routed(mut request: Request, routing: Routing<'_>) -> Result<Request> {
    if let Some(index) = routing.index {
        request = request.header("x-vault-index", index)?;
        request = request.fixed_header("x-vault-inconsistent", "forward-active-node");
    }
    if routing.stays {
        request = request.fixed_header("x-vault-no-request-forwarding", "true");
    }
    Ok(request)
}

/// The address up to and with `/v1/`.
pub(crate) fn base(address: &Url) -> Url {
    let mut base = address.clone();
    base.set_path(&format!("{}/v1/", address.path().trim_end_matches('/')));
    base
}

impl<'a> Answer<'a> {
    pub(crate) fn new(sent_at: Instant, call: Call<'a>, response: Response) -> Self {
        Self { sent_at, call, response }
    }

    /// The answer's envelope. An empty body is an empty envelope.
    pub(crate) fn read<'r, T: Deserialize<'r>>(&'r self, transport: &Transport) -> Result<Envelope<'r, T>> {
        let envelope: Envelope<'r, T> = self.parse()?;
        self.report(transport, envelope.request_id.as_str(), envelope.warnings.as_deref());
        Ok(envelope)
    }

    /// The data of the answer, which must be there.
    pub(crate) fn data<'r, T: Deserialize<'r>>(&'r self, transport: &Transport) -> Result<T> {
        let envelope: Enclosed<'r, T> = self.parse()?;
        let request_id = envelope.request_id.as_str();
        self.report(transport, request_id, envelope.warnings.as_deref());
        let missing = || self.undecodable().with_help("the answer holds no data").with_request_id(request_id);
        envelope.data.ok_or_else(missing)
    }

    /// The whole body, for answers of which more is wanted than an envelope has, or which have none.
    pub(crate) fn bare<'r, T: Deserialize<'r>>(&'r self, transport: &Transport) -> Result<T> {
        let envelope: Enclosed<'r, IgnoredAny> = self.parse()?;
        self.report(transport, envelope.request_id.as_str(), envelope.warnings.as_deref());
        self.parse()
    }

    /// The whole body as a text.
    pub(crate) fn text(&self) -> Result<&str> {
        std::str::from_utf8(self.response.body())
            .map_err(|_quotes_nothing| self.undecodable().with_help("the answer is not UTF-8"))
    }

    fn parse<'r, T: Deserialize<'r>>(&'r self) -> Result<T> {
        let body = if self.response.body().is_empty() { b"{}".as_slice() } else { self.response.body() };
        serde_json::from_slice(body).map_err(|error| {
            let help = format!(
                "the answer is not what this operation promises (line {}, column {}, {} bytes)",
                error.line(),
                error.column(),
                body.len()
            );
            self.undecodable().with_help(help)
        })
    }

    fn report(&self, transport: &Transport, request_id: &str, warnings: Option<&[String]>) {
        let operation = self.call.operation.name();
        tracing::trace!(request_id, operation, "answer read");
        if let Some(warnings) = warnings {
            transport.warnings.take(operation, || self.call.target(), request_id, warnings);
        }
    }

    /// The answer came, and cannot be read: whatever the request did, it has done.
    pub(crate) fn undecodable(&self) -> Error {
        let error = Error::new(ErrorKind::Decode, self.call.operation.name())
            .with_service(SERVICE)
            .with_target(self.call.target())
            .with_code("unreadable_answer")
            .with_status(self.response.status());
        match self.call.idempotency {
            Idempotency::Once => error.with_outcome_unknown(),
            Idempotency::Repeatable => error,
        }
    }
}

fn holds_results(response: &Response) -> bool {
    serde_json::from_slice::<wire::Batch>(response.body())
        .is_ok_and(|answer| answer.data.is_some_and(|data| data.batch_results.is_some()))
}

fn not_the_server(operation: Operation, status: u16) -> Error {
    Error::new(ErrorKind::Decode, operation.name())
        .with_service(SERVICE)
        .with_code("unreadable_answer")
        .with_status(status)
        .with_help(
            "the answer is not JSON: is this the address of an OpenBao server, and nothing in between?",
        )
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Where a redirect leads, if the answer is one. Of its path and query nothing may be shown: they may hold anything.
pub(crate) fn redirect_goal(base: &Url, response: &Response) -> Option<Url> {
    if !(300..400).contains(&response.status()) {
        return None;
    }
    let goal = base.join(response.header("location")?).ok()?;
    goal.has_host().then_some(goal)
}
