//! As much of a Kubernetes API server as OpenBao and its bring-up call: TokenReview, Secrets, and service accounts with
//! their tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use catalyst_core::{Clock, Error, ErrorKind, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::certificates::server_certificate;
use super::folder::Folder;

const OPERATION: &str = "start Kubernetes API";
/// No request of ours is larger.
const LIMIT: usize = 256 * 1024;

/// An API server on loopback, over TLS: it reviews the tokens of service accounts that it was told of, and keeps
/// Secrets with their versions. It ends when it is dropped.
#[derive(Debug)]
pub struct KubeApi {
    address: String,
    authority: String,
    state: Arc<Mutex<State>>,
    folder: Folder,
    task: JoinHandle<()>,
}

/// Whoever may call it: reviewers and bring-ups.
const ADMIN: &str = "kube-admin-token";

#[derive(Debug, Default)]
struct State {
    /// Service accounts by their tokens: namespace and name.
    accounts: BTreeMap<String, (String, String)>,
    /// Secrets by namespace and name.
    secrets: BTreeMap<String, Value>,
    version: u64,
    reviews: usize,
    /// Accounts that OpenBao made, by namespace and name; known from their first token on.
    made: BTreeSet<(String, String)>,
}

impl KubeApi {
    /// Starts one without accounts and Secrets.
    ///
    /// # Errors
    /// If no port or no certificate is to be had.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn start() -> Result<Self> {
        let tls = server_certificate()?;
        let failed = |cause: std::io::Error| Error::new(ErrorKind::Other, OPERATION).with_source(cause);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = format!("https://{}", listener.local_addr().map_err(failed)?);
        let acceptor = tls.acceptor()?;
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn(serve(listener, acceptor, Arc::clone(&state)));
        let folder = Folder::new("kube-api")?;
        Ok(Self { address, authority: tls.authority, state, folder, task })
    }

    /// Where it is: `https://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The authority of its certificate, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.authority
    }

    /// The token of those who may call it.
    pub fn admin_token(&self) -> &'static str {
        ADMIN
    }

    /// Knows a service account from now on, by a token; returns the token.
    pub fn add_account(&self, namespace: &str, name: &str) -> String {
        let token = service_account_token(namespace, name);
        let account = (namespace.to_owned(), name.to_owned());
        lock(&self.state).accounts.insert(token.clone(), account);
        token
    }

    /// Makes a Secret of these bytes, with this annotation.
    pub fn put_secret(&self, namespace: &str, name: &str, key: &str, bytes: &[u8], annotation: &str) {
        let mut state = lock(&self.state);
        state.version += 1;
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": format!("uid-{}", state.version),
                "resourceVersion": state.version.to_string(),
                "annotations": { annotation: "true" },
            },
            "data": { key: STANDARD.encode(bytes) },
        });
        state.secrets.insert(format!("{namespace}/{name}"), secret);
    }

    /// The names of the Secrets that there are, with their namespaces.
    pub fn secrets(&self) -> Vec<String> {
        lock(&self.state).secrets.keys().cloned().collect()
    }

    /// Makes it look as if somebody else had changed a Secret.
    pub fn touch_secret(&self, namespace: &str, name: &str) {
        let mut state = lock(&self.state);
        state.version += 1;
        let version = state.version.to_string();
        if let Some(secret) = state.secrets.get_mut(&format!("{namespace}/{name}")) {
            secret["metadata"]["resourceVersion"] = version.into();
        }
    }

    /// How many tokens it has reviewed.
    pub fn reviews(&self) -> usize {
        lock(&self.state).reviews
    }

    /// The accounts that were made for a lease and are still there, with their namespaces.
    pub fn made_accounts(&self) -> Vec<(String, String)> {
        lock(&self.state).made.iter().cloned().collect()
    }

    /// A kubeconfig that leads to it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn kubeconfig(&self) -> Result<PathBuf> {
        let path = self.folder.join("kubeconfig");
        let text = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
            "clusters": [{
                "name": "test",
                "cluster": {
                    "server": self.address,
                    "certificate-authority-data": STANDARD.encode(&self.authority),
                },
            }],
            "users": [{ "name": "test", "user": { "token": ADMIN } }],
        });
        std::fs::write(&path, text.to_string())
            .map_err(|cause| Error::new(ErrorKind::Other, OPERATION).with_source(cause))?;
        Ok(path)
    }
}

impl Drop for KubeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// OpenBao reads the claims before it asks about the token, its times included, and checks no signature.
fn service_account_token(namespace: &str, name: &str) -> String {
    let now = Clock::system().now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({
        "iss": "https://kubernetes.default.svc",
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "aud": ["https://kubernetes.default.svc"],
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "kubernetes.io": { "namespace": namespace, "serviceaccount": { "name": name, "uid": format!("{namespace}-{name}") } },
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({ "alg": "RS256", "kid": "test" });
    format!("{}.{}.{}", part(&head), part(&claims), URL_SAFE_NO_PAD.encode([7; 256]))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>) {
    while let Ok((socket, _peer)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(socket).await else { return };
            let Some(request) = read_request(&mut stream).await else { return };
            let (status, body) = answer(&mut lock(&state), &request);
            let body = body.to_string();
            let reply = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            // A caller that has gone needs no answer.
            drop(stream.write_all(reply.as_bytes()).await);
            drop(stream.shutdown().await);
        });
    }
}

struct Request {
    method: String,
    path: String,
    bearer: String,
    body: Value,
}

async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if bytes.len() > LIMIT || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).ok()?;
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + 4 + length.min(LIMIT) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut first = head.lines().next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let path = target.split('?').next()?.to_owned();
    let bearer = header("authorization").unwrap_or_default().trim_start_matches("Bearer ").to_owned();
    Some(Request {
        method,
        path,
        bearer,
        body: serde_json::from_slice(&bytes[head_end + 4..]).unwrap_or_default(),
    })
}

fn answer(state: &mut State, request: &Request) -> (u16, Value) {
    if request.bearer != ADMIN {
        return refusal(401, "Unauthorized");
    }
    let parts: Vec<_> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["apis", "authentication.k8s.io", "v1", "tokenreviews"]) => {
            (201, review(state, &request.body))
        }
        (method, ["api", "v1", "namespaces", namespace, "secrets", name]) => {
            secret(state, method, &format!("{namespace}/{name}"), &request.body)
        }
        ("POST", ["api", "v1", "namespaces", namespace, "serviceaccounts", name, "token"]) => {
            issue(state, namespace, name)
        }
        ("DELETE", ["api", "v1", "namespaces", namespace, "serviceaccounts", name]) => {
            state.made.remove(&((*namespace).to_owned(), (*name).to_owned()));
            (200, json!({ "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success" }))
        }
        // OpenBao writes them in the binary form, which is not read here: what is answered has no name of its own.
        ("POST", ["api", "v1", "namespaces", _, "serviceaccounts"]) => (201, made("v1", "ServiceAccount")),
        ("POST", ["apis", "rbac.authorization.k8s.io", "v1", .., kind]) => match *kind {
            "roles" => (201, made(RBAC, "Role")),
            "clusterroles" => (201, made(RBAC, "ClusterRole")),
            "rolebindings" => (201, made(RBAC, "RoleBinding")),
            "clusterrolebindings" => (201, made(RBAC, "ClusterRoleBinding")),
            _ => refusal(404, "NotFound"),
        },
        ("DELETE", ["apis", "rbac.authorization.k8s.io", "v1", ..]) => {
            (200, json!({ "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success" }))
        }
        _ => refusal(404, "NotFound"),
    }
}

const RBAC: &str = "rbac.authorization.k8s.io/v1";

fn made(version: &str, kind: &str) -> Value {
    json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "made", "uid": "uid-made" } })
}

/// Of an account that it was told of, or that OpenBao made.
fn issue(state: &mut State, namespace: &str, name: &str) -> (u16, Value) {
    let account = (namespace.to_owned(), name.to_owned());
    if name.starts_with("v-token-") {
        state.made.insert(account.clone());
    } else if !state.accounts.values().any(|known| *known == account) {
        return refusal(404, "NotFound");
    }
    let token = service_account_token(namespace, name);
    let status = json!({ "token": token, "expirationTimestamp": "2100-01-01T00:00:00Z" });
    let body = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": {}, "status": status,
    });
    (201, body)
}

fn review(state: &mut State, body: &Value) -> Value {
    state.reviews += 1;
    let token = body["spec"]["token"].as_str().unwrap_or_default();
    let status = match state.accounts.get(token) {
        None => json!({ "authenticated": false, "error": "invalid bearer token" }),
        Some((namespace, name)) => json!({
            "authenticated": true,
            "user": {
                "username": format!("system:serviceaccount:{namespace}:{name}"),
                "uid": format!("{namespace}-{name}"),
                "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}")],
            },
            "audiences": ["https://kubernetes.default.svc"],
        }),
    };
    json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "metadata": {}, "spec": {}, "status": status })
}

fn secret(state: &mut State, method: &str, key: &str, body: &Value) -> (u16, Value) {
    let Some(secret) = state.secrets.get_mut(key) else { return refusal(404, "NotFound") };
    let wanted = if method == "DELETE" { &body["preconditions"] } else { &body["metadata"] };
    for field in ["uid", "resourceVersion"] {
        if wanted[field].is_string() && wanted[field] != secret["metadata"][field] {
            return refusal(409, "Conflict");
        }
    }
    match method {
        "GET" => (200, secret.clone()),
        "PATCH" => {
            state.version += 1;
            for (name, value) in body["data"].as_object().into_iter().flatten() {
                secret["data"][name] = value.clone();
            }
            secret["metadata"]["resourceVersion"] = state.version.to_string().into();
            (200, secret.clone())
        }
        "DELETE" => {
            let deleted = state.secrets.remove(key).unwrap_or_default();
            (200, deleted)
        }
        _ => refusal(405, "MethodNotAllowed"),
    }
}

fn refusal(code: u16, reason: &str) -> (u16, Value) {
    let body = json!({
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "message": reason,
        "reason": reason,
        "code": code,
    });
    (code, body)
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
