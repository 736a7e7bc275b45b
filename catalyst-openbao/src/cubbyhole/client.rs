//! The client.

use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};

use crate::api::Api;
use crate::ask::Ask;
use crate::data::Exposed;
use crate::operation::Subject;
use crate::refusal::SERVICE;
use crate::{SecretData, SecretPath};

const WRITE: &str = "write to the cubbyhole";

/// What the session's token keeps for itself; made by [`OpenBao::cubbyhole`](crate::OpenBao::cubbyhole). Cheap to clone.
///
/// Nobody else can read it, root tokens included, and it ends with the token. So it does when the client logs in anew:
/// what is here is to be short-lived and easily made again. Batch tokens have none.
///
/// Errors common to all: codes `unsupported_by_token` (a batch token), `permission_denied`, `sealed` and the others of
/// the crate. Everything here is repeated after passing faults.
///
/// ```
/// use catalyst_openbao::mock::MockOpenBao;
/// use catalyst_openbao::SecretData;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let cubbyhole = MockOpenBao::new().client()?.cubbyhole();
/// let path = "handover".parse()?;
/// cubbyhole.write(&path, &SecretData::from([("password", "hunter2")])).await?;
/// assert_eq!(cubbyhole.read(&path).await?.get("password").map(|text| text.expose()), Some("hunter2"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cubbyhole {
    api: Arc<Api>,
}

impl Cubbyhole {
    pub(crate) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    fn at<'a>(&'a self, operation: &'static str, path: &'a [&'a str]) -> Ask<'a> {
        self.api.at(Subject::Cubbyhole, operation, path)
    }

    /// What is kept at `path` (`GET cubbyhole/<path>`).
    ///
    /// # Errors
    /// Code `secret_not_found`.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn read(&self, path: &SecretPath) -> Result<SecretData> {
        self.at("read from the cubbyhole", &["cubbyhole/", path.escaped()]).read().await
    }

    /// Keeps exactly these values at `path`, in the place of what was there (`POST cubbyhole/<path>`).
    ///
    /// # Errors
    /// Code `invalid_request` if there is no value.
    ///
    /// # Cancel safety
    /// It may or may not have been written; call it again.
    pub async fn write(&self, path: &SecretPath, data: &SecretData) -> Result<()> {
        if data.is_empty() {
            return Err(Error::new(ErrorKind::InvalidRequest, WRITE)
                .with_service(SERVICE)
                .with_code("invalid_request")
                .with_help("there is nothing to keep; to remove what is there, delete it"));
        }
        self.at(WRITE, &["cubbyhole/", path.escaped()]).write(&Exposed(data)).await
    }

    /// The names directly below `prefix`, or all on top; folders end in `/` (`LIST cubbyhole/<prefix>`). Nothing there is
    /// an empty list.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list(&self, prefix: Option<&SecretPath>) -> Result<Vec<String>> {
        let path = ["cubbyhole/", prefix.map_or("", SecretPath::escaped)];
        self.at("list the cubbyhole", &path).list().await
    }

    /// Removes what is kept at `path` (`DELETE cubbyhole/<path>`). What is not there is a success.
    ///
    /// # Errors
    /// Those common to all.
    ///
    /// # Cancel safety
    /// It may or may not have been removed; call it again.
    pub async fn delete(&self, path: &SecretPath) -> Result<()> {
        self.at("delete from the cubbyhole", &["cubbyhole/", path.escaped()]).delete().await
    }
}
