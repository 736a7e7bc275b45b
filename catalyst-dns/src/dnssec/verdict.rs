//! What a validator finds.

use std::fmt;
use std::net::SocketAddr;
use std::time::SystemTime;

use catalyst_core::Error;

use crate::{DomainName, Ds, RecordType, ZoneName};

/// What a validator makes of a server's answers (RFC 4033 section 5).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The chain holds, until the first of its signatures ends.
    Secure {
        /// When that is.
        until: SystemTime,
    },
    /// The parent has no DS with algorithms that are computed here: the zone counts as unsigned.
    Insecure,
    /// The chain is broken: validators refuse the zone.
    Bogus(Bogus),
    /// The server did not answer for the zone.
    Unanswered(Error),
}

/// Where a chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bogus {
    /// The parent has a DS, and the zone no DNSKEY.
    NoKey,
    /// No DNSKEY of the zone has the digest of a DS of the parent.
    NoMatchingKey,
    /// The set is not signed by a key of the chain.
    NoSignature(RecordType),
    /// A signature of the set does not fit to its data.
    BadSignature(RecordType),
    /// The signature of the set has ended.
    Expired(RecordType),
    /// The signature of the set begins in the future: a clock is wrong.
    NotYetValid(RecordType),
}

impl fmt::Display for Bogus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => f.write_str("the parent has a DS, but the zone has no DNSKEY"),
            Self::NoMatchingKey => f.write_str("no DNSKEY of the zone fits to a DS of the parent"),
            Self::NoSignature(kind) => write!(f, "{kind} is not signed by a key of the chain"),
            Self::BadSignature(kind) => write!(f, "the signature of {kind} does not fit to its data"),
            Self::Expired(kind) => write!(f, "the signature of {kind} has ended"),
            Self::NotYetValid(kind) => write!(f, "the signature of {kind} begins in the future"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secure { .. } => f.write_str("secure"),
            Self::Insecure => f.write_str("insecure: the parent has no DS that can be followed"),
            Self::Bogus(reason) => write!(f, "bogus: {reason}"),
            Self::Unanswered(error) => write!(f, "no answer: {error}"),
        }
    }
}

/// What was found on every server of a zone. `Display` writes a line for each, for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "a validation that nobody looks at validates nothing"]
pub struct Validation {
    /// The zone.
    pub zone: ZoneName,
    /// What the parent has.
    pub ds: Vec<Ds>,
    /// The verdict on each address of each server.
    pub servers: Vec<(DomainName, SocketAddr, Verdict)>,
}

impl Validation {
    /// Whether the chain holds on every server.
    pub fn is_secure(&self) -> bool {
        let secure = |verdict: &Verdict| matches!(verdict, Verdict::Secure { .. });
        !self.servers.is_empty() && self.servers.iter().all(|(.., verdict)| secure(verdict))
    }

    /// Whether the chain is broken on any server: some resolvers fail some of the time.
    pub fn is_bogus(&self) -> bool {
        self.servers.iter().any(|(.., verdict)| matches!(verdict, Verdict::Bogus(_)))
    }

    /// When the first signature ends, if the chain holds everywhere.
    pub fn secure_until(&self) -> Option<SystemTime> {
        let until = |verdict: &Verdict| match verdict {
            Verdict::Secure { until } => Some(*until),
            _ => None,
        };
        let all: Option<Vec<SystemTime>> = self.servers.iter().map(|(.., verdict)| until(verdict)).collect();
        all?.into_iter().min()
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.zone)?;
        self.ds.iter().try_for_each(|ds| write!(f, "\n  parent has DS {ds}"))?;
        self.servers
            .iter()
            .try_for_each(|(server, address, verdict)| write!(f, "\n  {server} ({address}) {verdict}"))
    }
}
