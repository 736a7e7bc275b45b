//! Response wrapping: a secret handed over as a token that is good for one use.

use std::time::{Duration, SystemTime};

use catalyst_core::http::{Method, Request};
use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use crate::data::Exposed;
use crate::operation::Operation;
use crate::transport::{Answer, Call, Transport};
use crate::wire::{self, Ignored, Seconds, Time};
use crate::{OpenBao, SecretData};

/// A wrapping token. Who has it can read what it wraps, once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WrappedSecret {
    /// The token to hand over.
    pub token: Secret,
    /// Names the token without giving it away.
    pub accessor: String,
    /// How long it is good for.
    pub ttl: Duration,
    /// When it was made, by the server's clock.
    pub created_at: SystemTime,
    /// What made it. The receiver should check this: [`OpenBao::lookup_wrapping`].
    pub creation_path: String,
}

/// What is known of a wrapping token without using it up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrappingStatus {
    /// How long it was good for when it was made.
    pub creation_ttl: Duration,
    /// When it was made, by the server's clock.
    pub created_at: SystemTime,
    /// What made it.
    pub creation_path: String,
}

impl WrappedSecret {
    pub(crate) fn read(answer: &Answer<'_>, transport: &Transport) -> Result<Self> {
        let wrapped = answer.read::<Ignored>(transport)?.wrap_info;
        let wire =
            wrapped.ok_or_else(|| answer.undecodable().with_help("the answer holds no wrapping token"))?;
        Ok(Self {
            token: wire.token,
            accessor: wire.accessor,
            ttl: wire.ttl.0,
            created_at: wire.creation_time.0,
            creation_path: wire.creation_path,
        })
    }
}

impl OpenBao {
    /// Wraps `data` into a token that is good for one use within `ttl` (whole seconds, at least one). Not repeated
    /// once its outcome is unknown; a token left behind ends with its term.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// A token may be left behind until its term ends.
    pub async fn wrap(&self, ttl: Duration, data: &SecretData) -> Result<WrappedSecret> {
        let body = |request: Request| request.json(&Exposed(data));
        let call =
            Call::new(Operation::Wrap, Method::Post, &["sys/wrapping/wrap"]).body(&body).wrapped(ttl).once();
        WrappedSecret::read(&self.api.send(&call).await?, &self.api.transport)
    }

    /// Reads what a wrapping token wraps, and uses it up. Needs no session: the token is all that is shown, so that
    /// this can fetch what the login needs.
    ///
    /// Never repeated once its outcome is unknown: the token is used up then, or it is not.
    ///
    /// # Errors
    /// Code `wrapping_token_invalid` if it was used before, has ended or never was. If you are its only receiver and
    /// did not use it, then somebody else has.
    ///
    /// # Cancel safety
    /// The token may be used up and its contents lost.
    pub async fn unwrap(&self, token: &Secret) -> Result<SecretData> {
        let call = Call::new(Operation::Unwrap, Method::Post, &["sys/wrapping/unwrap"]).once();
        let answer = self.api.send_as(&call, Some(token)).await?;
        answer.data(&self.api.transport)
    }

    /// What made a wrapping token, and when, without using it up; needs no session. A token that was made elsewhere
    /// than expected was swapped on its way. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `wrapping_token_invalid`, as [`OpenBao::unwrap`].
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn lookup_wrapping(&self, token: &Secret) -> Result<WrappingStatus> {
        let body = |request: Request| request.json(&TokenBody { token: wire::Exposed(token) });
        let call = Call::new(Operation::LookupWrapping, Method::Post, &["sys/wrapping/lookup"]).body(&body);
        let answer = self.api.send_as(&call, None).await?;
        let wire = answer.data::<StatusWire>(&self.api.transport)?;
        Ok(WrappingStatus { creation_ttl: wire.ttl.0, created_at: wire.time.0, creation_path: wire.path })
    }
}

#[derive(Serialize)]
struct TokenBody<'a> {
    token: wire::Exposed<'a>,
}

#[derive(Deserialize)]
struct StatusWire {
    #[serde(default, rename = "creation_ttl")]
    ttl: Seconds,
    #[serde(rename = "creation_time")]
    time: Time,
    #[serde(default, rename = "creation_path")]
    path: String,
}
