//! One entry of a PATCH, read out of its document.

use serde_json::Value;

use super::document::{boolean, flag, integer, string};
use super::{Comment, Refusal, StoredRecord, names};
use crate::{DomainName, RecordType};

/// What is to become of a record set. The contents of records are as they were sent.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) name: DomainName,
    pub(crate) kind: RecordType,
    pub(crate) what: What,
}

/// The change itself. What could not be read is told when its turn comes.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Delete,
    /// `None` leaves what is there.
    Replace {
        records: Option<Gathered>,
        comments: Option<Result<Vec<Comment>, Refusal>>,
    },
    Extend(Gathered),
    Prune(Gathered),
    /// A change that no version knows, in capitals.
    Unknown(String),
}

/// A TTL and records, or why they cannot be read.
pub(crate) type Gathered = Result<(u32, Vec<StoredRecord>), Refusal>;

impl Edit {
    /// # Errors
    /// If it cannot be said what is to change.
    pub(crate) fn read(document: &Value, now: u32) -> Result<Self, Refusal> {
        let change = string(document, "changetype")?.to_uppercase();
        let name = names::owner(string(document, "name")?)?;
        let text = string(document, "type")?;
        let kind = names::kind(text).ok_or_else(|| {
            let name = name.as_str();
            Refusal::unprocessable(format!("RRset {name} IN {text}: unknown type given"))
        })?;
        let what = match change.as_str() {
            "DELETE" => What::Delete,
            "REPLACE" => What::Replace {
                records: document["records"].is_array().then(|| gather(document)),
                comments: document["comments"].is_array().then(|| comments(document, now)),
            },
            "EXTEND" => What::Extend(exactly_one(document)),
            "PRUNE" => What::Prune(exactly_one(document)),
            _ => What::Unknown(change),
        };
        Ok(Self { name, kind, what })
    }

    /// As the server writes the change.
    pub(super) fn changetype(&self) -> &str {
        match &self.what {
            What::Delete => "DELETE",
            What::Replace { .. } => "REPLACE",
            What::Extend(_) => "EXTEND",
            What::Prune(_) => "PRUNE",
            What::Unknown(change) => change,
        }
    }
}

fn gather(document: &Value) -> Gathered {
    let ttl = integer(document, "ttl")?;
    let records: Result<Vec<StoredRecord>, Refusal> =
        document["records"].as_array().into_iter().flatten().map(record).collect();
    Ok((ttl, records?))
}

fn record(document: &Value) -> Result<StoredRecord, Refusal> {
    let content = string(document, "content")?.to_owned();
    let disabled = match &document["disabled"] {
        Value::Null => false,
        value => flag(value).map_or_else(|| boolean(document, "disabled"), Ok)?,
    };
    Ok(StoredRecord { content, disabled })
}

fn exactly_one(document: &Value) -> Gathered {
    if !document["records"].is_array() {
        return Err(Refusal::unprocessable("No record provided for PRUNE or EXTEND operation"));
    }
    let gathered = gather(document)?;
    if gathered.1.len() == 1 {
        Ok(gathered)
    } else {
        Err(Refusal::unprocessable("Exactly one record should be provided for PRUNE or EXTEND operation"))
    }
}

pub(super) fn comments(document: &Value, now: u32) -> Result<Vec<Comment>, Refusal> {
    let read = |comment: &Value| {
        Ok(Comment {
            modified_at: integer(comment, "modified_at").unwrap_or(now),
            content: string(comment, "content")?.to_owned(),
            account: string(comment, "account")?.to_owned(),
        })
    };
    document["comments"].as_array().into_iter().flatten().map(read).collect()
}
