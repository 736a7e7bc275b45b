//! What an operator does: mounts, roles, policies, logins; sealing; and everything behind the back of the clients.

use catalyst_core::Secret;

use super::database::Database;
use super::engine;
use super::handle::{Model, Snapshot};
use super::kv::KvMount;
use super::logins::LoginMount;
use super::raft::Raft;
use super::state::{Engine, State, full_path};
use super::tokens::{CREATED, Origin, Token};
use super::{LoginRule, MockRole, MockStaticRole, Policy, ServerState, TokenGrant};
use crate::{EngineType, SecretData};

/// Mounts, roles and logins. Slashes at the ends of paths are ignored; a namespace is part of the path
/// (`team-a/secret`), once it was added.
impl Model {
    /// Adds a namespace, such as `team-a`.
    pub fn add_namespace(&self, namespace: &str) {
        self.with(|state| {
            let id = state.random_text(6);
            state.namespaces.entry(trim(namespace)).or_insert(id);
        });
    }

    /// Mounts a KV engine, version 2.
    pub fn mount_kv(&self, mount: &str) {
        self.mount(mount, |_| Engine::Kv(KvMount::default()));
    }

    /// Mounts a database engine.
    pub fn mount_database(&self, mount: &str) {
        self.mount(mount, |state| Engine::Database(Database::new(state.clock.now())));
    }

    /// Mounts an engine of this kind. False if the model does not know the kind.
    pub fn mount_engine(&self, mount: &str, kind: &EngineType) -> bool {
        let Some(engine) = engine::new(kind) else { return false };
        self.mount(mount, |_| Engine::Other(engine));
        true
    }

    /// Sets a dynamic role of the database engine at `mount`. Leases that exist keep the old terms.
    pub fn set_role(&self, mount: &str, name: &str, role: MockRole) {
        self.with(|state| {
            if let Ok(database) = state.database(&trim(mount), mount) {
                database.roles.insert(name.to_owned(), role);
            }
        });
    }

    /// Removes a dynamic role.
    pub fn remove_role(&self, mount: &str, name: &str) {
        self.with(|state| {
            if let Ok(database) = state.database(&trim(mount), mount) {
                database.roles.remove(name);
            }
        });
    }

    /// Sets a static role of the database engine at `mount`, makes its user, and sets its first password.
    pub fn set_static_role(&self, mount: &str, name: &str, role: &MockStaticRole) {
        self.with(|state| state.add_static_role(&trim(mount), name, role));
    }

    /// Changes the password of a static role now.
    pub fn rotate_static_role(&self, mount: &str, name: &str) {
        self.with(|state| {
            let now = state.clock.now();
            state.rotate_static(&trim(mount), name, now);
        });
    }

    /// Writes a secret into the KV engine at `mount`, as a new version.
    pub fn put_secret(&self, mount: &str, path: &str, data: impl Into<SecretData>) {
        self.with(|state| {
            let now = state.clock.now();
            if let Ok(kv) = state.kv("", &trim(mount), path) {
                // Refused only where the secret demands a check, and then there is one already.
                drop(kv.write(&trim(path), data.into(), None, now));
            }
        });
    }

    /// Sets what the tokens that name this policy may do.
    pub fn set_policy(&self, name: &str, policy: Policy) {
        self.with(|state| state.policies.insert(name.to_owned(), policy));
    }

    /// Lets those who show what `rule` asks for log in as the role `name` at `auth/<mount>`, for the token of `grant`.
    /// The mount is made if need be; all rules of one mount are to be of one method.
    pub fn allow_login(&self, mount: &str, name: &str, rule: LoginRule, grant: TokenGrant) {
        self.with(|state| {
            // The namespace stands before `auth`: `team-a/auth/jwt`.
            let mount = trim(mount);
            let (namespace, method) = state.enter_namespace("", &mount);
            let path = full_path(&namespace, &format!("auth/{method}"));
            let engine =
                state.stored.mounts.entry(path).or_insert_with(|| Engine::Login(LoginMount::default()));
            if let Engine::Login(login) = engine {
                login.roles.insert(name.to_owned(), (rule, grant));
            }
        });
    }

    /// The client certificate that the next requests come with, by its common name; each call is a new certificate,
    /// also under the same name. An empty name stands for a certificate without one.
    pub fn present_certificate(&self, common_name: Option<&str>) {
        self.with(|state| {
            let serial = state.random.u64(..);
            state.certificate = common_name.map(|name| (name.to_owned(), serial));
        });
    }

    /// A token made by the operator, without parent.
    pub fn new_token(&self, grant: &TokenGrant) -> Secret {
        let origin =
            Origin { display_name: "token".to_owned(), path: CREATED.to_owned(), ..Origin::default() };
        Secret::from(self.with(|state| state.mint_token(grant, origin, None)))
    }

    /// The token that may do everything and never ends.
    pub fn root_token(&self) -> Secret {
        Secret::new(Token::ROOT_ID)
    }

    fn mount(&self, mount: &str, engine: impl FnOnce(&State) -> Engine) {
        self.with(|state| {
            let engine = engine(state);
            state.stored.mounts.entry(trim(mount)).or_insert(engine);
        });
    }
}

/// What goes wrong for good, until somebody sets it right. For what goes wrong with single calls see
/// [`Model::faults`].
impl Model {
    /// How the server stands.
    pub fn server_state(&self) -> ServerState {
        self.with(|state| state.server.clone())
    }

    /// Makes it stand differently.
    pub fn set_server_state(&self, server: ServerState) {
        self.with(|state| state.server = server);
    }

    /// How many tokens may do everything and are still good: none once nobody needs them any more.
    pub fn live_root_tokens(&self) -> usize {
        self.with(|state| state.roots())
    }

    /// The shares that unseal the server, or recover one that unseals itself.
    pub fn key_shares(&self) -> Vec<Secret> {
        self.with(|state| state.seal.keys.base64())
    }

    /// Whether root tokens are made out of key shares without a session; as on the real server, not unless it is
    /// configured to.
    pub fn allow_root_generation(&self, allowed: bool) {
        self.with(|state| state.seal.generates_roots = allowed);
    }

    /// Empties the server's storage, as an operator does who starts it over: it was never initialised.
    pub fn wipe(&self) {
        self.with(|state| {
            let (kind, allowed) = (state.seal.kind, state.seal.generates_roots);
            let (users, raft) = (std::mem::take(&mut state.users), state.raft.take());
            *state = State::uninitialized(kind);
            (state.seal.generates_roots, state.users, state.raft) = (allowed, users, raft);
        });
    }

    /// Seals the server. What runs out meanwhile runs out all the same.
    pub fn seal(&self) {
        self.with(State::lock_up);
    }

    /// Has it keep its storage in Raft, in a cluster of these members, of which the first one leads. They are names:
    /// this one server answers for whoever leads. For nodes that stand and fall for themselves see [`Model::node`].
    ///
    /// ```
    /// use catalyst_openbao::mock::MockOpenBao;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> catalyst_openbao::Result<()> {
    /// let bao = MockOpenBao::new();
    /// bao.model().use_raft(&["n1", "n2", "n3"]);
    /// let raft = bao.client()?.raft();
    /// raft.step_down().await?;
    /// assert!(raft.peers().await?.iter().any(|peer| peer.leader && peer.id.as_str() == "n2"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn use_raft(&self, members: &[&str]) {
        self.with(|state| state.raft = Some(Raft::new(members, state.clock.now())));
    }

    /// Unseals it.
    pub fn unseal(&self) {
        self.set_server_state(ServerState::Active);
    }

    /// Whether the database behind the engine at `mount` is away: then no user is made, prolonged or dropped.
    pub fn set_database_down(&self, mount: &str, down: bool) {
        self.with(|state| {
            if let Ok(database) = state.database(&trim(mount), mount) {
                database.down = down;
            }
        });
    }

    /// Why the database refuses to drop users, as when one owns a table; none lets it drop them again. A lease that
    /// ends meanwhile stays, and is tried again after growing pauses.
    pub fn set_database_keeps_users(&self, mount: &str, reason: Option<&str>) {
        self.with(|state| {
            if let Ok(database) = state.database(&trim(mount), mount) {
                database.keeps_users = reason.map(str::to_owned);
            }
        });
    }

    /// Revokes a lease behind the back of its owner, and drops its user. False if there is no such lease.
    pub fn revoke_lease(&self, lease: &str) -> bool {
        self.with(|state| {
            let now = state.clock.now();
            state.stored.leases.contains_key(lease) && state.end_lease(lease, now).is_ok()
        })
    }

    /// Revokes all tokens except the root token, and with them all leases, behind the back of their owners.
    pub fn revoke_all_tokens(&self) {
        self.with(|state| {
            let now = state.clock.now();
            let all: Vec<String> =
                state.stored.tokens.keys().filter(|id| *id != Token::ROOT_ID).cloned().collect();
            for id in &all {
                state.end_token(id, now);
            }
        });
    }

    /// Revokes one token with its leases. False if there is no such token.
    pub fn revoke_token(&self, token: &Secret) -> bool {
        self.with(|state| {
            let (now, known) = (state.clock.now(), state.stored.tokens.contains_key(token.expose()));
            state.end_token(token.expose(), now);
            known
        })
    }

    /// Keeps all that the server stores. The users of the database are not the server's, and not part of it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.with(|state| state.stored.clone()))
    }

    /// Puts a snapshot back, as an operator does after a disaster: tokens and leases made since are unknown, while
    /// their database users live on; what was revoked since is back, while its users are gone.
    pub fn restore(&self, snapshot: &Snapshot) {
        self.with(|state| state.stored = snapshot.0.clone());
    }

    /// Puts only the table of leases back; tokens and secrets stay as they are.
    pub fn roll_back_leases(&self, snapshot: &Snapshot) {
        self.with(|state| {
            state.stored.leases = snapshot.0.leases.clone();
            state.stored.due.extend(snapshot.0.due.iter().cloned());
        });
    }
}

fn trim(path: &str) -> String {
    path.trim_matches('/').to_owned()
}
