//! Policies: which paths a token may use, and how.

use std::cmp::Reverse;

pub use crate::system::Capability;
use crate::system::{PolicyDocument, PolicyRule};

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

    /// As a text that the server would take.
    pub(super) fn text(&self) -> String {
        let rule = |(path, allowed): &(String, Vec<Capability>)| {
            PolicyRule::new(path.as_str(), allowed.iter().copied())
        };
        self.0.iter().map(rule).fold(PolicyDocument::new(), PolicyDocument::rule).to_string()
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
            .allow("sys/capabilities-self", update)
            .allow("sys/control-group/request", update)
            .allow("sys/tools/hash", update)
            .allow("sys/tools/hash/*", update)
            .allow("cubbyhole/*", OWN)
    }
}

/// What a token may do with what is its own.
const OWN: &[Capability] =
    &[Capability::Create, Capability::Read, Capability::Update, Capability::Delete, Capability::List];
/// The policy of the tokens that a test makes without naming one.
pub(super) const ALLOW_ALL: &str = "allow-all";
/// The policy that has no rules because it needs none.
pub(super) const ROOT: &str = "root";

/// Whether `policies` together allow `wanted` on `path`.
pub(super) fn allows<'a>(policies: impl Iterator<Item = &'a Policy>, path: &str, wanted: Capability) -> bool {
    let granted = granted(policies, path);
    granted.contains(&wanted)
}

/// What `policies` together allow on `path`: `deny` alone, if nothing.
pub(super) fn granted<'a>(policies: impl Iterator<Item = &'a Policy>, path: &str) -> Vec<Capability> {
    let mut best = None;
    let mut granted: Vec<Capability> = Vec::new();
    for (pattern, capabilities) in policies.flat_map(|policy| &policy.0) {
        let Some(rank) = rank(pattern, path) else { continue };
        if Some(rank) > best {
            best = Some(rank);
            granted.clear();
        }
        if Some(rank) == best {
            granted.extend(capabilities);
        }
    }
    if granted.is_empty() || granted.contains(&Capability::Deny) {
        return vec![Capability::Deny];
    }
    granted.sort_unstable();
    granted.dedup();
    granted
}

/// How specific a match is, if it is one; the greater, the more specific: the place of the first wildcard, no star at the
/// end, fewer wildcards in between, the length.
fn rank(pattern: &str, path: &str) -> Option<(usize, bool, Reverse<usize>, usize)> {
    let (start, open) = pattern.strip_suffix('*').map_or((pattern, false), |start| (start, true));
    if !segments_match(start, path, open) {
        return None;
    }
    let singles = start.split('/').filter(|segment| *segment == "+").count();
    let first = if singles == 0 && !open { usize::MAX } else { start.find('+').unwrap_or(start.len()) };
    Some((first, !open, Reverse(singles), start.len()))
}

/// Whether `path` is `start`, or begins with it if that is enough; `+` stands for one segment.
fn segments_match(start: &str, path: &str, open: bool) -> bool {
    let (mut wanted, mut has) = (start.split('/').peekable(), path.split('/'));
    while let Some(segment) = wanted.next() {
        let Some(present) = has.next() else { return false };
        let last = wanted.peek().is_none();
        let fits = if last && open {
            segment == "+" || present.starts_with(segment)
        } else {
            segment == "+" || segment == present
        };
        if !fits {
            return false;
        }
    }
    open || has.next().is_none()
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
