//! Who may: a rule over SPIFFE IDs that says why it refuses.

use std::collections::BTreeSet;
use std::fmt;

use crate::{SpiffeId, TrustDomain};

/// A rule that a peer's identity must satisfy. Names are compared as whole path segments, so a rule for `foo` never
/// lets `foo-admin` in.
///
/// ```
/// use catalyst_spiffe::{Authorizer, SpiffeId, TrustDomain};
///
/// let domain: TrustDomain = "catalyst.local".parse()?;
/// let rule = Authorizer::namespace(domain, "shop");
/// let friend: SpiffeId = "spiffe://catalyst.local/ns/shop/sa/orders".parse()?;
/// let stranger: SpiffeId = "spiffe://catalyst.local/ns/shop-admin/sa/orders".parse()?;
/// assert!(rule.authorize(&friend).is_ok());
/// let denied = rule.authorize(&stranger).unwrap_err();
/// assert_eq!(denied.reason(), "expected a workload in namespace shop of catalyst.local");
/// # Ok::<(), catalyst_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Authorizer(Rule);

#[derive(Clone, Debug)]
enum Rule {
    Exact(SpiffeId),
    OneOf(BTreeSet<SpiffeId>),
    Namespace(TrustDomain, Box<str>),
    ServiceAccount(TrustDomain, Box<str>, Box<str>),
    Domain(TrustDomain),
    Under(SpiffeId),
    AnyOf(Vec<Authorizer>),
}

impl Authorizer {
    /// Exactly this identity.
    pub fn exact(id: SpiffeId) -> Self {
        Self(Rule::Exact(id))
    }

    /// One of these identities; with none given, nobody.
    pub fn one_of(ids: impl IntoIterator<Item = SpiffeId>) -> Self {
        Self(Rule::OneOf(ids.into_iter().collect()))
    }

    /// Every workload in a namespace, in the platform's form `/ns/<namespace>/sa/<any>`.
    pub fn namespace(domain: TrustDomain, namespace: impl Into<Box<str>>) -> Self {
        Self(Rule::Namespace(domain, namespace.into()))
    }

    /// One service account, in the platform's form `/ns/<namespace>/sa/<service-account>`.
    pub fn service_account(
        domain: TrustDomain,
        namespace: impl Into<Box<str>>,
        service_account: impl Into<Box<str>>,
    ) -> Self {
        Self(Rule::ServiceAccount(domain, namespace.into(), service_account.into()))
    }

    /// Every workload of a trust domain.
    pub fn trust_domain(domain: TrustDomain) -> Self {
        Self(Rule::Domain(domain))
    }

    /// `root` itself and every identity whose path continues it by whole segments.
    pub fn under(root: SpiffeId) -> Self {
        Self(Rule::Under(root))
    }

    /// Whoever one of `rules` lets in; with none given, nobody.
    pub fn any_of(rules: impl IntoIterator<Item = Self>) -> Self {
        Self(Rule::AnyOf(rules.into_iter().collect()))
    }

    /// Whether `id` may.
    ///
    /// # Errors
    /// [`Denied`] with the reason.
    pub fn authorize(&self, id: &SpiffeId) -> Result<(), Denied> {
        if self.0.allows(id) { Ok(()) } else { Err(Denied { id: id.clone(), reason: self.0.to_string() }) }
    }
}

impl Rule {
    fn allows(&self, id: &SpiffeId) -> bool {
        match self {
            Self::Exact(expected) => id == expected,
            Self::OneOf(expected) => expected.contains(id),
            Self::Domain(domain) => id.trust_domain() == domain,
            Self::Namespace(domain, namespace) => {
                id.trust_domain() == domain && id.workload().is_some_and(|who| *who.namespace == **namespace)
            }
            Self::ServiceAccount(domain, namespace, account) => {
                id.trust_domain() == domain
                    && id
                        .workload()
                        .is_some_and(|who| *who.namespace == **namespace && *who.service_account == **account)
            }
            Self::Under(root) => {
                id.trust_domain() == root.trust_domain()
                    && id
                        .path()
                        .strip_prefix(root.path())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::AnyOf(rules) => rules.iter().any(|rule| rule.0.allows(id)),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(id) => write!(f, "expected {id}"),
            Self::OneOf(ids) => write!(f, "expected one of {} identities", ids.len()),
            Self::Domain(domain) => write!(f, "expected a workload of {domain}"),
            Self::Namespace(domain, namespace) => {
                write!(f, "expected a workload in namespace {namespace} of {domain}")
            }
            Self::ServiceAccount(domain, namespace, account) => {
                write!(f, "expected service account {account} in namespace {namespace} of {domain}")
            }
            Self::Under(root) => write!(f, "expected {root} or an identity below it"),
            Self::AnyOf(rules) => match rules.split_first() {
                None => f.write_str("nobody is allowed"),
                Some((first, rest)) => {
                    write!(f, "{}", first.0)?;
                    rest.iter().take(4).try_for_each(|rule| write!(f, ", or {}", rule.0))?;
                    if rest.len() > 4 { write!(f, ", or {} more rules", rest.len() - 4) } else { Ok(()) }
                }
            },
        }
    }
}

/// A refusal: whom, and what would have been needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    id: SpiffeId,
    reason: String,
}

impl Denied {
    /// Who was refused.
    pub fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// What the rule asks for.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not allowed: {}", self.id, self.reason)
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(text: &str) -> SpiffeId {
        text.parse().unwrap()
    }

    fn domain(name: &str) -> TrustDomain {
        name.parse().unwrap()
    }

    #[test]
    fn each_rule_lets_in_whom_it_names_and_nobody_beside() {
        let a = "spiffe://a.test/ns/foo/sa/api";
        for (rule, no) in [
            (Authorizer::exact(id(a)), ["spiffe://a.test/ns/foo/sa/api2", "spiffe://b.test/ns/foo/sa/api"]),
            (Authorizer::one_of([id(a)]), ["spiffe://a.test/ns/foo/sa/ap", "spiffe://a.test/ns/foo"]),
            (
                Authorizer::namespace(domain("a.test"), "foo"),
                ["spiffe://a.test/ns/foo-admin/sa/api", "spiffe://b.test/ns/foo/sa/api"],
            ),
            (
                Authorizer::service_account(domain("a.test"), "foo", "api"),
                ["spiffe://a.test/ns/foo/sa/api-x", "spiffe://a.test/ns/foo/sa/api/x"],
            ),
            (Authorizer::trust_domain(domain("a.test")), ["spiffe://a.test.b/x", "spiffe://b.test/x"]),
            (
                Authorizer::under(id("spiffe://a.test/ns/foo")),
                ["spiffe://a.test/ns/foo-admin", "spiffe://b.test/ns/foo/x"],
            ),
        ] {
            assert!(rule.authorize(&id(a)).is_ok(), "{rule:?}");
            for stranger in no {
                let denied = rule.authorize(&id(stranger)).unwrap_err();
                assert!(denied.to_string().contains(stranger) && denied.reason().starts_with("expected"));
            }
        }
    }

    #[test]
    fn any_of_needs_one_and_nothing_allows_nobody() {
        let (a, b) = (id("spiffe://a.test/a"), id("spiffe://a.test/b"));
        let rule = Authorizer::any_of([Authorizer::exact(a.clone()), Authorizer::exact(b.clone())]);
        assert!(rule.authorize(&a).is_ok() && rule.authorize(&b).is_ok());
        let denied = rule.authorize(&id("spiffe://a.test/c")).unwrap_err();
        assert_eq!(denied.reason(), "expected spiffe://a.test/a, or expected spiffe://a.test/b");
        assert!(Authorizer::any_of([]).authorize(&a).is_err());
        assert!(Authorizer::one_of([]).authorize(&a).is_err());
    }

    proptest! {
        #[test]
        fn a_longer_name_never_inherits_a_rule(ns in "[a-z0-9-]{1,12}", more in "[a-z0-9.-]{1,6}", sa in "[a-z0-9-]{1,12}") {
            let root = id(&format!("spiffe://a.test/ns/{ns}"));
            let other = id(&format!("spiffe://a.test/ns/{ns}{more}/sa/{sa}"));
            prop_assert!(Authorizer::namespace(domain("a.test"), ns.clone()).authorize(&other).is_err());
            prop_assert!(Authorizer::under(root).authorize(&other).is_err());
            let other = id(&format!("spiffe://a.test/ns/{ns}/sa/{sa}{more}"));
            prop_assert!(Authorizer::service_account(domain("a.test"), ns, sa).authorize(&other).is_err());
        }
    }
}
