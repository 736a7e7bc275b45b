//! Records that point to hosts: MX and SRV.

use std::fmt;

use catalyst_core::Result;

use super::fields::Fields;
use crate::DomainName;

/// A mail exchanger (RFC 1035 section 3.3.9); `0 .` says that the name takes no mail (RFC 7505).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Mx {
    /// Lower is tried first.
    pub preference: u16,
    /// The host.
    pub exchange: DomainName,
}

impl Mx {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self { preference: fields.parse("the preference")?, exchange: fields.name("the exchange")? })
    }
}

impl fmt::Display for Mx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.preference, self.exchange.as_str())
    }
}

/// Where a service is (RFC 2782); the target `.` says that there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Srv {
    /// Lower is tried first.
    pub priority: u16,
    /// The share among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host.
    pub target: DomainName,
}

impl Srv {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            priority: fields.parse("the priority")?,
            weight: fields.parse("the weight")?,
            port: fields.parse("the port")?,
            target: fields.name("the target")?,
        })
    }
}

impl fmt::Display for Srv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.priority, self.weight, self.port, self.target.as_str())
    }
}
