//! The client, and the calls that need a session.

use std::sync::Arc;

use catalyst_core::Result;
use catalyst_core::http::Method;
use serde::de::DeserializeOwned;

use super::{KeyKind, Rekey};
use crate::api::Api;
use crate::operation::{Operation, Subject};
use crate::transport::{Body, Call};

/// What operators do with a whole server; made by [`OpenBao::operator`](crate::OpenBao::operator). Cheap to clone.
///
/// Seals, shares and attempts are matters of one node: give the client that node's address, not a balancer's.
///
/// ```
/// use catalyst_openbao::{InitRequest, KeySplit, OpenBao};
///
/// # async fn example() -> catalyst_openbao::Result<()> {
/// let operator = OpenBao::builder("https://127.0.0.1:8200")?.build()?.operator();
/// let made = operator.initialize(&InitRequest::shamir(KeySplit::new(5, 3)?)).await?;
/// operator.unseal_with(&made.keys).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Operator {
    pub(super) api: Arc<Api>,
}

impl Operator {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// Seals the node (`PUT sys/seal`): from then on it serves nothing until it is unsealed. A node that is sealed
    /// already stays so. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` if the token's policies do not allow `sudo` on `sys/seal`.
    ///
    /// # Cancel safety
    /// It may or may not be sealed.
    pub async fn seal(&self) -> Result<()> {
        self.api.at(Subject::Operator, "seal", &["sys/seal"]).write(&NoFields {}).await
    }

    /// Has the active node of a cluster give up its place (`PUT sys/step-down`); another one takes it, or after some
    /// ten seconds the same. Not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Code `permission_denied`, and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have stepped down.
    pub async fn step_down(&self) -> Result<()> {
        self.api.at(Subject::Operator, "step down", &["sys/step-down"]).once().write(&NoFields {}).await
    }

    /// New key shares in the place of those that exist, unseal or recovery.
    pub fn rekey(&self, kind: KeyKind) -> Rekey {
        Rekey::new(Arc::clone(&self.api), kind)
    }

    /// A call without a session, whose answer comes without an envelope.
    pub(super) async fn anonymous<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T> {
        self.api.send_as(&call, None).await?.bare(&self.api.transport)
    }
}

/// A call about operators' matters that may be repeated.
pub(super) fn call<'a>(name: &'static str, method: Method, path: &'a [&'a str]) -> Call<'a> {
    Call::new(Operation::Of(Subject::Operator, name), method, path)
}

/// The same, with a body.
pub(super) fn call_with<'a>(name: &'static str, path: &'a [&'a str], body: Body<'a>) -> Call<'a> {
    call(name, Method::Put, path).body(body)
}

/// `{}`.
#[derive(serde::Serialize)]
pub(super) struct NoFields {}
