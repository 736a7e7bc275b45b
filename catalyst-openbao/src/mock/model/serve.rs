//! What clients do, as both faces call it. Each function is one request: admitted, carried out, answered or refused.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::handle::Model;
use super::kv::KvMount;
use super::state::{State, full_path};
use super::{
    Call, Capability, Issued, KvSecret, MetadataChange, Patched, Refusal, Shown, StaticView, VersionView,
};
use crate::SecretData;

/// A token that was given, and when it ends on tokio's clock.
pub(crate) struct LoggedIn {
    pub(crate) token: String,
    pub(crate) expires_at: Option<Instant>,
}

impl Model {
    pub(crate) fn log_in(
        &self,
        call: &Call,
        mount: &str,
        shown: &Shown,
    ) -> Result<super::AuthAnswer, Refusal> {
        self.with(|state| state.log_in(call, mount, shown))
    }

    /// A login that needs no method, for the mock.
    pub(crate) fn log_in_as(&self, grant: &super::TokenGrant) -> LoggedIn {
        self.with(|state| {
            let origin = super::tokens::Origin {
                display_name: "mock".to_owned(),
                path: "auth/mock/login".to_owned(),
                ..super::tokens::Origin::default()
            };
            let token = state.mint_token(grant, origin, None);
            state.counters.logins += 1;
            let end = state.stored.tokens.get(&token).and_then(|token| token.expires);
            LoggedIn { token, expires_at: end.map(|end| state.clock.on_tokio(end)) }
        })
    }

    /// Renews the caller's own token. The second value is the server's warning.
    pub(crate) fn renew_token(
        &self,
        call: &Call,
        increment: Option<Duration>,
    ) -> Result<(super::AuthAnswer, Option<String>), Refusal> {
        self.with(|state| state.renew_self(call, increment))
    }

    /// Whether the server still knows this token.
    pub(crate) fn knows_token(&self, token: &str) -> bool {
        self.with(|state| state.stored.tokens.contains_key(token))
    }

    pub(crate) fn issue(&self, call: &Call, mount: &str, role: &str) -> Result<Issued, Refusal> {
        self.with(|state| state.issue(call, mount, role))
    }

    pub(crate) fn read_static(&self, call: &Call, mount: &str, role: &str) -> Result<StaticView, Refusal> {
        self.with(|state| state.read_static(call, mount, role))
    }

    pub(crate) fn renew(
        &self,
        call: &Call,
        lease: &str,
        increment: Option<Duration>,
    ) -> Result<super::Renewed, Refusal> {
        self.with(|state| state.renew_lease(call, lease, increment))
    }

    pub(crate) fn revoke(&self, call: &Call, lease: &str) -> Result<(), Refusal> {
        self.with(|state| state.revoke_lease(call, lease))
    }

    pub(crate) fn kv_read(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        version: Option<u64>,
    ) -> Result<VersionView, Refusal> {
        let full = format!("{mount}/data/{path}");
        self.with_kv(call, mount, &full, |_| Capability::Read, |kv, now| kv.read(path, version, now))
    }

    pub(crate) fn kv_write(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        data: SecretData,
        cas: Option<i64>,
    ) -> Result<VersionView, Refusal> {
        let full = format!("{mount}/data/{path}");
        self.with_kv(call, mount, &full, |kv| writing(kv, path), |kv, now| kv.write(path, data, cas, now))
    }

    pub(crate) fn kv_patch(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        change: &SecretData,
        cas: Option<i64>,
    ) -> Result<Patched, Refusal> {
        let full = format!("{mount}/data/{path}");
        self.with_kv(call, mount, &full, |_| Capability::Patch, |kv, now| kv.patch(path, change, cas, now))
    }

    pub(crate) fn kv_list(&self, call: &Call, mount: &str, prefix: &str) -> Result<Vec<String>, Refusal> {
        let full = format!("{mount}/metadata/{prefix}");
        self.with_kv(call, mount, &full, |_| Capability::List, |kv, _| kv.list(prefix))
    }

    pub(crate) fn kv_list_detailed(
        &self,
        call: &Call,
        mount: &str,
        prefix: &str,
        page: (&str, Option<usize>),
    ) -> Result<Vec<(String, Option<KvSecret>)>, Refusal> {
        let full = format!("{mount}/detailed-metadata/{prefix}");
        self.with_kv(
            call,
            mount,
            &full,
            |_| Capability::List,
            |kv, _| kv.list_detailed(prefix, page.0, page.1),
        )
    }

    /// No versions: the current one, which is another route with another capability.
    pub(crate) fn kv_delete(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        versions: &[u64],
    ) -> Result<(), Refusal> {
        let (route, wanted) =
            if versions.is_empty() { ("data", Capability::Delete) } else { ("delete", Capability::Update) };
        let full = format!("{mount}/{route}/{path}");
        self.with_kv(
            call,
            mount,
            &full,
            |_| wanted,
            |kv, now| {
                kv.delete(path, versions, now);
                Ok(())
            },
        )
    }

    pub(crate) fn kv_undelete(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        versions: &[u64],
    ) -> Result<(), Refusal> {
        let full = format!("{mount}/undelete/{path}");
        let undelete = |kv: &mut KvMount, _| {
            if versions.is_empty() {
                return Err(Refusal::bad_request("No version number provided"));
            }
            kv.undelete(path, versions);
            Ok(())
        };
        self.with_kv(call, mount, &full, |_| Capability::Update, undelete)
    }

    pub(crate) fn kv_destroy(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        versions: &[u64],
    ) -> Result<(), Refusal> {
        let full = format!("{mount}/destroy/{path}");
        let destroy = |kv: &mut KvMount, _| {
            if versions.is_empty() {
                return Err(Refusal::bad_request("no version number provided"));
            }
            kv.destroy(path, versions);
            Ok(())
        };
        self.with_kv(call, mount, &full, |_| Capability::Update, destroy)
    }

    pub(crate) fn kv_metadata(&self, call: &Call, mount: &str, path: &str) -> Result<KvSecret, Refusal> {
        let full = format!("{mount}/metadata/{path}");
        self.with_kv(call, mount, &full, |_| Capability::Read, |kv, _| kv.metadata(path))
    }

    pub(crate) fn kv_write_metadata(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        change: MetadataChange,
    ) -> Result<(), Refusal> {
        let full = format!("{mount}/metadata/{path}");
        let write = |kv: &mut KvMount, now| kv.write_metadata(path, change, now);
        self.with_kv(call, mount, &full, |kv| writing(kv, path), write)
    }

    pub(crate) fn kv_delete_metadata(&self, call: &Call, mount: &str, path: &str) -> Result<(), Refusal> {
        let full = format!("{mount}/metadata/{path}");
        let delete = |kv: &mut KvMount, _| {
            kv.delete_metadata(path);
            Ok(())
        };
        self.with_kv(call, mount, &full, |_| Capability::Delete, delete)
    }

    pub(crate) fn kv_patch_metadata(
        &self,
        call: &Call,
        mount: &str,
        path: &str,
        change: MetadataChange,
    ) -> Result<(), Refusal> {
        let full = format!("{mount}/metadata/{path}");
        let change = |kv: &mut KvMount, now| kv.patch_metadata(path, change, now);
        self.with_kv(call, mount, &full, |_| Capability::Patch, change)
    }

    /// A moment of the model as wall time.
    pub(crate) fn wall(&self, at: Instant) -> SystemTime {
        self.with(|state| state.clock.wall(at))
    }

    /// One request to a KV mount. Which capability it needs may depend on what is there.
    pub(super) fn with_kv<T>(
        &self,
        call: &Call,
        mount: &str,
        full: &str,
        wanted: impl FnOnce(&KvMount) -> Capability,
        act: impl FnOnce(&mut KvMount, Instant) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.with(|state: &mut State| {
            let empty = KvMount::default();
            let capability = match state.stored.mounts.get(&full_path(&call.namespace, mount)) {
                Some(super::state::Engine::Kv(kv)) => wanted(kv),
                _ => wanted(&empty),
            };
            state.admit(call, full, capability)?;
            let now = state.clock.now();
            act(state.kv(&call.namespace, mount, full)?, now)
        })
    }
}

fn writing(kv: &KvMount, path: &str) -> Capability {
    if kv.contains(path) { Capability::Update } else { Capability::Create }
}
