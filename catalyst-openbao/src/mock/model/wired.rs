//! What only the fake on the wire asks for: routes, health, and the requests that no trait of this crate makes.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::handle::Model;
use super::state::{Engine, State};
use super::tokens::{AuthAnswer, CREATED, Origin, TokenLabels};
use super::wrapping::WrapInfo;
use super::{Call, Capability, Refusal, TokenGrant};
use crate::mock::wire::{Asked, Content};

impl State {
    /// The body of `sys/seal-status`.
    pub(super) fn seal_status(&self) -> Value {
        let mut body = self.seal.status(&self.server, VERSION);
        if self.raft.is_some() {
            body["storage_type"] = "raft".into();
        }
        if body["sealed"] == false {
            body["cluster_name"] = CLUSTER_NAME.into();
            body["cluster_id"] = self.cluster_id.clone().into();
        }
        body
    }
}

/// What is mounted, as far as the routes differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mounted {
    Kv,
    Database,
    Other,
}

impl Model {
    /// The namespace that header and path lead to, and the rest of the path.
    pub(crate) fn enter_namespace<'p>(&self, header: &str, path: &'p str) -> (String, &'p str) {
        self.with(|state| state.enter_namespace(header.trim_matches('/'), path))
    }

    /// The engine that `path` lies in: its mount, its kind, and the rest of the path.
    pub(crate) fn locate<'p>(&self, namespace: &str, path: &'p str) -> Option<(&'p str, Mounted, &'p str)> {
        self.with(|state| {
            let (mount, engine, rest) = state.locate(namespace, path)?;
            let kind = match engine {
                Engine::Kv(_) => Mounted::Kv,
                Engine::Database(_) => Mounted::Database,
                Engine::Other(_) => Mounted::Other,
                Engine::Login(_) => return None,
            };
            Some((mount, kind, rest))
        })
    }

    /// A request to an engine that answers for itself.
    pub(crate) fn ask_engine(&self, asked: &Asked, mount: &str, rest: &str) -> Result<Content, Refusal> {
        self.with(|state| state.ask_engine(asked, mount, rest))
    }

    /// Lets a request in that does nothing else here.
    pub(crate) fn admit(&self, call: &Call, path: &str, wanted: Capability) -> Result<(), Refusal> {
        self.with(|state| state.admit(call, path, wanted)).map(drop)
    }

    /// The body of `sys/health`, and its status.
    pub(crate) fn health(&self) -> (u16, Value) {
        self.with(|state| {
            let status = state.server.health_status();
            let (initialized, sealed) = (status != 501, matches!(status, 501 | 503));
            let replication = if sealed { "unknown" } else { "disabled" };
            let mut body = json!({
                "initialized": initialized,
                "sealed": sealed,
                "standby": status != 200,
                "replication_performance_mode": replication,
                "replication_dr_mode": replication,
                "server_time_utc": state.clock.unix(state.clock.now()),
                "version": VERSION,
            });
            if !sealed {
                body["cluster_name"] = CLUSTER_NAME.into();
                body["cluster_id"] = state.cluster_id.as_str().into();
            }
            (status, body)
        })
    }

    /// The mounts of a namespace, as `sys/mounts` lists them.
    pub(crate) fn mounts(&self, namespace: &str) -> Map<String, Value> {
        self.with(|state| {
            let all = state.stored.mounts.iter();
            let mine = all.filter_map(|(path, engine)| Some((super::state::below(path, namespace)?, engine)));
            mine.filter_map(|(path, engine)| {
                let (kind, options) = match engine {
                    Engine::Kv(_) => ("kv".to_owned(), json!({ "version": "2" })),
                    Engine::Database(_) => ("database".to_owned(), Value::Null),
                    Engine::Other(engine) => (engine.engine_type().as_str().to_owned(), Value::Null),
                    Engine::Login(_) => return None,
                };
                Some((
                    format!("{path}/"),
                    json!({ "type": kind, "options": options, "path": format!("{path}/") }),
                ))
            })
            .collect()
        })
    }

    pub(crate) fn revoke_prefix(&self, call: &Call, prefix: &str) -> Result<(), Refusal> {
        self.with(|state| state.revoke_prefix(call, prefix))
    }

    pub(crate) fn look_up_lease(&self, call: &Call, lease: &str) -> Result<Value, Refusal> {
        self.with(|state| state.look_up_lease(call, lease))
    }

    pub(crate) fn list_leases(&self, call: &Call, prefix: &str) -> Result<Vec<String>, Refusal> {
        self.with(|state| state.list_leases(call, prefix))
    }

    /// What is known of the caller's own token, or of the one named.
    pub(crate) fn look_up_token(&self, call: &Call, named: Option<&str>) -> Result<Value, Refusal> {
        let (path, wanted) = match named {
            None => ("auth/token/lookup-self", Capability::Read),
            Some(_) => ("auth/token/lookup", Capability::Update),
        };
        self.with(|state| {
            let own = state.admit(call, path, wanted)?;
            let found = state.describe_token(named.unwrap_or(&own));
            found.ok_or_else(|| Refusal::new(403, &["bad token"]))
        })
    }

    /// Renews a token that is named.
    pub(crate) fn renew_named(
        &self,
        call: &Call,
        token: &str,
        increment: Option<Duration>,
    ) -> Result<(AuthAnswer, Option<String>), Refusal> {
        self.with(|state| {
            state.admit(call, "auth/token/renew", Capability::Update)?;
            state.renew_token(token, increment, call.clip)
        })
    }

    pub(crate) fn revoke_self(&self, call: &Call) -> Result<(), Refusal> {
        self.with(|state| state.revoke_self(call))
    }

    /// Revokes a token that is named; one that does not exist is revoked already.
    pub(crate) fn revoke_named(&self, call: &Call, token: &str) -> Result<(), Refusal> {
        self.with(|state| {
            state.admit(call, "auth/token/revoke", Capability::Update)?;
            let now = state.clock.now();
            state.end_token(token, now);
            Ok(())
        })
    }

    /// Makes a token, a child of the caller's unless it is to be an orphan.
    pub(crate) fn create_token(
        &self,
        call: &Call,
        grant: &TokenGrant,
        orphan: bool,
        about: TokenLabels,
    ) -> Result<AuthAnswer, Refusal> {
        self.with(|state| {
            let parent = state.admit(call, CREATED, Capability::Update)?;
            let origin = Origin {
                display_name: about.display_name,
                metadata: about.metadata,
                path: CREATED.to_owned(),
                namespace: call.namespace.clone(),
                parent: (!orphan).then_some(parent),
                ..Origin::default()
            };
            let id = state.mint_token(grant, origin, call.clip);
            state.auth_answer(&id)
        })
    }

    /// Keeps an answer for one reader.
    pub(crate) fn wrap(&self, answer: Value, path: &str, ttl: Duration) -> WrapInfo {
        self.with(|state| state.wrap(answer, path, ttl))
    }

    pub(crate) fn unwrap(&self, call: &Call, named: Option<&str>) -> Result<Value, Refusal> {
        self.with(|state| state.unwrap(call, named))
    }

    pub(crate) fn look_up_wrapping(&self, call: &Call, named: Option<&str>) -> Result<Value, Refusal> {
        self.with(|state| state.look_up_wrapping(call, named))
    }

    /// A moment of the model as the server writes it.
    pub(crate) fn text(&self, at: Instant) -> String {
        self.with(|state| state.clock.text(at))
    }
}

/// The version that the recorded answers are from.
pub(crate) const VERSION: &str = "2.7.2";
const CLUSTER_NAME: &str = "vault-cluster-8c142796";
pub(super) const CLUSTER_ID: &str = "983fa20d-366f-4253-db58-5d11d92c352c";
