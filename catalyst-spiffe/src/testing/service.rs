//! The five methods of the Workload API, on tonic's server without generated code.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _, stream};
use prost::Message;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::Grpc;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

use super::agent::{MalformedUpdate, State};
use super::proto::{
    JwtBundlesRequest, JwtBundlesResponse, JwtSvid, JwtSvidRequest, JwtSvidResponse, Kind, List, Struct,
    ValidateJwtSvidRequest, ValidateJwtSvidResponse, Value, X509BundlesRequest, X509BundlesResponse,
    X509Svid, X509SvidRequest, X509SvidResponse,
};
use super::socket::Connection;
use crate::mock::{LeafDefect, MockIdentity};
use crate::{JwtIdentity, Updates, WorkloadIdentity};

/// Serves until `incoming` ends.
pub(super) async fn serve(
    state: Arc<State>,
    incoming: impl Stream<Item = io::Result<Connection>> + Send + 'static,
) {
    let served =
        tonic::transport::Server::builder().serve_with_incoming(WorkloadApiService { state }, incoming).await;
    if let Err(error) = served {
        tracing::warn!(%error, "the fake agent ended");
    }
}

#[derive(Clone)]
struct WorkloadApiService {
    state: Arc<State>,
}

impl Service<http::Request<Body>> for WorkloadApiService {
    type Response = http::Response<Body>;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let state = Arc::clone(&self.state);
        Box::pin(async move { Ok(answer(state, request).await) })
    }
}

async fn answer(state: Arc<State>, request: http::Request<Body>) -> http::Response<Body> {
    // The standard, section 3: a guard against requests that were forged across protocols.
    if request.headers().get("workload.spiffe.io").is_none_or(|value| value != "true") {
        state.counts().without_header.fetch_add(1, Ordering::SeqCst);
        return Status::invalid_argument("security header missing from request").into_http();
    }
    let counts = state.counts();
    match request.uri().path() {
        "/SpiffeWorkloadAPI/FetchX509SVID" => {
            let watcher = Watcher { storms: true, ..Watcher::new(count(&counts.x509_svid, &state)) };
            stream_of::<X509SvidRequest, _>(watcher, request, x509_update).await
        }
        "/SpiffeWorkloadAPI/FetchX509Bundles" => {
            let watcher = Watcher::new(count(&counts.x509_bundles, &state));
            stream_of::<X509BundlesRequest, _>(watcher, request, x509_bundles).await
        }
        "/SpiffeWorkloadAPI/FetchJWTBundles" => {
            let watcher = Watcher::new(count(&counts.jwt_bundles, &state));
            stream_of::<JwtBundlesRequest, _>(watcher, request, jwt_bundles).await
        }
        "/SpiffeWorkloadAPI/FetchJWTSVID" => call(count(&counts.jwt_svid, &state), request, jwt_svids).await,
        "/SpiffeWorkloadAPI/ValidateJWTSVID" => {
            call(count(&counts.validate_jwt_svid, &state), request, validate_jwt).await
        }
        _ => Status::unimplemented("no such method").into_http(),
    }
}

fn count(counter: &AtomicU64, state: &Arc<State>) -> Arc<State> {
    counter.fetch_add(1, Ordering::SeqCst);
    Arc::clone(state)
}

// --- one answer ---

async fn call<Ask, Answer>(
    state: Arc<State>,
    request: http::Request<Body>,
    respond: fn(&State, &Ask) -> Result<Answer, Status>,
) -> http::Response<Body>
where
    Ask: Message + Default + 'static,
    Answer: Message + Default + 'static,
{
    let method = Method(move |ask: Request<Ask>| {
        let state = Arc::clone(&state);
        async move {
            faulty(&state).await?;
            respond(&state, ask.get_ref()).map(Response::new)
        }
    });
    Grpc::new(ProstCodec::<Answer, Ask>::default()).unary(method, request).await
}

/// Delay, silence, status and denial, in this order.
async fn faulty(state: &State) -> Result<(), Status> {
    let mut changes = state.changes();
    let delay = state.faults().delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    while state.faults().silence {
        changes.changed().await.map_err(|_ended| Status::unavailable("stopped"))?;
    }
    match state.faults() {
        faults if faults.deny => Err(no_identity()),
        faults => {
            faults.status.map_or(Ok(()), |code| Err(Status::new(Code::from_i32(code.into()), "injected")))
        }
    }
}

fn no_identity() -> Status {
    Status::permission_denied("no identity issued")
}

fn jwt_svids(state: &State, ask: &JwtSvidRequest) -> Result<JwtSvidResponse, Status> {
    if ask.audience.is_empty() || ask.audience.iter().any(String::is_empty) {
        return Err(Status::invalid_argument("audience must be specified"));
    }
    let mut svids = Vec::new();
    for identity in state.identities() {
        let Ok(id) = identity.id() else { continue };
        if ask.spiffe_id.is_empty() || ask.spiffe_id == id.to_string() {
            let jwt =
                identity.sign_jwt(&ask.audience).map_err(|error| Status::internal(error.to_string()))?;
            let hint = identity.hint().unwrap_or_default();
            svids.push(JwtSvid { spiffe_id: id.to_string(), svid: jwt.token().expose().to_owned(), hint });
        }
    }
    if svids.is_empty() { Err(no_identity()) } else { Ok(JwtSvidResponse { svids }) }
}

fn validate_jwt(state: &State, ask: &ValidateJwtSvidRequest) -> Result<ValidateJwtSvidResponse, Status> {
    let jwt = state
        .default_identity()
        .verify_jwt(&ask.svid, &ask.audience)
        .map_err(|error| Status::invalid_argument(error.to_string()))?;
    let fields = [
        ("sub".to_owned(), Value::text(jwt.id().to_string())),
        ("aud".to_owned(), audience(&jwt)),
        ("exp".to_owned(), Value { kind: Some(Kind::Number(seconds(jwt.expires_at()))) }),
    ];
    let claims = Struct { fields: fields.into_iter().collect() };
    Ok(ValidateJwtSvidResponse { spiffe_id: jwt.id().to_string(), claims: Some(claims) })
}

fn audience(jwt: &JwtIdentity) -> Value {
    let values = jwt.audience().iter().map(Value::text).collect();
    Value { kind: Some(Kind::List(List { values })) }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

// --- streams ---

/// A stream of what `next` makes of the state, once at the start and then at each change of it.
async fn stream_of<Ask, Answer>(
    watcher: Watcher,
    request: http::Request<Body>,
    next: fn(&State) -> Result<Answer, Status>,
) -> http::Response<Body>
where
    Ask: Message + Default + 'static,
    Answer: Message + Default + 'static,
{
    let method = Method(move |_ask: Request<Ask>| {
        let watcher = watcher.clone();
        async move {
            faulty(&watcher.state).await?;
            let updates =
                stream::unfold(Some(watcher), move |watcher| async move { watcher?.step(next).await });
            Ok(Response::new(updates.boxed()))
        }
    });
    Grpc::new(ProstCodec::<Answer, Ask>::default()).server_streaming(method, request).await
}

/// Where one open stream stands.
#[derive(Clone)]
struct Watcher {
    state: Arc<State>,
    identity: Updates,
    faults: watch::Receiver<u64>,
    generation: u64,
    first: bool,
    /// Whether it takes part in a storm of updates.
    storms: bool,
}

impl Watcher {
    fn new(state: Arc<State>) -> Self {
        let identity = state.default_identity().updates();
        let (faults, generation) = (state.changes(), state.faults().generation);
        Self { state, identity, faults, generation, first: true, storms: false }
    }

    /// The next item, and where the stream stands then; an error ends it.
    async fn step<Answer>(
        mut self,
        next: fn(&State) -> Result<Answer, Status>,
    ) -> Option<(Result<Answer, Status>, Option<Self>)> {
        loop {
            let storming = self.storms && self.state.take_storm();
            if storming {
                drop(self.state.default_identity().rotate());
            }
            if !std::mem::take(&mut self.first) && !storming && !self.changed().await? {
                continue;
            }
            let faults = self.state.faults();
            if faults.generation > self.generation {
                return None;
            }
            if faults.deny {
                return Some((Err(no_identity()), None));
            }
            if !faults.silence {
                tokio::time::sleep(faults.delay).await;
                let item = next(&self.state);
                let rest = item.is_ok().then_some(self);
                return Some((item, rest));
            }
        }
    }

    /// Waits; true if there is something to say. None when the agent is gone.
    async fn changed(&mut self) -> Option<bool> {
        let identity = std::pin::pin!(self.identity.changed());
        let faults = std::pin::pin!(self.faults.changed());
        match select(identity, faults).await {
            Either::Left((identity, _)) => identity.ok().map(|_revision| true),
            Either::Right((faults, _)) => {
                faults.ok()?;
                let now = self.state.faults();
                // Told again even without news, as an agent does whose cache was refreshed.
                Some(now.storm == 0 || !self.storms)
            }
        }
    }
}

fn x509_update(state: &State) -> Result<X509SvidResponse, Status> {
    let mut response = X509SvidResponse::default();
    for identity in state.identities() {
        let (Ok(svid), Ok(bundles)) = (identity.x509(), identity.bundles()) else { continue };
        for domain in bundles.trust_domains().filter(|&domain| domain != svid.id().trust_domain()) {
            let bundle = bundles.x509_authorities(domain).concat();
            response.federated_bundles.insert(format!("spiffe://{domain}"), bundle);
        }
        response.svids.push(X509Svid {
            spiffe_id: svid.id().to_string(),
            x509_svid: svid.chain().concat(),
            x509_svid_key: svid.private_key().expose().to_vec(),
            bundle: bundles.x509_authorities(svid.id().trust_domain()).concat(),
            hint: svid.hint().unwrap_or_default().to_owned(),
        });
    }
    if response.svids.is_empty() {
        return Err(no_identity());
    }
    if let Some(what) = state.take_malformed() {
        spoil(&mut response, what, &state.default_identity())?;
    }
    Ok(response)
}

fn spoil(
    response: &mut X509SvidResponse,
    what: MalformedUpdate,
    identity: &MockIdentity,
) -> Result<(), Status> {
    let Some(first) = response.svids.first_mut() else { return Ok(()) };
    let raw = |defect| identity.defective(defect).map_err(|error| Status::internal(error.to_string()));
    match what {
        MalformedUpdate::Empty => response.svids.clear(),
        MalformedUpdate::Garbage => first.x509_svid = b"no certificate".to_vec(),
        MalformedUpdate::WrongKey => {
            first.x509_svid_key = raw(LeafDefect::UnknownIssuer)?.key.expose().to_vec();
        }
        MalformedUpdate::Leaf(defect) => {
            let raw = raw(defect)?;
            first.x509_svid = raw.chain.concat();
            first.x509_svid_key = raw.key.expose().to_vec();
        }
        MalformedUpdate::Oversized => response.crl.push(vec![0; 5 * 1024 * 1024]),
    }
    Ok(())
}

fn x509_bundles(state: &State) -> Result<X509BundlesResponse, Status> {
    let bundles = state.default_identity().bundles().map_err(|_gone| no_identity())?;
    let all = bundles
        .trust_domains()
        .map(|domain| (format!("spiffe://{domain}"), bundles.x509_authorities(domain).concat()));
    Ok(X509BundlesResponse { crl: Vec::new(), bundles: all.collect() })
}

fn jwt_bundles(state: &State) -> Result<JwtBundlesResponse, Status> {
    let bundles = state.default_identity().bundles().map_err(|_gone| no_identity())?;
    let mut all = HashMap::new();
    for domain in bundles.trust_domains() {
        if let Some(jwks) = bundles.jwt_authorities(domain) {
            all.insert(format!("spiffe://{domain}"), jwks.as_bytes().to_vec());
        }
    }
    Ok(JwtBundlesResponse { bundles: all })
}

/// An async closure as the kind of service that tonic's methods are.
struct Method<F>(F);

impl<F, Ask, Answer, Fut> Service<Request<Ask>> for Method<F>
where
    F: FnMut(Request<Ask>) -> Fut,
    Fut: Future<Output = Result<Response<Answer>, Status>> + Send + 'static,
{
    type Response = Response<Answer>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Answer>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Ask>) -> Self::Future {
        Box::pin((self.0)(request))
    }
}
