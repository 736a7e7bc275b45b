//! What was done so far.

/// How often each thing was done with success, since the model was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Logins of any method.
    pub logins: u64,
    /// Tokens renewed.
    pub token_renewals: u64,
    /// Tokens revoked by their owners.
    pub token_revocations: u64,
    /// Database users made.
    pub mints: u64,
    /// Leases renewed.
    pub lease_renewals: u64,
    /// Leases revoked by a request, by prefix or one by one. Those that ran out are not counted.
    pub lease_revocations: u64,
    /// Passwords of static roles changed.
    pub static_rotations: u64,
}
