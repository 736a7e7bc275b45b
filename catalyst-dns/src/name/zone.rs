//! The name of a zone.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, Result};

use super::DomainName;
use super::domain::refused;

/// The name of a zone: a [`DomainName`] that is neither the root nor a wildcard.
///
/// ```
/// use catalyst_dns::ZoneName;
///
/// let zone: ZoneName = "omani.works".parse()?;
/// let name = zone.child("www")?;
/// assert!(zone.contains(&name));
/// assert_eq!(zone.relative(&name).as_deref(), Some("www"));
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(DomainName);

impl ZoneName {
    /// The apex: the zone's own name as an owner of records.
    pub fn apex(&self) -> &DomainName {
        &self.0
    }

    /// The name as servers write it, with the final dot.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether `name` is the apex or lies below it. A zone below this one may own it all the same.
    pub fn contains(&self, name: &DomainName) -> bool {
        name.is_within(&self.0)
    }

    /// The name `relative` below the apex; `"@"` is the apex.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is no name, or becomes too long.
    pub fn child(&self, relative: &str) -> Result<DomainName> {
        self.0.child(relative)
    }

    /// `name` as a zone file of this zone writes it: `"www"`, `"@"`; `None` if it is elsewhere.
    pub fn relative(&self, name: &DomainName) -> Option<String> {
        if !self.contains(name) {
            return None;
        }
        let head = name.as_str().strip_suffix(self.as_str())?;
        Some(head.strip_suffix('.').map_or_else(|| "@".to_owned(), str::to_owned))
    }
}

impl TryFrom<DomainName> for ZoneName {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for the root and for a wildcard.
    fn try_from(name: DomainName) -> Result<Self> {
        if name.is_root() || name.is_wildcard() {
            return Err(refused(name.as_str(), "a zone is neither the root nor a wildcard"));
        }
        Ok(Self(name))
    }
}

impl FromStr for ZoneName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse::<DomainName>()?.try_into()
    }
}

impl TryFrom<&str> for ZoneName {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl From<ZoneName> for DomainName {
    fn from(zone: ZoneName) -> Self {
        zone.0
    }
}

impl AsRef<DomainName> for ZoneName {
    fn as_ref(&self) -> &DomainName {
        &self.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZoneName({})", self.0.as_str())
    }
}
