//! The start of a zone, and the order of its serials.

use std::fmt;

use catalyst_core::Result;

use super::fields::Fields;
use crate::DomainName;

/// The start of a zone (RFC 1035 section 3.3.13).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the fields of the RFC")]
pub struct Soa {
    /// The primary name server.
    pub primary: DomainName,
    /// Whom to write to, with the `@` as a dot.
    pub mailbox: DomainName,
    /// The version of the zone.
    pub serial: Serial,
    /// Seconds between looks of a secondary.
    pub refresh: u32,
    /// Seconds after which a failed look is repeated.
    pub retry: u32,
    /// Seconds after which a secondary that cannot look stops to answer.
    pub expire: u32,
    /// Seconds for which a negative answer may be kept.
    pub minimum: u32,
}

impl Soa {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            primary: fields.name("the primary")?,
            mailbox: fields.name("the mailbox")?,
            serial: Serial(fields.parse("the serial")?),
            refresh: fields.parse("refresh")?,
            retry: fields.parse("retry")?,
            expire: fields.parse("expire")?,
            minimum: fields.parse("minimum")?,
        })
    }
}

impl fmt::Display for Soa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { primary, mailbox, serial, refresh, retry, expire, minimum } = self;
        let (primary, mailbox) = (primary.as_str(), mailbox.as_str());
        write!(f, "{primary} {mailbox} {serial} {refresh} {retry} {expire} {minimum}")
    }
}

/// The version of a zone. It has no total order: it wraps (RFC 1982).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u32);

impl Serial {
    /// Whether it is newer than `other`, with wrapping (RFC 1982 section 3.2).
    pub fn is_newer_than(self, other: Self) -> bool {
        let ahead = self.0.wrapping_sub(other.0);
        ahead != 0 && ahead < 1 << 31
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
