//! What the server as a whole is up to.

/// How a server stands; it decides what `sys/health` says and whether anything else is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerState {
    /// It serves.
    #[default]
    Active,
    /// A standby that does not forward: it redirects to the active node, or has none to redirect to.
    Standby {
        /// Where the active node is, if one is known: `http://127.0.0.1:8200`.
        active_address: Option<String>,
    },
    /// A standby that answers reads itself, and has the active node answer the rest: what OpenBao 2.7.2 is with Raft
    /// storage. It is a node of a cluster: see [`Model::node`](super::Model::node).
    ReadStandby {
        /// Where the active node is, if one is known; to which a caller is sent that forbids forwarding.
        active_address: Option<String>,
    },
    /// Health 473; no OpenBao says so, but other servers of the family do.
    PerformanceStandby,
    /// Health 472; no OpenBao says so, but other servers of the family do.
    DrSecondary,
    /// It was never set up.
    NotInitialized,
    /// It was sealed, and serves nothing until it is unsealed.
    Sealed,
}

impl ServerState {
    /// The status of `sys/health`.
    pub(crate) fn health_status(&self) -> u16 {
        match self {
            Self::Active => 200,
            Self::Standby { .. } | Self::ReadStandby { .. } => 429,
            Self::DrSecondary => 472,
            Self::PerformanceStandby => 473,
            Self::NotInitialized => 501,
            Self::Sealed => 503,
        }
    }
}
