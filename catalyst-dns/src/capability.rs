//! What the server can do.

use std::fmt;

/// A version of PowerDNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// Reads `4.7.3`, `5.0.0-rc1`, `5.1.4-alpha`; `None` if there are no two numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.splitn(3, '.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse::<u16>().ok()
        });
        Some(Self(numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What the server can do, as its version and its configuration tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of the server that is on or off")]
pub struct Capabilities {
    /// The version.
    pub version: Version,
    /// Whether LUA records are answered (`enable-lua-records`).
    pub lua_records: bool,
    /// Whether the API writes LUA records (`enable-lua-record-updates`, from 5.1, where the default is no).
    pub lua_record_updates: bool,
    /// Whether databases of places are there (`geoip-database-files`), without which `pickclosest` and `country` guess.
    pub geoip: bool,
    /// Whether the client's subnet is read (`edns-subnet-processing`), without which the resolver's place counts.
    pub edns_client_subnet: bool,
    /// Whether a back end keeps keys (`*-dnssec`).
    pub dnssec: bool,
    /// Seconds between health checks where a record does not say (`lua-health-checks-interval`).
    pub health_check_interval: u32,
    /// Seconds without a query after which a health check stops (`lua-health-checks-expire-delay`).
    pub health_check_expire_delay: u32,
    /// Whether strings of a LUA record are joined with a space (`lua-records-insert-whitespace`).
    pub lua_insert_whitespace: bool,
}

impl Capabilities {
    /// Whether a record set can be extended and pruned (4.9.12, 5.0.2).
    pub fn extend_and_prune(&self) -> bool {
        let Version(major, minor, _) = self.version;
        match (major, minor) {
            (0..=3, _) | (4, 0..=8) => false,
            (4, _) => self.version >= Version(4, 9, 12),
            _ => self.version >= Version(5, 0, 2),
        }
    }

    /// Whether a record sets its own `interval` and `minimumFailures` (5.0); before, they are read and ignored.
    pub fn lua_check_options(&self) -> bool {
        self.version >= Version(5, 0, 0)
    }
}
