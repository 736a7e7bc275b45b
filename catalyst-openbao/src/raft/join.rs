//! How a node becomes a member.

use std::fmt;

use catalyst_core::Secret;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::wire::Exposed;

/// Where a new node finds its leader, and how it knows it. `Debug` shows the address.
///
/// ```
/// use catalyst_openbao::RaftJoin;
///
/// # fn example(leader: url::Url) {
/// let join = RaftJoin::new(leader).authority("-----BEGIN CERTIFICATE-----…").retry(true);
/// # let _ = join;
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a node joins when this is given to Raft::join"]
pub struct RaftJoin {
    leader: Url,
    authority: Option<String>,
    client: Option<(String, Secret)>,
    server_name: Option<String>,
    retry: bool,
    non_voter: bool,
}

impl RaftJoin {
    /// Joins the cluster of the node whose API is at `leader`; any member will do.
    pub fn new(leader: Url) -> Self {
        Self { leader, authority: None, client: None, server_name: None, retry: false, non_voter: false }
    }

    /// The authority of the leader's certificate, in PEM.
    pub fn authority(mut self, pem: impl Into<String>) -> Self {
        self.authority = Some(pem.into());
        self
    }

    /// The certificate and the key that the node shows to the leader, in PEM.
    pub fn client_certificate(mut self, certificate: impl Into<String>, key: Secret) -> Self {
        self.client = Some((certificate.into(), key));
        self
    }

    /// The name that the leader's certificate must have, if it is not that of its address.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Whether the node goes on trying by itself when the leader is not there yet. The answer then comes at once.
    pub fn retry(mut self, retry: bool) -> Self {
        self.retry = retry;
        self
    }

    /// Whether it joins without a vote, for good.
    pub fn non_voter(mut self, non_voter: bool) -> Self {
        self.non_voter = non_voter;
        self
    }

    pub(super) fn body(&self) -> JoinBody<'_> {
        JoinBody {
            leader_api_addr: self.leader.as_str().trim_end_matches('/'),
            leader_ca_cert: self.authority.as_deref(),
            leader_client_cert: self.client.as_ref().map(|(certificate, _)| certificate.as_str()),
            leader_client_key: self.client.as_ref().map(|(_, key)| Exposed(key)),
            leader_tls_servername: self.server_name.as_deref(),
            retry: self.retry,
            non_voter: self.non_voter,
        }
    }
}

impl fmt::Debug for RaftJoin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RaftJoin").field("leader", &self.leader.as_str()).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
pub(super) struct JoinBody<'a> {
    leader_api_addr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    leader_ca_cert: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leader_client_cert: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leader_client_key: Option<Exposed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    leader_tls_servername: Option<&'a str>,
    retry: bool,
    non_voter: bool,
}

#[derive(Deserialize)]
pub(super) struct JoinedWire {
    #[serde(default)]
    pub(super) joined: bool,
}
