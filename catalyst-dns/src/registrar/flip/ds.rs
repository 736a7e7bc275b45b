//! The DS in the parent, written through the registrar and seen at the parent's servers.

use catalyst_core::{Error, ErrorKind, Result, RetryAdvice};

use super::run::Run;
use super::view::parent_ds;
use super::{DsState, FlipEvent};
use crate::{Ds, Ttl};

impl Run<'_> {
    /// Writes `target`, waits until the parent serves it and the caches have forgotten what was there for `ttl`.
    pub(crate) async fn write_ds(&mut self, target: &[Ds], ttl: Ttl) -> Result<()> {
        self.ds_until(target, self.parts.policy.parent_limit(&self.record.domain)).await?;
        self.ds = DsState::Changed(target.to_vec());
        let pause = ttl.as_duration().min(self.parts.policy.caches);
        self.tell(&FlipEvent::WaitingForCaches(pause));
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// After an interruption: what a flip that had begun to change the DS has come to.
    pub(crate) async fn know_ds(&mut self) {
        if self.record.ds_changed {
            let found = parent_ds(&*self.parts.dns, &self.parents, self.record.domain.name()).await;
            self.ds = DsState::Changed(found.map(|(ds, _)| ds).unwrap_or_default());
        }
    }

    /// Writes the old DS again, for the old servers with the old keys.
    pub(crate) async fn put_ds_back(&mut self) {
        let before = self.record.ds_before.clone();
        self.ds = match self.ds_until(&before, self.parts.policy.restore).await {
            Ok(()) => DsState::Restored,
            Err(error) => DsState::RestoreFailed(error),
        };
    }

    /// Writes `target` once and looks at the parent until it is there. A write in doubt is looked at too.
    async fn ds_until(&self, target: &[Ds], limit: std::time::Duration) -> Result<()> {
        self.tell(&FlipEvent::ChangingDs(target.to_vec()));
        let domain = &self.record.domain;
        let written = self.call("set DS records", self.parts.registrar.set_ds(domain, target)).await;
        match written {
            Ok(Some(task)) => self.follow(&task).await?,
            Ok(None) => {}
            Err(error) if !super::run::certain(&error) => {}
            Err(error) => return Err(error),
        }
        let mut wanted = target.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut pace = self.pace(limit);
        loop {
            let seen = parent_ds(&*self.parts.dns, &self.parents, domain.name()).await;
            if seen.is_some_and(|(ds, _)| ds == wanted) {
                return Ok(());
            }
            if !pace.pause(RetryAdvice::Backoff).await {
                return Err(Error::new(ErrorKind::Conflict, "change the DS")
                    .with_code("ds_mismatch")
                    .with_service(self.parts.registrar.name())
                    .with_target(domain.as_str())
                    .with_help("the parent's servers do not serve the DS that was written"));
            }
        }
    }
}
