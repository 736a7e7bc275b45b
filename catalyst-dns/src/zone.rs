//! Zones as the server has them.

use std::net::SocketAddr;

use crate::{DomainName, Serial, ZoneName};

/// How a zone comes to its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ZoneKind {
    /// The database is shared, or there is one server: nothing is transferred.
    Native,
    /// This server tells the others (NOTIFY, AXFR).
    Primary,
    /// This server transfers the zone from another one; it cannot be written here.
    Secondary,
}

/// How the serial moves with each change by the API; any other word stops it (measured).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SoaEditApi {
    /// Today's date and a counter.
    #[default]
    Default,
    /// By one.
    Increase,
    /// Seconds since 1970.
    Epoch,
    /// What `SOA-EDIT` says.
    SoaEdit,
    /// What `SOA-EDIT` says, and by one if that does not move it.
    SoaEditIncrease,
}

/// A zone, without its records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Zone {
    /// Its name.
    pub name: ZoneName,
    /// How it comes to its data.
    pub kind: ZoneKind,
    /// The serial in the database.
    pub serial: Serial,
    /// The serial that is served, which differs when the zone is signed.
    pub edited_serial: Serial,
    /// Whether it is signed.
    pub dnssec: bool,
    /// How the serial moves; `None` is a word that PowerDNS does not know, and then it does not move.
    pub soa_edit_api: Option<SoaEditApi>,
    /// Whether each change by the API rectifies the zone.
    pub api_rectify: bool,
    /// NSEC3 parameters, as the server writes them; empty for NSEC.
    pub nsec3param: String,
    /// The account that the server notes.
    pub account: String,
    /// The primaries of a secondary.
    pub primaries: Vec<SocketAddr>,
}

impl Zone {
    /// What is wrong with how the serial moves, if anything is: with a word that PowerDNS does not know, or with none,
    /// changes by the API do not move it, and secondaries and caches of transfers do not notice them.
    pub fn serial_warning(&self) -> Option<&'static str> {
        let stands = self.soa_edit_api.is_none() && self.kind != ZoneKind::Secondary;
        stands.then_some(
            "SOA-EDIT-API is empty or a word that PowerDNS does not know (INCEPTION-EPOCH is none), so the serial stands \
             still; set it with ZoneUpdate::soa_edit_api",
        )
    }
}

/// A zone that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ZoneSpec {
    pub(crate) name: ZoneName,
    pub(crate) kind: ZoneKind,
    pub(crate) nameservers: Vec<DomainName>,
    pub(crate) dnssec: bool,
    pub(crate) soa_edit_api: SoaEditApi,
    pub(crate) primaries: Vec<SocketAddr>,
}

impl ZoneSpec {
    /// A native, unsigned zone with these name servers, whose serial moves by one with each change.
    pub fn new(name: ZoneName, nameservers: impl IntoIterator<Item = DomainName>) -> Self {
        let nameservers = nameservers.into_iter().collect();
        let (kind, soa_edit_api) = (ZoneKind::Native, SoaEditApi::Increase);
        Self { name, kind, nameservers, dnssec: false, soa_edit_api, primaries: Vec::new() }
    }

    /// How it comes to its data.
    pub fn kind(mut self, kind: ZoneKind) -> Self {
        self.kind = kind;
        self
    }

    /// Signed from the beginning, with the server's default key (algorithm 13).
    pub fn signed(mut self) -> Self {
        self.dnssec = true;
        self
    }

    /// How the serial moves.
    pub fn soa_edit_api(mut self, how: SoaEditApi) -> Self {
        self.soa_edit_api = how;
        self
    }

    /// Where a secondary transfers from.
    pub fn primaries(mut self, primaries: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.primaries = primaries.into_iter().collect();
        self
    }
}

/// What a write did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Requests that were sent; more than one only when the changes did not fit into one body.
    pub requests: u32,
    /// Changes that were made.
    pub changes: usize,
    /// Bytes of the bodies.
    pub bytes: u64,
    /// The serial of the zone right after the write, as the server has it in its database; `None` if it does not say, or
    /// nothing was written.
    pub serial: Option<Serial>,
}

#[cfg(any(test, feature = "testing"))]
impl Applied {
    /// So many changes in one request.
    pub(crate) fn one(changes: usize) -> Self {
        Self { requests: 1, changes, ..Self::default() }
    }
}
