//! A domain as a registrar sold it, and its name servers.

use std::collections::BTreeSet;
use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};

use crate::DomainName;

/// A domain that can be registered: a public suffix and one label, as the public suffix list has it.
///
/// ```
/// use catalyst_dns::registrar::RegisteredDomain;
///
/// let domain: RegisteredDomain = "example.co.uk".parse()?;
/// assert_eq!((domain.label(), domain.suffix()), ("example", "co.uk"));
/// assert!("www.example.co.uk".parse::<RegisteredDomain>().is_err());
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegisteredDomain {
    name: DomainName,
    label: usize,
}

impl RegisteredDomain {
    /// The domain as a name.
    pub fn name(&self) -> &DomainName {
        &self.name
    }

    /// The domain without the final dot, in A-labels.
    pub fn as_str(&self) -> &str {
        self.name.without_dot()
    }

    /// The label before the public suffix.
    pub fn label(&self) -> &str {
        &self.as_str()[..self.label]
    }

    /// The public suffix.
    pub fn suffix(&self) -> &str {
        &self.as_str()[self.label + 1..]
    }
}

impl TryFrom<DomainName> for RegisteredDomain {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::Config`] with code `not_a_registered_domain`.
    fn try_from(name: DomainName) -> Result<Self> {
        let text = name.without_dot();
        let registered = psl::domain_str(text).filter(|domain| *domain == text);
        let suffix = registered.and_then(psl::suffix_str);
        let label = suffix.and_then(|suffix| text.len().checked_sub(suffix.len() + 1));
        match label {
            Some(label) => Ok(Self { name, label }),
            None => Err(Error::new(ErrorKind::Config, "read a registered domain")
                .with_code("not_a_registered_domain")
                .with_target(name.as_str())
                .with_help("a registered domain is a public suffix and one label before it")),
        }
    }
}

impl std::str::FromStr for RegisteredDomain {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse::<DomainName>()?.try_into()
    }
}

impl fmt::Display for RegisteredDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl fmt::Debug for RegisteredDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisteredDomain({})", self.as_str())
    }
}

/// The name servers of a domain: 2 to 13 names, as a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameServers(BTreeSet<DomainName>);

impl NameServers {
    /// These servers.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with code `invalid_nameservers` unless they are 2 to 13 names of hosts.
    pub fn new(servers: impl IntoIterator<Item = DomainName>) -> Result<Self> {
        let servers: BTreeSet<_> = servers.into_iter().take(100).collect();
        let hosts = servers.iter().all(|name| name.labels().count() >= 2 && !name.is_wildcard());
        if !(2..=13).contains(&servers.len()) || !hosts {
            return Err(Error::new(ErrorKind::Config, "read name servers")
                .with_code("invalid_nameservers")
                .with_help("a domain has 2 to 13 different name servers, each the name of a host"));
        }
        Ok(Self(servers))
    }

    /// As a registrar told them, however many there are.
    pub(crate) fn from_registrar(servers: impl IntoIterator<Item = DomainName>) -> Self {
        Self(servers.into_iter().take(100).collect())
    }

    /// The servers, in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = &DomainName> {
        self.0.iter()
    }

    /// Whether `server` is one of them.
    pub fn contains(&self, server: &DomainName) -> bool {
        self.0.contains(server)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none, as a registrar may answer.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for NameServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{server}")?;
        }
        Ok(())
    }
}
