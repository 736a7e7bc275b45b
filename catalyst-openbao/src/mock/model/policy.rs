//! Policies: which paths a token may use, and how.

/// What may be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// Write what is not there yet.
    Create,
    /// Read.
    Read,
    /// Write what is there, and every other POST and PUT.
    Update,
    /// Merge into what is there.
    Patch,
    /// Delete.
    Delete,
    /// List.
    List,
    /// Nothing at all, whatever else is allowed.
    Deny,
}

/// A list of paths with what is allowed on each. The most specific path that matches decides, as on the server: an
/// exact one before one that ends in `*`, a longer one before a shorter one.
///
/// ```
/// use catalyst_openbao::mock::{Capability, Policy};
///
/// let policy = Policy::new().allow("secret/data/orders/*", &[Capability::Read]);
/// # let _ = policy;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy(Vec<(String, Vec<Capability>)>);

impl Policy {
    /// A policy that allows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows `capabilities` on `path`, which may end in `*`.
    #[must_use]
    pub fn allow(mut self, path: &str, capabilities: &[Capability]) -> Self {
        self.0.push((path.to_owned(), capabilities.to_vec()));
        self
    }

    /// What the server's policy `default` allows of the things that this crate does. It does not allow to revoke a
    /// lease.
    pub(super) fn server_default() -> Self {
        let update = &[Capability::Update];
        Self::new()
            .allow("auth/token/lookup-self", &[Capability::Read])
            .allow("auth/token/renew-self", update)
            .allow("auth/token/revoke-self", update)
            .allow(
                "cubbyhole/*",
                &[
                    Capability::Create,
                    Capability::Read,
                    Capability::Update,
                    Capability::Delete,
                    Capability::List,
                ],
            )
            .allow("sys/internal/ui/mounts/*", &[Capability::Read])
            .allow("sys/leases/lookup", update)
            .allow("sys/leases/renew", update)
            .allow("sys/wrapping/lookup", update)
            .allow("sys/wrapping/unwrap", update)
            .allow("sys/wrapping/wrap", update)
    }
}

/// The policy of the tokens that a test makes without naming one.
pub(super) const ALLOW_ALL: &str = "allow-all";
/// The policy that has no rules because it needs none.
pub(super) const ROOT: &str = "root";

/// Whether `policies` together allow `wanted` on `path`.
pub(super) fn allows<'a>(policies: impl Iterator<Item = &'a Policy>, path: &str, wanted: Capability) -> bool {
    let mut best = (false, 0);
    let mut granted: Vec<Capability> = Vec::new();
    for (pattern, capabilities) in policies.flat_map(|policy| &policy.0) {
        let Some(rank) = rank(pattern, path) else { continue };
        if rank > best {
            best = rank;
            granted.clear();
        }
        if rank == best {
            granted.extend(capabilities);
        }
    }
    granted.contains(&wanted) && !granted.contains(&Capability::Deny)
}

/// How specific a match is, if it is one; the greater, the more specific.
fn rank(pattern: &str, path: &str) -> Option<(bool, usize)> {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix).then_some((false, prefix.len())),
        None => (path == pattern).then_some((true, pattern.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_path_decides_and_deny_wins() {
        let policies = [
            Policy::new().allow("secret/*", &[Capability::Read]).allow("secret/own/*", &[Capability::Update]),
            Policy::new().allow("secret/own/x", &[Capability::Deny, Capability::Read]),
        ];
        let may = |path, capability| allows(policies.iter(), path, capability);
        assert!(may("secret/data/a", Capability::Read));
        assert!(!may("secret/own/a", Capability::Read) && may("secret/own/a", Capability::Update));
        assert!(!may("secret/own/x", Capability::Read));
        assert!(!may("database/creds/a", Capability::Read));
    }
}
