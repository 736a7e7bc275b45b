//! SPIFFE IDs, parsed once and compared as values.
//!
//! Source: the SPIFFE-ID standard, section 2. Only the canonical form is accepted (lower-case scheme and trust
//! domain, no trailing slash), so two equal identities are always equal values.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

const SCHEME: &str = "spiffe://";
const MAX_DOMAIN: usize = 255;
const MAX_ID: usize = 2048;

/// The name of a trust domain, such as `catalyst.local`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrustDomain(Arc<str>);

/// The name of a workload: a trust domain and a path. Cheap to clone.
///
/// ```
/// use catalyst_spiffe::SpiffeId;
///
/// let id: SpiffeId = "spiffe://catalyst.local/ns/shop/sa/orders".parse()?;
/// assert_eq!(id.trust_domain().as_str(), "catalyst.local");
/// let workload = id.workload().ok_or("not the platform's form")?;
/// assert_eq!((workload.namespace, workload.service_account), ("shop", "orders"));
/// assert!("spiffe://catalyst.local/ns/../sa/x".parse::<SpiffeId>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpiffeId {
    domain: TrustDomain,
    path: Arc<str>,
}

/// The platform's form of a path: `/ns/<namespace>/sa/<service-account>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Workload<'a> {
    /// The Kubernetes namespace.
    pub namespace: &'a str,
    /// The Kubernetes service account.
    pub service_account: &'a str,
}

impl TrustDomain {
    /// The name without the scheme.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SpiffeId {
    /// The ID of a workload in the platform's form, `spiffe://<domain>/ns/<namespace>/sa/<service_account>`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a name is not one valid path segment, or the whole is too long.
    pub fn workload_id(domain: &TrustDomain, namespace: &str, service_account: &str) -> Result<Self> {
        let text = format!("{domain}/ns/{namespace}/sa/{service_account}");
        check_segment(namespace).and(check_segment(service_account)).map_err(|fault| fault.error(&text))?;
        Self::from_parts(domain, &format!("/ns/{namespace}/sa/{service_account}"))
    }

    /// The ID of `path` in `domain`; the path is empty or starts with a slash.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the path is not valid.
    pub fn from_parts(domain: &TrustDomain, path: &str) -> Result<Self> {
        check_path(path)
            .and_then(|()| check_length(SCHEME.len() + domain.0.len() + path.len()))
            .map_err(|fault| fault.error(path))?;
        Ok(Self { domain: domain.clone(), path: path.into() })
    }

    /// Where the identity was issued.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// The path with its leading slash; empty for the ID of the trust domain itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Namespace and service account, if the path has exactly the platform's form.
    pub fn workload(&self) -> Option<Workload<'_>> {
        let (namespace, service_account) = self.path.strip_prefix("/ns/")?.split_once("/sa/")?;
        let single = !namespace.contains('/') && !service_account.contains('/');
        single.then_some(Workload { namespace, service_account })
    }

    /// Parses without an error value that allocates; for identities that a peer presents.
    pub(crate) fn parse(text: &str) -> Result<Self, IdFault> {
        check_length(text.len())?;
        let rest = text.strip_prefix(SCHEME).ok_or(IdFault::Scheme)?;
        let (domain, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        check_domain(domain)?;
        check_path(path)?;
        Ok(Self { domain: TrustDomain(domain.into()), path: path.into() })
    }
}

/// The rule that a text breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdFault {
    Scheme,
    TooLong,
    Domain,
    DomainLength,
    DomainHasPath,
    Segment,
    EmptySegment,
    DotSegment,
}

impl fmt::Display for IdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "it must start with spiffe:// in lower case",
            Self::TooLong => "it is longer than 2048 bytes",
            Self::Domain => "the trust domain may hold only a-z, 0-9, '.', '-' and '_'",
            Self::DomainLength => "the trust domain must have 1 to 255 bytes",
            Self::DomainHasPath => "a trust domain has no path",
            Self::Segment => "the path may hold only a-z, A-Z, 0-9, '.', '-' and '_' between slashes",
            Self::EmptySegment => "the path has an empty segment or a slash at its end",
            Self::DotSegment => "the path has a segment '.' or '..'",
        })
    }
}

impl IdFault {
    pub(crate) fn error(self, text: &str) -> Error {
        Error::new(ErrorKind::Config, "parse SPIFFE ID")
            .with_code("bad_spiffe_id")
            .with_target(catalyst_core::redact::text(text, 128))
            .with_help(self.to_string())
    }
}

fn check_length(bytes: usize) -> Result<(), IdFault> {
    if bytes > MAX_ID { Err(IdFault::TooLong) } else { Ok(()) }
}

fn check_domain(domain: &str) -> Result<(), IdFault> {
    let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'.' | b'-' | b'_');
    if domain.is_empty() || domain.len() > MAX_DOMAIN {
        Err(IdFault::DomainLength)
    } else if domain.bytes().all(allowed) {
        Ok(())
    } else {
        Err(IdFault::Domain)
    }
}

fn check_path(path: &str) -> Result<(), IdFault> {
    match path.strip_prefix('/') {
        None if path.is_empty() => Ok(()),
        None => Err(IdFault::Segment),
        Some(rest) => rest.split('/').try_for_each(check_segment),
    }
}

pub(crate) fn check_segment(segment: &str) -> Result<(), IdFault> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
    match segment {
        "" => Err(IdFault::EmptySegment),
        "." | ".." => Err(IdFault::DotSegment),
        _ if segment.bytes().all(allowed) => Ok(()),
        _ => Err(IdFault::Segment),
    }
}

impl FromStr for SpiffeId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text).map_err(|fault| fault.error(text))
    }
}

impl FromStr for TrustDomain {
    type Err = Error;

    /// Accepts the name, or the name behind `spiffe://`.
    fn from_str(text: &str) -> Result<Self> {
        let name = text.strip_prefix(SCHEME).unwrap_or(text);
        let checked = if name.contains('/') { Err(IdFault::DomainHasPath) } else { check_domain(name) };
        checked.map_err(|fault| fault.error(text))?;
        Ok(Self(name.into()))
    }
}

impl TryFrom<&str> for SpiffeId {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<&str> for TrustDomain {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}{}", self.domain, self.path)
    }
}

impl fmt::Debug for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustDomain({self})")
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpiffeId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_broken_rule_is_named() {
        for (text, fault) in [
            ("", IdFault::Scheme),
            ("Spiffe://a.test/x", IdFault::Scheme),
            ("https://a.test/x", IdFault::Scheme),
            ("spiffe:///x", IdFault::DomainLength),
            ("spiffe://A.test/x", IdFault::Domain),
            ("spiffe://a.test:80/x", IdFault::Domain),
            ("spiffe://user@a.test/x", IdFault::Domain),
            ("spiffe://a.test/", IdFault::EmptySegment),
            ("spiffe://a.test/x/", IdFault::EmptySegment),
            ("spiffe://a.test//x", IdFault::EmptySegment),
            ("spiffe://a.test/x/../y", IdFault::DotSegment),
            ("spiffe://a.test/./y", IdFault::DotSegment),
            ("spiffe://a.test/x%2Fy", IdFault::Segment),
            ("spiffe://a.test/x?q=1", IdFault::Segment),
            ("spiffe://a.test/x#f", IdFault::Segment),
            ("spiffe://a.test/ä", IdFault::Segment),
        ] {
            assert_eq!(SpiffeId::parse(text), Err(fault), "{text}");
        }
        let long = format!("spiffe://{}/x", "a".repeat(256));
        assert_eq!(SpiffeId::parse(&long), Err(IdFault::DomainLength));
        let long = format!("spiffe://a.test/{}", "x".repeat(2048));
        assert_eq!(SpiffeId::parse(&long), Err(IdFault::TooLong));
    }

    #[test]
    fn the_error_says_which_text_and_which_rule() {
        let error = "spiffe://a.test/x/".parse::<SpiffeId>().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, Some("bad_spiffe_id")));
        assert!(error.to_string().contains("spiffe://a.test/x/") && error.to_string().contains("slash"));
    }

    #[test]
    fn only_the_exact_form_is_a_workload() {
        for other in ["/ns/a", "/ns/a/sa", "/ns/a/sa/b/c", "/ns/a/b/sa/c", "/x/ns/a/sa/b", "/ns/a/SA/b", ""] {
            let id: SpiffeId = format!("spiffe://a.test{other}").parse().unwrap();
            assert_eq!(id.workload(), None, "{other}");
        }
        let id: SpiffeId = "spiffe://a.test/ns/sa/sa/ns".parse().unwrap();
        assert_eq!(id.workload().map(|w| (w.namespace, w.service_account)), Some(("sa", "ns")));
    }

    #[test]
    fn a_trust_domain_is_given_by_name_or_by_its_id() {
        let name: TrustDomain = "catalyst.local".parse().unwrap();
        assert_eq!("spiffe://catalyst.local".parse::<TrustDomain>().unwrap(), name);
        assert!("spiffe://catalyst.local/x".parse::<TrustDomain>().is_err());
        assert!("".parse::<TrustDomain>().is_err());
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused_without_panic(text in ".{0,80}") {
            drop(text.parse::<SpiffeId>());
            drop(text.parse::<TrustDomain>());
        }

        #[test]
        fn what_parses_prints_as_it_was(domain in "[a-z0-9._-]{1,40}", path in "(/[a-zA-Z0-9_-]{1,12}){0,6}") {
            let text = format!("spiffe://{domain}{path}");
            let id: SpiffeId = text.parse().unwrap();
            prop_assert_eq!(id.to_string(), text);
            prop_assert_eq!(SpiffeId::from_parts(id.trust_domain(), &path).unwrap(), id);
        }

        #[test]
        fn nothing_outside_the_alphabet_is_accepted(before in "[a-z/]{0,10}", odd in "[^a-zA-Z0-9._/-]") {
            let text = format!("spiffe://a.test/x{before}{odd}y");
            prop_assert!(text.parse::<SpiffeId>().is_err());
        }

        #[test]
        fn a_workload_id_gives_its_names_back(ns in "[a-z0-9-]{1,30}", sa in "[a-z0-9-]{1,30}") {
            let domain: TrustDomain = "catalyst.local".parse().unwrap();
            let id = SpiffeId::workload_id(&domain, &ns, &sa).unwrap();
            let workload = id.workload().unwrap();
            prop_assert_eq!((workload.namespace, workload.service_account), (&*ns, &*sa));
        }

        #[test]
        fn a_name_with_a_slash_is_no_segment(ns in "[a-z]{1,5}/[a-z]{0,5}") {
            let domain: TrustDomain = "catalyst.local".parse().unwrap();
            prop_assert!(SpiffeId::workload_id(&domain, &ns, "x").is_err());
        }
    }
}
