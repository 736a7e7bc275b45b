//! Record sets: all data of one type at one name.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};

use super::{RecordData, RecordType, Ttl};
use crate::DomainName;

/// The most records of one set.
const MAX_RECORDS: usize = 1000;

/// All records of one type at one name, with their TTL (RFC 2181 section 5): what is read, compared and written as one.
///
/// The records are kept in one order and without repetition, so that sets that mean the same are equal.
///
/// ```
/// use catalyst_dns::{RecordData, RecordSet, RecordType, Ttl};
///
/// let addresses = ["192.0.2.2", "192.0.2.1"].map(|text| RecordData::parse(RecordType::A, text));
/// let addresses = addresses.into_iter().collect::<Result<Vec<_>, _>>()?;
/// let set = RecordSet::new("www.example.org".parse()?, Ttl::MINUTE, addresses)?;
/// assert_eq!(set.to_string(), "www.example.org 60 A 192.0.2.1, 192.0.2.2");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecordSet {
    name: DomainName,
    kind: RecordType,
    ttl: Ttl,
    records: Vec<RecordData>,
    disabled: Vec<RecordData>,
}

impl RecordSet {
    /// A set of these records.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with code `invalid_record`, naming the set: no record, records of two types, the
    /// same record twice, two records of a type of which only one may stand at a name, over 1,000 records.
    pub fn new(name: DomainName, ttl: Ttl, records: impl IntoIterator<Item = RecordData>) -> Result<Self> {
        let mut records: Vec<RecordData> = records.into_iter().take(MAX_RECORDS + 1).collect();
        records.sort_unstable();
        let Some(kind) = records.first().map(RecordData::kind) else {
            return Err(refused(&name, "", "a set has at least one record; leave it out to have none"));
        };
        let fault = if records.len() > MAX_RECORDS {
            Some("a set has at most 1,000 records")
        } else if records.iter().any(|record| record.kind() != kind) {
            Some("the records of a set have one type")
        } else if records.windows(2).any(|pair| pair[0] == pair[1]) {
            Some("the same record stands there twice")
        } else if kind.is_singleton() && records.len() > 1 {
            Some("only one record of this type may stand at a name")
        } else {
            super::check::fault(&name, &records)
        };
        match fault {
            Some(fault) => Err(refused(&name, kind.as_str(), fault)),
            None => Ok(Self { name, kind, ttl, records, disabled: Vec::new() }),
        }
    }

    /// A set as a server holds it, whatever is in it.
    pub(crate) fn from_server(
        name: DomainName,
        kind: RecordType,
        ttl: Ttl,
        mut records: Vec<RecordData>,
        mut disabled: Vec<RecordData>,
    ) -> Self {
        records.sort_unstable();
        disabled.sort_unstable();
        Self { name, kind, ttl, records, disabled }
    }

    /// The owner.
    pub fn name(&self) -> &DomainName {
        &self.name
    }

    /// The type of its records.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// How long an answer may be kept.
    pub fn ttl(&self) -> Ttl {
        self.ttl
    }

    /// The records, in canonical order.
    pub fn records(&self) -> &[RecordData] {
        &self.records
    }

    /// Records that the server keeps and does not serve; only in sets that were read.
    pub fn disabled(&self) -> &[RecordData] {
        &self.disabled
    }

    /// What the set is known by.
    pub fn key(&self) -> RecordKey {
        RecordKey { name: self.name.clone(), kind: self.kind }
    }

    /// The same set with another TTL.
    #[must_use]
    pub fn with_ttl(self, ttl: Ttl) -> Self {
        Self { ttl, ..self }
    }
}

impl fmt::Display for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.name, self.ttl, self.kind)?;
        for (index, record) in self.records.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{record}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordSet({self})")
    }
}

/// What a record set is known by within its zone: its name and its type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs, reason = "this is all there is")]
pub struct RecordKey {
    /// The owner.
    pub name: DomainName,
    /// The type.
    pub kind: RecordType,
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)
    }
}

fn refused(name: &DomainName, kind: &str, fault: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, "read a record set")
        .with_code("invalid_record")
        .with_target(format!("{} {kind}", name.as_str()).trim_end())
        .with_help(fault)
}
