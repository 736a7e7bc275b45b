//! The client.

use std::sync::Arc;

use crate::Mount;
use crate::api::Api;

/// The settings of the database engine at one mount; made by [`OpenBao::database_admin`](crate::OpenBao::database_admin).
/// Cheap to clone.
///
/// ```no_run
/// use catalyst_openbao::database_admin::{DatabaseConnection, PostgresRole, PostgresTarget};
/// use catalyst_openbao::{OpenBao, Secret};
/// use std::time::Duration;
///
/// # async fn example(bao: OpenBao, first_password: Secret) -> catalyst_openbao::Result<()> {
/// let admin = bao.database_admin("database".parse()?);
/// let (database, role) = ("orders-db".parse()?, "orders-rw".parse()?);
///
/// let address = "postgresql://orders-db:5432/app?sslmode=verify-full";
/// let target = PostgresTarget::new(address, "bao_manager", first_password)?;
/// admin.configure(&database, &DatabaseConnection::new(target).allow_role(&role)).await?;
/// // From here on only the server knows the password of its user.
/// admin.rotate_root(&database).await?;
///
/// let hour = Duration::from_secs(3600);
/// let users = PostgresRole::member_of("app_rw")?.role(&database).default_ttl(hour).max_ttl(24 * hour);
/// let warnings = admin.write_role(&role, &users).await?;
/// assert!(warnings.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DatabaseAdmin {
    pub(super) api: Arc<Api>,
    pub(super) mount: Mount,
}

impl DatabaseAdmin {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }
}

/// The body of a call that says nothing.
#[derive(serde::Serialize)]
pub(super) struct Nothing {}
