//! The model as a registrar in process, without a wire: runs in virtual time.

use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};

use super::model::RegistrarModel;
use super::state::Trouble;
use crate::Ds;
use crate::registrar::{
    Cause, NameServers, NsWrite, RegisteredDomain, Registrar, RegistrarCapabilities, TaskId, TaskState,
};

/// A [`RegistrarModel`] behind the trait, with the capabilities that a test wants. A call without an answer takes half
/// a minute.
#[derive(Clone, Debug)]
pub struct ModelRegistrar {
    model: RegistrarModel,
    capabilities: RegistrarCapabilities,
}

const NAME: &str = "scripted";
const SILENCE: Duration = Duration::from_secs(30);

impl ModelRegistrar {
    /// It writes directly, and writes DS.
    pub fn new(model: &RegistrarModel) -> Self {
        let capabilities =
            RegistrarCapabilities { nameservers: NsWrite::Direct, ds: true, house_servers: false };
        Self { model: model.clone(), capabilities }
    }

    /// How name servers are written; tasks also need [`RegistrarModel::write_by_tasks`].
    #[must_use]
    pub fn nameservers(mut self, write: NsWrite) -> Self {
        self.capabilities.nameservers = write;
        self
    }

    /// Without calls for DS.
    #[must_use]
    pub fn without_ds(mut self) -> Self {
        self.capabilities.ds = false;
        self
    }

    async fn answer<T>(
        &self,
        operation: &'static str,
        domain: Option<&RegisteredDomain>,
        answer: std::result::Result<T, Trouble>,
    ) -> Result<T> {
        // Other tasks may run before the answer is there, as with any call.
        tokio::task::yield_now().await;
        let trouble = match answer {
            Ok(value) => return Ok(value),
            Err(trouble) => trouble,
        };
        if trouble == Trouble::NoAnswer {
            tokio::time::sleep(SILENCE).await;
        }
        let error = error(operation, &trouble);
        Err(match domain {
            Some(domain) => error.with_target(domain.as_str()),
            None => error,
        })
    }

    fn writes_ds(&self, operation: &'static str, domain: &RegisteredDomain) -> Result<()> {
        if self.capabilities.ds {
            return Ok(());
        }
        Err(Cause::Unsupported.unasked(NAME, operation, domain))
    }

    fn log_in(&self) -> std::result::Result<(), Trouble> {
        self.model.log_in(self.model.credential().expose())
    }
}

fn error(operation: &'static str, trouble: &Trouble) -> Error {
    let cause = match trouble {
        Trouble::NoAnswer => {
            let silence = Error::new(ErrorKind::Timeout, operation).with_service(NAME);
            return silence.with_code(Cause::Unavailable.code()).with_outcome_unknown();
        }
        Trouble::Severed | Trouble::Html | Trouble::Unavailable => Cause::Unavailable,
        Trouble::RateLimited(_) => Cause::RateLimited,
        Trouble::BadCredential => Cause::BadCredential,
        Trouble::AccountTier => Cause::AccountTier,
        Trouble::NotInAccount => Cause::NotInAccount,
        Trouble::Protected => Cause::ProtectedDomain,
        Trouble::NotActive => Cause::Refused,
    };
    let error = cause.error(operation).with_service(NAME);
    match trouble {
        Trouble::Severed | Trouble::Html | Trouble::Unavailable => error.with_outcome_unknown(),
        Trouble::RateLimited(seconds) => error.with_retry(RetryAdvice::After(Duration::from_secs(*seconds))),
        _ => error,
    }
}

#[async_trait]
impl Registrar for ModelRegistrar {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> RegistrarCapabilities {
        self.capabilities
    }

    async fn validate(&self) -> Result<()> {
        let found = self.log_in().and_then(|()| self.model.domains());
        self.answer("check the credential", None, found).await.map(drop)
    }

    async fn domains(&self) -> Result<Vec<RegisteredDomain>> {
        let found = self.log_in().and_then(|()| self.model.domains());
        let found = self.answer("list domains", None, found).await?;
        Ok(found.into_iter().map(|(name, _)| name).collect())
    }

    async fn nameservers(&self, domain: &RegisteredDomain) -> Result<NameServers> {
        let found = self.log_in().and_then(|()| self.model.domain(domain));
        Ok(self.answer("read name servers", Some(domain), found).await?.servers)
    }

    async fn set_nameservers(
        &self,
        domain: &RegisteredDomain,
        servers: &NameServers,
    ) -> Result<Option<TaskId>> {
        if self.capabilities.nameservers == NsWrite::ManualOnly {
            let help = format!("a person sets the name servers of {domain} to {servers}");
            return Err(Cause::ManualOnly.unasked(NAME, "set name servers", domain).with_help(help));
        }
        let written = self.log_in().and_then(|()| self.model.write(domain, servers));
        self.answer("set name servers", Some(domain), written).await
    }

    async fn task(&self, domain: &RegisteredDomain, task: &TaskId) -> Result<TaskState> {
        if self.capabilities.nameservers != NsWrite::Task {
            return Err(Cause::Unsupported.unasked(NAME, "follow a task", domain));
        }
        let state = self.log_in().and_then(|()| self.model.task(task));
        self.answer("follow a task", Some(domain), state).await
    }

    async fn ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        self.writes_ds("read DS records", domain)?;
        let found = self.log_in().and_then(|()| self.model.domain(domain));
        Ok(self.answer("read DS records", Some(domain), found).await?.ds)
    }

    async fn set_ds(&self, domain: &RegisteredDomain, ds: &[Ds]) -> Result<Option<TaskId>> {
        self.writes_ds("set DS records", domain)?;
        let written = self.log_in().and_then(|()| self.model.write_ds(domain, ds));
        self.answer("set DS records", Some(domain), written).await.map(|()| None)
    }
}
