//! Where reads go.

/// Which node of a cluster answers reads of secrets. Everything else goes to the active node: writes, leases, mints.
///
/// Standbys lag behind the active node by milliseconds. The client tells them with each read what it has seen so far
/// (`X-Vault-Index`), and a standby that has not got there yet has the active node answer. So a client reads its own
/// writes, and never something older than what it read before. What others have written meanwhile may be missing.
/// Where the server gives no such index, the client reads from the active node for 10 s after each write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadFrom {
    /// From the active node.
    #[default]
    Active,
    /// From the node that has answered fastest so far.
    Nearest,
    /// From all nodes in turn.
    Any,
}
