//! What is asked and what is answered, in our own types.

use std::fmt;

use catalyst_core::Result;

use crate::{DomainName, RecordData, RecordType, Serial, Ttl};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Question {
    pub(crate) name: DomainName,
    pub(crate) kind: RecordType,
    pub(crate) recursive: bool,
    pub(crate) dnssec: bool,
}

impl Question {
    /// What `name` has of type `kind`, of the server's own knowledge.
    pub fn new(name: DomainName, kind: RecordType) -> Self {
        Self { name, kind, recursive: false, dnssec: false }
    }

    /// Asks a resolver to find out.
    pub fn recursive(self) -> Self {
        Self { recursive: true, ..self }
    }

    /// Wants signatures (the DO bit, RFC 3225).
    pub fn with_signatures(self) -> Self {
        Self { dnssec: true, ..self }
    }

    /// The name that is asked for.
    pub fn name(&self) -> &DomainName {
        &self.name
    }

    /// The type that is asked for.
    pub fn kind(&self) -> RecordType {
        self.kind
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

/// The response code of an answer (RFC 1035 section 4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseCode {
    /// There is an answer, maybe an empty one.
    NoError,
    /// The server does not understand the question.
    FormErr,
    /// The server failed.
    ServFail,
    /// There is no such name.
    NxDomain,
    /// The server does not do that.
    NotImp,
    /// The server refuses: it does not serve the zone, or not us.
    Refused,
    /// Another one.
    Other(u16),
}

/// One record of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "this is all that a record is")]
pub struct AnswerRecord {
    /// The owner.
    pub name: DomainName,
    /// How long it may be kept.
    pub ttl: Ttl,
    /// The data; signatures are data of another type.
    pub data: RecordData,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DnsAnswer {
    /// How it went.
    pub code: ResponseCode,
    /// Whether the server serves the zone itself (the AA bit).
    pub authoritative: bool,
    /// Whether the server has validated the answer (the AD bit).
    pub authentic: bool,
    /// The records that were asked for, with what led to them.
    pub answers: Vec<AnswerRecord>,
    /// The servers of the zone, or its SOA.
    pub authority: Vec<AnswerRecord>,
    /// What helps: addresses of name servers.
    pub additional: Vec<AnswerRecord>,
    /// The message as it came, over which signatures are verified; empty for an answer that never was one.
    pub(crate) wire: Vec<u8>,
}

impl DnsAnswer {
    /// An empty answer with this code.
    pub fn empty(code: ResponseCode) -> Self {
        let (answers, authority, additional) = (Vec::new(), Vec::new(), Vec::new());
        let (authoritative, authentic, wire) = (false, false, Vec::new());
        Self { code, authoritative, authentic, answers, authority, additional, wire }
    }

    /// Reads an answer as it stands on the wire, whoever asked and whatever for: a recorded one.
    ///
    /// ```
    /// use catalyst_dns::query::DnsAnswer;
    ///
    /// assert!(DnsAnswer::from_wire(b"no message").is_err());
    /// ```
    ///
    /// # Errors
    /// `Decode` with code `invalid_answer` for what is no answer.
    pub fn from_wire(message: &[u8]) -> Result<Self> {
        super::message::convert(&super::message::parse(message)?, message)
    }

    /// The data of the given type in the answer section.
    pub fn data(&self, kind: RecordType) -> impl Iterator<Item = &RecordData> {
        self.answers.iter().map(|record| &record.data).filter(move |data| data.kind() == kind)
    }

    /// The serial of the SOA in the answer, if there is one.
    pub fn serial(&self) -> Option<Serial> {
        self.answers.iter().find_map(|record| match &record.data {
            RecordData::Soa(soa) => Some(soa.serial),
            _ => None,
        })
    }
}
