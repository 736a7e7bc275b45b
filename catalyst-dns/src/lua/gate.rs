//! What a server cannot do with a record, and what it does otherwise than one may expect.

use std::fmt;
use std::time::Duration;

use catalyst_core::{Error, ErrorKind, Result};

use super::rule::{Checked, IfUp, Rule};
use super::shape::By;
use super::{Lua, Selector};
use crate::{Capabilities, DomainName, Version};

/// What a server does otherwise than one may expect of a record. `Display` says what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LuaWarning {
    /// Answers of a wildcard owner are kept in the packet cache: one client gets the answer for another, and a failed
    /// address stays for `cache-ttl`.
    WildcardOwner,
    /// `pickclosest` without a database of places.
    NoGeoDatabase,
    /// `pickclosest` sees where the resolver is, not the client.
    NoClientSubnet,
    /// The check ends before its failures are counted, when nobody asks meanwhile.
    OutlivesExpiry {
        /// How long the failures take: interval × failures.
        needed: Duration,
        /// How long a check lives without a question.
        expires: Duration,
    },
    /// The server reads an option and ignores it.
    OptionIgnored {
        /// As PowerDNS writes it.
        option: &'static str,
        /// The first version that has it.
        since: Version,
    },
    /// The server checks only at multiples of its own interval.
    IntervalRounded {
        /// The interval that comes of it.
        interval: Duration,
    },
    /// The standby answers too before the first check and when everything is down, and it is not checked while the
    /// primary is up.
    StandbyAnswersUnchecked,
    /// No answer, or none with an address, when nothing is known to be up.
    FailsClosed,
}

impl fmt::Display for LuaWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WildcardOwner => f.write_str(
                "answers of a wildcard are kept in the packet cache and serve other clients; name the host, or set \
                 cache-ttl=0",
            ),
            Self::NoGeoDatabase => f.write_str(
                "the server has no GeoIP database, so the closest address is a guess; set geoip-database-files",
            ),
            Self::NoClientSubnet => f.write_str(
                "the server does not read the client's subnet, so the place of the resolver counts; set \
                 edns-subnet-processing=yes",
            ),
            Self::OutlivesExpiry { needed, expires } => write!(
                f,
                "an address is down after {} s of failures, but its check ends after {} s without a question; raise \
                 lua-health-checks-expire-delay or lower the interval",
                needed.as_secs(),
                expires.as_secs()
            ),
            Self::OptionIgnored { option, since } => {
                write!(f, "this server ignores {option}, which is of {since}")
            }
            Self::IntervalRounded { interval } => write!(
                f,
                "this server checks at multiples of lua-health-checks-interval: every {} s",
                interval.as_secs()
            ),
            Self::StandbyAnswersUnchecked => f.write_str(
                "before the first check and when all is down, this server also answers with the standby; use failover",
            ),
            Self::FailsClosed => {
                f.write_str("there is no address in the answer when nothing is known to be up, as after a restart")
            }
        }
    }
}

impl Lua {
    /// What a server with these `capabilities` makes of this record at `owner`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the record would never answer or could not be written, with the code
    /// `lua_records_off`, `lua_updates_off`, or `lua_version` for a function or an option that the server does not
    /// have and that cannot be ignored.
    pub fn check(&self, capabilities: &Capabilities, owner: &DomainName) -> Result<Vec<LuaWarning>> {
        self.refuse(capabilities).map_err(|error| error.with_target(format!("{owner} LUA")))?;
        let mut warnings = Vec::new();
        if owner.is_wildcard() {
            warnings.push(LuaWarning::WildcardOwner);
        }
        if self.is_geographic() && !capabilities.geoip {
            warnings.push(LuaWarning::NoGeoDatabase);
        }
        if self.is_geographic() && !capabilities.edns_client_subnet {
            warnings.push(LuaWarning::NoClientSubnet);
        }
        self.warn_of_options(capabilities, &mut warnings);
        self.warn_of_last_resort(capabilities, &mut warnings);
        Ok(warnings)
    }

    fn refuse(&self, capabilities: &Capabilities) -> Result<()> {
        if !capabilities.lua_records {
            return Err(unable(
                "lua_records_off",
                "the server does not answer LUA records: set enable-lua-records=yes",
            ));
        }
        if !capabilities.lua_record_updates {
            let help = "the API refuses to write LUA records (the default from 5.1): set enable-lua-record-updates=yes";
            return Err(unable("lua_updates_off", help));
        }
        let options = self.check_options();
        let needs = [
            (matches!(self.0, Rule::PickSelfWeighted { .. }), Version(5, 0, 0), "pickselfweighted"),
            (self.has_sets_of_ports(), Version(4, 8, 0), "priority sets of ifportup"),
            (
                options.is_some_and(|own| !own.headers.is_empty()),
                Version(5, 1, 0),
                "headers of a health check",
            ),
            // To ignore it would take every address for down.
            (
                options.is_some_and(|own| own.http_code.is_some_and(|code| code != 200)),
                Version(5, 0, 0),
                "httpcode",
            ),
        ];
        match needs.into_iter().find(|(needed, since, _)| *needed && capabilities.version < *since) {
            Some((_, since, what)) => {
                let help = format!("{what} needs PowerDNS {since}, this is {}", capabilities.version);
                Err(unable("lua_version", help))
            }
            None => Ok(()),
        }
    }

    fn warn_of_options(&self, capabilities: &Capabilities, warnings: &mut Vec<LuaWarning>) {
        let Some(own) = self.check_options() else { return };
        let five = Version(5, 0, 0);
        let set = [
            (own.interval.is_some(), "interval", five),
            (own.minimum_failures > 1, "minimumFailures", five),
            (own.fail_on_incomplete, "failOnIncompleteCheck", five),
            (own.http_code.is_some(), "httpcode", five),
            (own.bytes_limit.is_some(), "byteslimit", Version(4, 8, 0)),
        ];
        let ignored = set.into_iter().filter(|(set, _, since)| *set && capabilities.version < *since);
        warnings.extend(ignored.map(|(_, option, since)| LuaWarning::OptionIgnored { option, since }));
        let check = own.effective(capabilities);
        let asked = own.interval.filter(|_| capabilities.lua_check_options()).map(u64::from);
        if asked.is_some_and(|asked| Duration::from_secs(asked) != check.interval) {
            warnings.push(LuaWarning::IntervalRounded { interval: check.interval });
        }
        let needed = check.interval.saturating_mul(check.failures);
        let expires = Duration::from_secs(capabilities.health_check_expire_delay.into());
        if needed > expires {
            warnings.push(LuaWarning::OutlivesExpiry { needed, expires });
        }
    }

    fn warn_of_last_resort(&self, capabilities: &Capabilities, warnings: &mut Vec<LuaWarning>) {
        let incomplete = self.check_options().is_some_and(|own| own.fail_on_incomplete);
        let closed = match &self.0 {
            Rule::IfUp(IfUp { backup: Selector::Empty, .. }) => {
                let since = Version(5, 1, 0);
                if capabilities.version < since {
                    warnings.push(LuaWarning::OptionIgnored { option: "backupSelector=empty", since });
                }
                capabilities.version >= since
            }
            Rule::PickSelfWeighted { .. } => true,
            _ => incomplete && capabilities.lua_check_options(),
        };
        if closed {
            warnings.push(LuaWarning::FailsClosed);
        }
        let sets = match &self.0 {
            Rule::IfUp(IfUp { checked: Checked::Same(_, addresses), .. }) => addresses.sets().len(),
            Rule::IfUp(IfUp { checked: Checked::Each(urls, _), .. }) => urls.sets().len(),
            _ => 1,
        };
        if sets > 1 && capabilities.version < Version(5, 1, 0) {
            warnings.push(LuaWarning::StandbyAnswersUnchecked);
        }
    }

    fn is_geographic(&self) -> bool {
        match &self.0 {
            Rule::IfUp(IfUp { selector, backup, .. }) => {
                *selector == Selector::PickClosest || *backup == Selector::PickClosest
            }
            Rule::Failover { selector, .. } | Rule::Pick { selector, .. } => {
                *selector == Selector::PickClosest
            }
            _ => false,
        }
    }

    fn has_sets_of_ports(&self) -> bool {
        match &self.0 {
            Rule::IfUp(IfUp { checked: Checked::Same(check, addresses), .. }) => {
                By::of(check.probe()) == By::Port && addresses.sets().len() > 1
            }
            _ => false,
        }
    }
}

fn unable(code: &'static str, help: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, "check a LUA record").with_code(code).with_help(help)
}
