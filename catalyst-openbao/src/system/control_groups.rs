//! Control groups: requests that somebody else must approve.

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::System;
use crate::operation::Subject;

/// How a request stands that waits for approval. The one who asked holds a wrapping token, which
/// [`OpenBao::unwrap`](crate::OpenBao::unwrap) opens once it is approved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControlGroupRequest {
    /// Whether enough have approved.
    pub approved: bool,
    /// What was asked for.
    pub path: String,
    /// What was to be done with it: `read`, `update`.
    pub operation: String,
    /// Who asked.
    pub requester: Approver,
    /// Who has approved.
    pub approvals: Vec<Approver>,
}

/// Somebody the server knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approver {
    /// The entity.
    pub entity_id: String,
    /// Its name.
    pub entity_name: String,
}

impl System {
    /// How the request of this wrapping accessor stands. `POST sys/control-group/request`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `request_not_found` if it has ended, was opened, or never was.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn control_group_request(&self, accessor: &str) -> Result<ControlGroupRequest> {
        let path = ["sys/control-group/request"];
        let call = self.api.at(Subject::System, "read control group request", &path);
        let wire: RequestWire = call.exchange(&Accessor { accessor }).await?;
        Ok(ControlGroupRequest {
            approved: wire.approved,
            path: wire.request_path,
            operation: wire.request_operation,
            requester: Approver { entity_id: wire.request_entity.id, entity_name: wire.request_entity.name },
            approvals: wire.authorizations.unwrap_or_default().into_iter().map(Approver::from).collect(),
        })
    }

    /// Approves the request of this wrapping accessor, and tells whether that was enough.
    /// `POST sys/control-group/authorize`, repeated after passing faults: a repetition that finds it done says
    /// `already_approved`.
    ///
    /// # Errors
    /// Codes `request_not_found` and `already_approved`.
    ///
    /// # Cancel safety
    /// It may or may not be approved.
    pub async fn approve(&self, accessor: &str) -> Result<bool> {
        let path = ["sys/control-group/authorize"];
        let call = self.api.at(Subject::System, "approve control group request", &path);
        Ok(call.exchange::<Approved>(&Accessor { accessor }).await?.approved)
    }
}

#[derive(Serialize)]
struct Accessor<'a> {
    accessor: &'a str,
}

#[derive(Deserialize)]
struct Approved {
    #[serde(default)]
    approved: bool,
}

#[derive(Deserialize)]
struct RequestWire {
    #[serde(default)]
    approved: bool,
    #[serde(default)]
    request_path: String,
    #[serde(default)]
    request_operation: String,
    #[serde(default)]
    request_entity: EntityWire,
    #[serde(default)]
    authorizations: Option<Vec<ApprovalWire>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EntityWire {
    #[serde(rename = "ID")]
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct ApprovalWire {
    #[serde(default)]
    entity_id: String,
    #[serde(default)]
    entity_name: String,
}

impl From<ApprovalWire> for Approver {
    fn from(wire: ApprovalWire) -> Self {
        Self { entity_id: wire.entity_id, entity_name: wire.entity_name }
    }
}
