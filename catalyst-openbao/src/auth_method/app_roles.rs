//! The `approle` method.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use serde::{Deserialize, Serialize};

use super::{AppRole, SecretId, SecretIdRequest, SecretIdStatus};
use crate::api::Api;
use crate::operation::{Operation, Subject};
use crate::settings::{list, texts, whole_seconds};
use crate::transport::Call;
use crate::wire::{Exposed, MaybeTime, Seconds};
use crate::{Mount, RoleName, WrappedSecret};

/// The `approle` login method at one mount; made by [`OpenBao::app_roles`](crate::OpenBao::app_roles). Cheap to clone.
///
/// ```
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::auth_method::{AppRole, SecretIdRequest};
/// use std::time::Duration;
///
/// # async fn example(bao: &OpenBao) -> catalyst_openbao::Result<()> {
/// let (roles, orders) = (bao.app_roles("approle".parse()?), "orders".parse()?);
/// roles.write_role(&orders, &AppRole::new().secret_id_num_uses(1)).await?;
/// let role_id = roles.role_id(&orders).await?;
/// let handed_over =
///     roles.generate_wrapped_secret_id(&orders, &SecretIdRequest::new(), Duration::from_secs(60)).await?;
/// println!("{:?} and {handed_over:?}", role_id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AppRoles {
    api: Arc<Api>,
    mount: Mount,
}

super::roles!(
    AppRoles,
    AppRole,
    "/role",
    "`auth/:mount/role/:name`",
    ["write approle", "read approle", "list approles", "delete approle"]
);

impl AppRoles {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    /// The identifier of a role, which a login shows beside its secret. `GET auth/:mount/role/:name/role-id`, repeated
    /// after passing faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn role_id(&self, role: &RoleName) -> Result<String> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/role-id"];
        let found = self.api.at(Subject::AuthMethod, READ_ROLE_ID, &path).read_maybe::<RoleId>().await?;
        found.map(|wire| wire.role_id).ok_or_else(|| unknown_role(READ_ROLE_ID, role))
    }

    /// Sets the identifier of a role to one that was chosen. `POST auth/:mount/role/:name/role-id`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn set_role_id(&self, role: &RoleName, role_id: &str) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/role-id"];
        self.api.at(Subject::AuthMethod, "set role id", &path).write(&RoleIdBody { role_id }).await
    }

    /// Makes a secret identifier. Not repeated once its outcome is unknown; one left behind ends with its term.
    /// `POST auth/:mount/role/:name/secret-id`.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// A secret identifier may be left behind.
    pub async fn generate_secret_id(&self, role: &RoleName, request: &SecretIdRequest) -> Result<SecretId> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id"];
        let body = SecretIdBody::new(request)?;
        let call = self.api.at(Subject::AuthMethod, GENERATE, &path).once();
        Ok(call.exchange::<SecretIdWire>(&body).await?.into())
    }

    /// Makes a secret identifier that nobody sees but the one who unwraps it, within `wrap_ttl` (whole seconds, at
    /// least one): the way to hand it to a machine. Not repeated once its outcome is unknown.
    /// `POST auth/:mount/role/:name/secret-id`, wrapped.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// A secret identifier may be left behind.
    pub async fn generate_wrapped_secret_id(
        &self,
        role: &RoleName,
        request: &SecretIdRequest,
        wrap_ttl: Duration,
    ) -> Result<WrappedSecret> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id"];
        let body = SecretIdBody::new(request)?;
        let body = |request: Request| request.json(&body);
        let operation = Operation::Of(Subject::AuthMethod, GENERATE);
        let call = Call::new(operation, Method::Post, &path).body(&body).wrapped(wrap_ttl).once();
        WrappedSecret::read(&self.api.send(&call).await?, &self.api.transport)
    }

    /// The accessors of all secret identifiers of a role. `LIST auth/:mount/role/:name/secret-id`, repeated after
    /// passing faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn secret_id_accessors(&self, role: &RoleName) -> Result<Vec<String>> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id"];
        self.api.at(Subject::AuthMethod, "list secret ids", &path).list().await
    }

    /// What is known of a secret identifier, or none if it has ended or never was.
    /// `POST auth/:mount/role/:name/secret-id/lookup`, repeated after passing faults; it does not use it up.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn look_up_secret_id(
        &self,
        role: &RoleName,
        secret: &Secret,
    ) -> Result<Option<SecretIdStatus>> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id/lookup"];
        let call = self.api.at(Subject::AuthMethod, "look up secret id", &path);
        let found = call.exchange_maybe::<StatusWire>(&Named { secret_id: Exposed(secret) }).await?;
        Ok(found.map(SecretIdStatus::from))
    }

    /// The same by the accessor. `POST auth/:mount/role/:name/secret-id-accessor/lookup`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn look_up_accessor(&self, role: &RoleName, accessor: &str) -> Result<Option<SecretIdStatus>> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id-accessor/lookup"];
        let call = self.api.at(Subject::AuthMethod, "look up secret id accessor", &path);
        match call.exchange::<StatusWire>(&Accessor { secret_id_accessor: accessor }).await {
            // The server's own words stand in a member of another name.
            Err(error) if error.status() == Some(404) && error.server_message().is_none() => Ok(None),
            found => Ok(Some(found?.into())),
        }
    }

    /// Ends a secret identifier; the tokens that it made live on. One that has ended is a success.
    /// `POST auth/:mount/role/:name/secret-id/destroy`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It may or may not have ended; call it again.
    pub async fn destroy_secret_id(&self, role: &RoleName, secret: &Secret) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id/destroy"];
        let call = self.api.at(Subject::AuthMethod, "destroy secret id", &path);
        call.write(&Named { secret_id: Exposed(secret) }).await
    }

    /// Ends the secret identifier of this accessor. One that has ended is a success.
    /// `POST auth/:mount/role/:name/secret-id-accessor/destroy`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_role` if there is no such role.
    ///
    /// # Cancel safety
    /// It may or may not have ended; call it again.
    pub async fn destroy_accessor(&self, role: &RoleName, accessor: &str) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/role/", role.escaped(), "/secret-id-accessor/destroy"];
        let call = self.api.at(Subject::AuthMethod, "destroy secret id accessor", &path);
        match call.write(&Accessor { secret_id_accessor: accessor }).await {
            Err(error) if error.code() != Some("secret_id_not_found") => Err(error),
            _ => Ok(()),
        }
    }

    /// Has the server look for secret identifiers that have ended and are still kept, which it also does by itself.
    /// `POST auth/:mount/tidy/secret-id`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have begun.
    pub async fn tidy_secret_ids(&self) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/tidy/secret-id"];
        self.api.at(Subject::AuthMethod, "tidy secret ids", &path).write(&Nothing {}).await
    }
}

const READ_ROLE_ID: &str = "read role id";
const GENERATE: &str = "generate secret id";

fn unknown_role(operation: &'static str, role: &RoleName) -> Error {
    Error::new(ErrorKind::NotFound, operation)
        .with_service(crate::refusal::SERVICE)
        .with_code("unknown_role")
        .with_target(role.as_str())
        .with_help("create the role, or correct its name")
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct RoleId {
    role_id: String,
}

#[derive(Serialize)]
struct RoleIdBody<'a> {
    role_id: &'a str,
}

#[derive(Serialize)]
struct Named<'a> {
    secret_id: Exposed<'a>,
}

#[derive(Serialize)]
struct Accessor<'a> {
    secret_id_accessor: &'a str,
}

#[derive(Serialize)]
struct SecretIdBody<'a> {
    /// The server wants an object as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_uses: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cidr_list: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    token_bound_cidrs: &'a [String],
}

impl<'a> SecretIdBody<'a> {
    fn new(request: &'a SecretIdRequest) -> Result<Self> {
        let text = serde_json::to_string(&request.metadata)
            .map_err(|error| Error::new(ErrorKind::InvalidRequest, GENERATE).with_source(error))?;
        let metadata = (!request.metadata.is_empty()).then_some(text);
        Ok(Self {
            metadata,
            ttl: request.ttl.map(whole_seconds),
            num_uses: request.num_uses,
            cidr_list: &request.cidrs,
            token_bound_cidrs: &request.token_cidrs,
        })
    }
}

#[derive(Deserialize)]
struct SecretIdWire {
    #[serde(rename = "secret_id")]
    secret: Secret,
    #[serde(rename = "secret_id_accessor")]
    accessor: String,
    #[serde(default, rename = "secret_id_ttl")]
    ttl: Seconds,
    #[serde(default, rename = "secret_id_num_uses")]
    num_uses: u64,
}

impl From<SecretIdWire> for SecretId {
    fn from(wire: SecretIdWire) -> Self {
        Self {
            secret: wire.secret,
            accessor: wire.accessor,
            ttl: Some(wire.ttl.0).filter(|ttl| !ttl.is_zero()),
            num_uses: Some(wire.num_uses).filter(|&uses| uses > 0),
        }
    }
}

#[derive(Deserialize)]
struct StatusWire {
    #[serde(default)]
    secret_id_accessor: String,
    #[serde(default)]
    secret_id_ttl: Seconds,
    #[serde(default)]
    secret_id_num_uses: u64,
    #[serde(default)]
    creation_time: MaybeTime,
    #[serde(default)]
    expiration_time: MaybeTime,
    #[serde(default, deserialize_with = "texts")]
    metadata: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "list")]
    cidr_list: Vec<String>,
}

impl From<StatusWire> for SecretIdStatus {
    fn from(wire: StatusWire) -> Self {
        Self {
            accessor: wire.secret_id_accessor,
            ttl: Some(wire.secret_id_ttl.0).filter(|ttl| !ttl.is_zero()),
            uses_left: Some(wire.secret_id_num_uses).filter(|&uses| uses > 0),
            created_at: wire.creation_time.0,
            // One that never ends is said to end in the year 1.
            expires_at: wire.expiration_time.0.filter(|end| *end > std::time::SystemTime::UNIX_EPOCH),
            metadata: wire.metadata,
            cidrs: wire.cidr_list,
        }
    }
}
