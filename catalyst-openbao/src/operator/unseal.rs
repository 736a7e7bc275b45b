//! Unsealing, share by share.

use catalyst_core::http::Request;
use catalyst_core::{Error, ErrorKind, Result};
use serde::Serialize;

use super::client::call_with;
use super::seal_status::SealWire;
use super::{KeyShare, Operator, SealStatus};
use crate::refusal::SERVICE;
use crate::wire::Exposed;

const PATH: &[&str] = &["sys/unseal"];

impl Operator {
    /// Gives the node one share (`PUT sys/unseal`), without a session; with the last one that it needs it is unsealed.
    /// A share that was given already changes nothing. Repeated after passing faults.
    ///
    /// # Errors
    /// Code `wrong_share` if the shares given do not make up the key: which of them is wrong the server cannot
    /// tell, and it has forgotten all. `not_initialized` if the server was never initialised.
    ///
    /// # Cancel safety
    /// The share may or may not count.
    pub async fn unseal(&self, share: &KeyShare) -> Result<SealStatus> {
        self.send_unseal("unseal", &UnsealBody { key: Some(share.into()), ..UnsealBody::default() }).await
    }

    /// Gives the node one share for a change of its seal, to the one that its configuration now names.
    ///
    /// # Errors
    /// Code `no_migration` if its configuration changes no seal, and as [`Operator::unseal`].
    ///
    /// # Cancel safety
    /// The share may or may not count.
    pub async fn migrate_seal(&self, share: &KeyShare) -> Result<SealStatus> {
        let body = UnsealBody { key: Some(share.into()), migrate: true, ..UnsealBody::default() };
        self.send_unseal("migrate seal", &body).await
    }

    /// Has the node forget the shares that were given so far. Repeated after passing faults.
    ///
    /// # Errors
    /// As [`Operator::unseal`], the share aside.
    ///
    /// # Cancel safety
    /// They may or may not be forgotten.
    pub async fn reset_unseal(&self) -> Result<SealStatus> {
        self.send_unseal("reset unsealing", &UnsealBody { reset: true, ..UnsealBody::default() }).await
    }

    /// Unseals the node with `shares`, of which only as many are given as it needs. Shares that somebody gave before
    /// are forgotten first: a wrong one among them would spoil ours.
    ///
    /// # Errors
    /// Code `too_few_shares` if they are not enough, and as [`Operator::unseal`].
    ///
    /// # Cancel safety
    /// Some shares may count; calling it again starts over.
    pub async fn unseal_with(&self, shares: &[KeyShare]) -> Result<SealStatus> {
        let mut status = self.seal_status().await?;
        if status.sealed && status.progress > 0 {
            status = self.reset_unseal().await?;
        }
        for share in shares {
            if !status.sealed {
                break;
            }
            status = self.unseal(share).await?;
        }
        if status.sealed {
            return Err(too_few("unseal"));
        }
        Ok(status)
    }

    async fn send_unseal(&self, name: &'static str, body: &UnsealBody<'_>) -> Result<SealStatus> {
        let body = |request: Request| request.json(body);
        Ok(self.anonymous::<SealWire>(call_with(name, PATH, &body)).await?.into())
    }
}

pub(super) fn too_few(operation: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, operation)
        .with_service(SERVICE)
        .with_code("too_few_shares")
        .with_help("the server needs more shares, each another one; give as many as its threshold")
}

#[derive(Default, Serialize)]
struct UnsealBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Exposed<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    migrate: bool,
}

impl<'a> From<&'a KeyShare> for Exposed<'a> {
    fn from(share: &'a KeyShare) -> Self {
        Exposed(share.secret())
    }
}
