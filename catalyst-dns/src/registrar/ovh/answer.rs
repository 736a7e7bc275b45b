//! Answers, read.

use catalyst_core::Result;
use catalyst_core::http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refusal;
use crate::registrar::TaskState;
use crate::registrar::cause::unreadable;
use crate::registrar::format;

/// The most objects of a list that are read one by one.
const MAX_OBJECTS: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct NameServer {
    pub(super) host: String,
    #[serde(default, rename = "toDelete")]
    pub(super) to_delete: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Domain {
    #[serde(default, rename = "nameServerType")]
    pub(super) name_server_type: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct KeyRecord {
    pub(super) algorithm: u8,
    pub(super) flags: u16,
    #[serde(rename = "publicKey")]
    pub(super) public_key: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Task {
    pub(super) id: u64,
    pub(super) status: String,
    #[serde(default)]
    pub(super) comment: Option<String>,
}

impl Task {
    /// How far it is.
    pub(super) fn state(&self, operation: &'static str) -> Result<TaskState> {
        let comment = self.comment.as_deref().unwrap_or_default();
        let failed = |what: &str| {
            let comment = catalyst_core::redact::text(comment, 200);
            TaskState::Failed(if comment.is_empty() { what.to_owned() } else { format!("{what}: {comment}") })
        };
        match self.status.as_str() {
            "todo" | "doing" => Ok(TaskState::Pending),
            "done" => Ok(TaskState::Done),
            "cancelled" => Ok(failed("cancelled")),
            "error" => Ok(failed("error")),
            _ => Err(unreadable(operation, "the state of the task is unknown")),
        }
    }
}

/// The body of a successful answer, or what the refusal means.
pub(super) fn json<T: DeserializeOwned>(operation: &'static str, response: &Response) -> Result<T> {
    accepted(operation, response)?;
    format::json(operation, response.body())
}

/// Whether the answer is a success, whatever stands in it.
pub(super) fn accepted(operation: &'static str, response: &Response) -> Result<()> {
    if response.is_success() { Ok(()) } else { Err(refusal::refusal(operation, response)) }
}

/// The numbers of a list.
pub(super) fn ids(operation: &'static str, response: &Response) -> Result<Vec<u64>> {
    let ids: Vec<u64> = json(operation, response)?;
    if ids.len() > MAX_OBJECTS {
        return Err(unreadable(operation, "the list is longer than any domain's"));
    }
    Ok(ids)
}
