//! Users of databases that others replace.

use std::sync::Arc;

use catalyst_core::Result;

use super::Catalyst;
use crate::config::DatabaseConfig;
use crate::sources::KvLogin;

impl Catalyst {
    /// The user in the secret at `path`, followed as `database` says.
    pub(super) fn stored_login(&self, database: &DatabaseConfig, path: &str) -> Result<KvLogin> {
        let mount = database.secret_mount.as_deref().unwrap_or("secret").parse()?;
        let login = KvLogin::new(Arc::new(self.0.bao.kv(mount)), path.parse()?);
        Ok(match database.poll {
            Some(poll) => login.poll(poll),
            None => login,
        })
    }
}
