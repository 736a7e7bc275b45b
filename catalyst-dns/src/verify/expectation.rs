//! What every server should answer.

use std::fmt;

use catalyst_core::{Error, ErrorKind, Result};

use crate::query::{AnswerRecord, DnsAnswer, Question, ResponseCode, as_answered};
use crate::{RecordData, RecordKey, RecordSet, RecordType, Serial, ZoneName};

/// What every authoritative server should answer.
///
/// ```
/// use catalyst_dns::verify::Expectation;
/// use catalyst_dns::{RecordData, RecordKey, RecordType};
///
/// // A health-checked name answers with those of its addresses that are up.
/// let key = RecordKey { name: "app.example.org".parse()?, kind: RecordType::A };
/// let candidates = ["192.0.2.1", "192.0.2.2"].map(|text| RecordData::parse(RecordType::A, text));
/// let expected = Expectation::any_of(key, candidates.into_iter().collect::<Result<Vec<_>, _>>()?)?;
/// assert_eq!(expected.to_string(), "app.example.org A is any of 192.0.2.1, 192.0.2.2");
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    key: RecordKey,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// The set, and its records as answers have them.
    Exactly(RecordSet, Vec<RecordData>),
    AnyOf(Vec<RecordData>),
    Contains(Vec<RecordData>),
    Absent,
    Serial(Option<Serial>),
}

impl Expectation {
    /// The set as it is, with its TTL.
    ///
    /// # Errors
    /// `InvalidRequest` with code `not_on_the_wire` for LUA and ALIAS, whose data no client ever sees: what they
    /// answer with goes to [`any_of`](Self::any_of); `unknown_type` for data whose octets are not known.
    pub fn exactly(set: &RecordSet) -> Result<Self> {
        if matches!(set.kind(), RecordType::Lua | RecordType::Alias) {
            return Err(refused(
                &set.key(),
                "not_on_the_wire",
                "servers answer with the addresses that it computes; expect those",
            ));
        }
        let records = set.records().iter().map(as_answered).collect::<Option<Vec<_>>>();
        let Some(mut records) = records else {
            let help = "the octets of this type are not known; expect its data as \\# and hexadecimal digits (RFC 3597)";
            return Err(refused(&set.key(), "unknown_type", help));
        };
        records.sort();
        Ok(Self { key: set.key(), rule: Rule::Exactly(set.clone(), records) })
    }

    /// At least one record, and none but these: what health-checked sets answer, whose TTL is not looked at.
    ///
    /// # Errors
    /// `InvalidRequest` with code `invalid_expectation` for no record, or records of another type.
    pub fn any_of(key: RecordKey, candidates: impl IntoIterator<Item = RecordData>) -> Result<Self> {
        Self::of_records(key, candidates, Rule::AnyOf)
    }

    /// At least these records, maybe more: what is true of a set that others write, too.
    ///
    /// # Errors
    /// `InvalidRequest` with code `invalid_expectation` for no record, or records of another type.
    pub fn contains(key: RecordKey, records: impl IntoIterator<Item = RecordData>) -> Result<Self> {
        Self::of_records(key, records, Rule::Contains)
    }

    /// No such set.
    pub fn absent(key: RecordKey) -> Self {
        Self { key, rule: Rule::Absent }
    }

    /// The zone, with the same serial on each server: `at_least` this one (RFC 1982), or whichever is the newest.
    pub fn serial(zone: &ZoneName, at_least: Option<Serial>) -> Self {
        let key = RecordKey { name: zone.apex().clone(), kind: RecordType::Soa };
        Self { key, rule: Rule::Serial(at_least) }
    }

    fn of_records(
        key: RecordKey,
        records: impl IntoIterator<Item = RecordData>,
        rule: fn(Vec<RecordData>) -> Rule,
    ) -> Result<Self> {
        let mut records: Vec<RecordData> = records.into_iter().take(MAX_RECORDS).collect();
        records.sort();
        records.dedup();
        if records.is_empty() || records.iter().any(|record| record.kind() != key.kind) {
            let help = "at least one record is expected, and all are of the type that is asked for";
            return Err(refused(&key, "invalid_expectation", help));
        }
        Ok(Self { key, rule: rule(records) })
    }

    /// The set that is asked for.
    pub fn key(&self) -> &RecordKey {
        &self.key
    }

    pub(super) fn question(&self) -> Question {
        Question::new(self.key.name.clone(), self.key.kind)
    }

    /// Whether it is about versions of the zone.
    pub(super) fn is_serial(&self) -> bool {
        matches!(self.rule, Rule::Serial(_))
    }

    /// The oldest version that is good enough.
    pub(super) fn at_least(&self) -> Option<Serial> {
        match self.rule {
            Rule::Serial(at_least) => at_least,
            _ => None,
        }
    }

    /// The records of the answer that count: those at the name, of the type, and a CNAME that stands in their place.
    pub(super) fn relevant(&self, answer: &DnsAnswer) -> Vec<AnswerRecord> {
        let here = |record: &&AnswerRecord| {
            record.name == self.key.name && [self.key.kind, RecordType::Cname].contains(&record.data.kind())
        };
        let mut records: Vec<AnswerRecord> = answer.answers.iter().filter(here).cloned().collect();
        records.sort_by(|one, other| one.data.cmp(&other.data));
        records.dedup();
        records
    }

    /// Whether these records are what is expected. Serials are compared among servers, not here.
    pub(super) fn met_by(&self, code: ResponseCode, served: &[AnswerRecord]) -> bool {
        if !matches!(code, ResponseCode::NoError | ResponseCode::NxDomain) {
            return false;
        }
        let has = |wanted: &RecordData| served.iter().any(|record| record.data == *wanted);
        match &self.rule {
            Rule::Exactly(set, records) => {
                served.len() == records.len()
                    && served.iter().all(|record| record.ttl == set.ttl())
                    && records.iter().all(has)
            }
            Rule::AnyOf(candidates) => {
                !served.is_empty() && served.iter().all(|record| candidates.contains(&record.data))
            }
            Rule::Contains(records) => records.iter().all(has),
            Rule::Absent => served.is_empty(),
            Rule::Serial(_) => !served.is_empty(),
        }
    }
}

/// The most records that are compared; a set has no more.
const MAX_RECORDS: usize = 1000;

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecordKey { name, kind } = &self.key;
        match &self.rule {
            Rule::Exactly(set, _) => set.fmt(f),
            Rule::AnyOf(records) => write!(f, "{name} {kind} is any of {}", List(records)),
            Rule::Contains(records) => write!(f, "{name} {kind} has {}", List(records)),
            Rule::Absent => write!(f, "{name} {kind} is not there"),
            Rule::Serial(None) => write!(f, "{name} has one serial"),
            Rule::Serial(Some(serial)) => write!(f, "{name} has serial {serial} or newer"),
        }
    }
}

struct List<'a>(&'a [RecordData]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, record) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{record}")?;
        }
        Ok(())
    }
}

fn refused(key: &RecordKey, code: &'static str, help: &str) -> Error {
    Error::new(ErrorKind::InvalidRequest, "expect an answer")
        .with_code(code)
        .with_target(key.to_string())
        .with_help(help)
}
