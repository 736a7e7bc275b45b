//! Engines that answer for themselves, in the server's JSON.

use super::engines::{cubbyhole, identity, kubernetes, pki, rabbitmq, ssh, totp, transit};
use super::state::{Call, Engine, State, full_path};
use super::{Capability, Refusal};
use crate::EngineType;
use crate::mock::wire::{Asked, Content, Verb};

/// One mounted engine of a kind that has a module of its own. It is asked below its mount, when the request has been
/// admitted.
pub(crate) trait EngineModel: Send + 'static {
    /// What it is.
    fn engine_type(&self) -> EngineType;

    /// Carries a request out; `rest` is its path below the mount. The engine is not in the state meanwhile.
    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal>;

    /// Whether this is answered without a token.
    fn is_open(&self, _verb: Verb, _rest: &str) -> bool {
        false
    }

    /// For snapshots of the whole server.
    fn boxed_clone(&self) -> Box<dyn EngineModel>;
}

impl Clone for Box<dyn EngineModel> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// A fresh engine of this kind; none if the model does not know it.
pub(crate) fn new(kind: &EngineType) -> Option<Box<dyn EngineModel>> {
    // One arm for each engine, in the order of their names.
    match kind {
        EngineType::Cubbyhole => Some(Box::<cubbyhole::Cubbyhole>::default()),
        EngineType::Identity => Some(Box::<identity::Identities>::default()),
        EngineType::Kubernetes => Some(Box::<kubernetes::Kubernetes>::default()),
        EngineType::Pki => Some(Box::<pki::Pki>::default()),
        EngineType::RabbitMq => Some(Box::<rabbitmq::RabbitMq>::default()),
        EngineType::Ssh => Some(Box::<ssh::Ssh>::default()),
        EngineType::Totp => Some(Box::<totp::Totp>::default()),
        EngineType::Transit => Some(Box::<transit::Transit>::default()),
        _ => None,
    }
}

impl State {
    /// A request to such an engine.
    pub(super) fn ask_engine(&mut self, asked: &Asked, mount: &str, rest: &str) -> Result<Content, Refusal> {
        let full = full_path(&asked.call.namespace, mount);
        let open = match self.stored.mounts.get(&full) {
            Some(Engine::Other(engine)) => engine.is_open(asked.verb, rest),
            _ => false,
        };
        if open {
            self.check_serving(&asked.path)?;
        } else {
            self.admit(&asked.call, &asked.path, capability(asked.verb))?;
        }
        let Some(Engine::Other(mut engine)) = self.stored.mounts.remove(&full) else {
            return Err(Refusal::unsupported_path());
        };
        let answer = engine.answer(self, asked, rest);
        self.stored.mounts.insert(full, Engine::Other(engine));
        answer
    }
}

/// What a request needs to be allowed.
pub(super) fn capability(verb: Verb) -> Capability {
    match verb {
        Verb::Read | Verb::Unknown => Capability::Read,
        Verb::List => Capability::List,
        Verb::Write => Capability::Update,
        Verb::Patch => Capability::Patch,
        Verb::Delete => Capability::Delete,
    }
}

impl Call {
    /// The caller's token, as far as it showed one.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }
}
