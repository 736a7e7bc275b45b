//! Everything the server knows, and what time does to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalyst_core::Secret;
use tokio::time::Instant;

use super::clock::ModelClock;
use super::database::Database;
use super::engine::EngineModel;
use super::kv::KvMount;
use super::leases::LeaseRecord;
use super::logins::LoginMount;
use super::policy::{ALLOW_ALL, ROOT};
use super::raft::Raft;
use super::seal::{KeySet, MockSeal, Seal};
use super::system::Settings;
use super::tokens::Token;
use super::users::Users;
use super::wrapping::Wrapped;
use super::{Capability, Counters, Policy, Refusal, ServerState, policy};

/// One request, as far as all of them are alike.
#[derive(Clone, Default)]
pub(crate) struct Call {
    pub(crate) token: Option<String>,
    /// Without slashes at its ends; empty is the root.
    pub(crate) namespace: String,
    /// The longest TTL that a fault lets this request be granted.
    pub(crate) clip: Option<std::time::Duration>,
}

pub(crate) struct State {
    pub(super) clock: ModelClock,
    pub(super) random: fastrand::Rng,
    pub(super) server: ServerState,
    pub(super) seal: Seal,
    /// None where the storage is another one.
    pub(super) raft: Option<Raft>,
    pub(super) cluster_id: String,
    /// How many writes there were.
    pub(super) index: u64,
    pub(super) namespaces: BTreeMap<String, String>,
    pub(super) policies: BTreeMap<String, Policy>,
    pub(super) certificate: Option<(String, u64)>,
    pub(super) users: Users,
    pub(super) counters: Counters,
    pub(super) stored: Stored,
}

/// What a snapshot keeps and a restore brings back. The users of the database are not in it, and that is the point.
#[derive(Clone, Default)]
pub(super) struct Stored {
    pub(super) mounts: BTreeMap<String, Engine>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) leases: BTreeMap<String, LeaseRecord>,
    pub(super) wrapped: HashMap<String, Wrapped>,
    pub(super) settings: Settings,
    /// What comes to its end when. An entry counts only if its object still says so.
    pub(super) due: BTreeSet<(Instant, Due)>,
}

/// All that is in the storage of a server, as a snapshot of Raft has it.
#[derive(Clone)]
pub(super) struct Image {
    /// Of which seal the server was.
    pub(super) seal: u128,
    keys: KeySet,
    cluster_id: String,
    namespaces: BTreeMap<String, String>,
    policies: BTreeMap<String, Policy>,
    stored: Stored,
}

/// What is mounted somewhere.
#[derive(Clone)]
pub(super) enum Engine {
    Kv(KvMount),
    Database(Database),
    Login(LoginMount),
    /// One that answers for itself.
    Other(Box<dyn EngineModel>),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Token(String),
    Lease(String),
    Wrapped(String),
    /// The mount and the static role.
    Rotation(String, String),
}

impl State {
    pub(super) fn new() -> Self {
        let mut state = Self {
            clock: ModelClock::new(),
            random: fastrand::Rng::new(),
            server: ServerState::Active,
            seal: Seal::developer(),
            raft: None,
            cluster_id: super::wired::CLUSTER_ID.to_owned(),
            index: 1,
            namespaces: BTreeMap::from([(String::new(), String::new())]),
            policies: BTreeMap::from([("default".to_owned(), Policy::server_default())]),
            certificate: None,
            users: Users::default(),
            counters: Counters::default(),
            stored: Stored::default(),
        };
        state.stored.tokens.insert(Token::ROOT_ID.to_owned(), Token::root(state.clock.now()));
        state
    }

    /// A server whose storage is empty.
    pub(super) fn uninitialized(kind: MockSeal) -> Self {
        let mut state = Self::new();
        state.server = ServerState::NotInitialized;
        state.seal = Seal::new(kind);
        state.stored = Stored::default();
        state
    }

    /// What a snapshot of the storage holds.
    pub(super) fn image(&self) -> Image {
        Image {
            seal: self.seal.identity,
            keys: self.seal.keys.clone(),
            cluster_id: self.cluster_id.clone(),
            namespaces: self.namespaces.clone(),
            policies: self.policies.clone(),
            stored: self.stored.clone(),
        }
    }

    /// Replaces the storage by that of a snapshot.
    pub(super) fn take(&mut self, image: Image) {
        (self.seal.identity, self.seal.keys) = (image.seal, image.keys);
        (self.cluster_id, self.namespaces) = (image.cluster_id, image.namespaces);
        (self.policies, self.stored) = (image.policies, image.stored);
    }

    /// Seals the server.
    pub(super) fn lock_up(&mut self) {
        self.server = ServerState::Sealed;
        self.seal.forget();
    }

    /// Lets time take effect: ends what has come to its end, in the order of the ends.
    pub(super) fn settle(&mut self) {
        let now = self.clock.now();
        while self.stored.due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((at, due)) = self.stored.due.pop_first() else { break };
            match due {
                Due::Token(id) => {
                    if self.stored.tokens.get(&id).is_some_and(|token| token.expires == Some(at)) {
                        self.end_token(&id, at);
                    }
                }
                Due::Lease(id) => {
                    if self.stored.leases.get(&id).is_some_and(|lease| lease.due == at) {
                        // A failure is tried again at a later time, which the lease then says.
                        drop(self.end_lease(&id, at));
                    }
                }
                Due::Wrapped(token) => drop(self.stored.wrapped.remove(&token)),
                Due::Rotation(mount, role) => self.rotate_on_time(&mount, &role, at),
            }
        }
    }

    /// The next moment at which time does something.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.stored.due.first().map(|(at, _)| self.clock.on_tokio(*at))
    }

    /// Refuses what no server in this state answers.
    pub(super) fn check_serving(&self, path: &str) -> Result<(), Refusal> {
        match &self.server {
            ServerState::Active | ServerState::ReadStandby { .. } => Ok(()),
            ServerState::NotInitialized | ServerState::Sealed => Err(Refusal::sealed()),
            ServerState::Standby { active_address: Some(address) } => {
                Err(Refusal::redirect(format!("{}/v1/{path}", address.trim_end_matches('/'))))
            }
            ServerState::Standby { active_address: None }
            | ServerState::PerformanceStandby
            | ServerState::DrSecondary => Err(Refusal::no_active_node()),
        }
    }

    /// Lets a request in, or refuses it: the server's state, the namespace, the token, its policies. Gives the token.
    pub(super) fn admit(&mut self, call: &Call, path: &str, wanted: Capability) -> Result<String, Refusal> {
        self.check_serving(path)?;
        if !self.namespaces.contains_key(&call.namespace) {
            return Err(Refusal::new(404, &["namespace not found"]));
        }
        self.check_lock(&call.namespace)?;
        self.count_against_quotas(&call.namespace, path)?;
        let id = call.token.as_deref().ok_or_else(Refusal::bad_token)?;
        let token = self.stored.tokens.get_mut(id).ok_or_else(Refusal::bad_token)?;
        // Every request of a known token costs one use, also one that is refused. The last one is still served; then
        // the token ends.
        if let Some(left) = &mut token.uses {
            *left = left.saturating_sub(1);
            if *left == 0 {
                let now = self.clock.now();
                token.expires = Some(now);
                self.stored.due.insert((now, Due::Token(id.to_owned())));
            }
        }
        let full = full_path(&call.namespace, path);
        let inside = below(&full, &token.namespace).ok_or_else(Refusal::permission_denied)?;
        let all = token.policies.iter().any(|name| name == ROOT || name == ALLOW_ALL);
        let named = token.policies.iter().filter_map(|name| self.policies.get(name));
        if !all && !policy::allows(named, inside, wanted) {
            return Err(Refusal::permission_denied());
        }
        Ok(id.to_owned())
    }

    /// The innermost mount that `path` lies in, what is mounted there, and the rest of the path.
    pub(super) fn locate<'p>(&self, namespace: &str, path: &'p str) -> Option<(&'p str, &Engine, &'p str)> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        // Inner mounts come last.
        ends.filter_map(|end| {
            let engine = self.stored.mounts.get(&full_path(namespace, &path[..end]))?;
            Some((&path[..end], engine, path[end..].trim_start_matches('/')))
        })
        .next_back()
    }

    /// The longest namespace that `path` starts with below `outer`, and the rest of the path.
    pub(super) fn enter_namespace<'p>(&self, outer: &str, path: &'p str) -> (String, &'p str) {
        let mut found = (outer.to_owned(), path);
        for namespace in self.namespaces.keys() {
            let inner = below(namespace, outer).filter(|inner| !inner.is_empty());
            if let Some(rest) = inner.and_then(|inner| below(path, inner))
                && namespace.len() > found.0.len()
            {
                found = (namespace.clone(), rest);
            }
        }
        found
    }

    pub(super) fn kv(&mut self, namespace: &str, mount: &str, path: &str) -> Result<&mut KvMount, Refusal> {
        match self.stored.mounts.get_mut(&full_path(namespace, mount)) {
            Some(Engine::Kv(kv)) => Ok(kv),
            Some(_) => Err(Refusal::unsupported_path()),
            None => Err(Refusal::no_handler(path)),
        }
    }

    pub(super) fn database(&mut self, full_mount: &str, path: &str) -> Result<&mut Database, Refusal> {
        match self.stored.mounts.get_mut(full_mount) {
            Some(Engine::Database(database)) => Ok(database),
            Some(_) => Err(Refusal::unsupported_path()),
            None => Err(Refusal::no_handler(path)),
        }
    }

    /// As the server's identifiers end in a namespace that is not the root.
    pub(super) fn namespace_suffix(&self, namespace: &str) -> String {
        match self.namespaces.get(namespace) {
            Some(id) if !id.is_empty() => format!(".{id}"),
            _ => String::new(),
        }
    }

    /// `length` letters and digits.
    pub(super) fn random_text(&mut self, length: usize) -> String {
        (0..length).map(|_| self.random.alphanumeric()).collect()
    }

    /// Names an attempt, as the server does.
    pub(super) fn random_nonce(&mut self) -> String {
        let hex = format!("{:032x}", self.random.u128(..));
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// A password as the server makes them: 20 characters, with a dash.
    pub(super) fn random_password(&mut self) -> Secret {
        let (head, tail) = (self.random_text(9), self.random_text(10));
        Secret::from(format!("{head}-{tail}"))
    }
}

/// A path with its namespace in front.
pub(super) fn full_path(namespace: &str, path: &str) -> String {
    if namespace.is_empty() { path.to_owned() } else { format!("{namespace}/{path}") }
}

/// The rest of `path` below `namespace`; none if it lies elsewhere.
pub(super) fn below<'p>(path: &'p str, namespace: &str) -> Option<&'p str> {
    if namespace.is_empty() {
        return Some(path);
    }
    path.strip_prefix(namespace)?.strip_prefix('/')
}
