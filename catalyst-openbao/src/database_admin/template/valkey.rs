//! Valkey and Redis.

use catalyst_core::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::database_admin::{ConnectionName, DatabaseRole, Dialect};

/// What the commands of the cluster client need.
const CLUSTER: [&str; 4] = ["+cluster|slots", "+cluster|shards", "+cluster|nodes", "+readonly"];

/// Users of Valkey that may touch some keys, and run what applications run on them.
///
/// Unless said otherwise they may read and write, connect and make transactions, and nothing that is dangerous or for
/// administrators; no channel. Without any statement the server would let them read all keys. Dropping a user ends its
/// open connections at once.
///
/// ```
/// use catalyst_openbao::database_admin::{Dialect, ValkeyRole};
///
/// let role = ValkeyRole::on_keys(["orders:*"])?.channel("orders:*")?.role(&"orders-cache".parse()?);
/// assert!(role.lint(Dialect::Valkey).is_empty());
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ValkeyRole {
    keys: Vec<String>,
    channels: Vec<String>,
    categories: Vec<String>,
    more: Vec<String>,
}

impl ValkeyRole {
    /// Users that may touch the keys of these patterns.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if one is empty, or has space in it.
    pub fn on_keys(patterns: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let keys = patterns.into_iter().map(|pattern| checked(pattern.into())).collect::<Result<Vec<_>>>()?;
        let categories = ["read", "write", "connection", "transaction"].map(str::to_owned).into();
        Ok(Self { keys, channels: Vec::new(), categories, more: Vec::new() })
    }

    /// They may publish and subscribe to the channels of this pattern.
    ///
    /// # Errors
    /// As [`ValkeyRole::on_keys`].
    pub fn channel(mut self, pattern: impl Into<String>) -> Result<Self> {
        self.channels.push(checked(pattern.into())?);
        Ok(self)
    }

    /// These categories of commands instead of the usual ones, without `@`: `read`, `connection`.
    ///
    /// # Errors
    /// As [`ValkeyRole::on_keys`].
    pub fn categories(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        self.categories = names.into_iter().map(|name| checked(name.into())).collect::<Result<Vec<_>>>()?;
        Ok(self)
    }

    /// One command more, such as `scan` or `config|get`.
    ///
    /// # Errors
    /// As [`ValkeyRole::on_keys`].
    pub fn command(mut self, name: impl Into<String>) -> Result<Self> {
        self.more.push(format!("+{}", checked(name.into())?));
        Ok(self)
    }

    /// What the clients of a cluster ask about it.
    pub fn in_cluster(mut self) -> Self {
        self.more.extend(CLUSTER.map(str::to_owned));
        self
    }

    /// The role, with the rules.
    pub fn role(&self, connection: &ConnectionName) -> DatabaseRole {
        let mut rules = vec!["resetchannels".to_owned()];
        rules.extend(self.keys.iter().map(|pattern| format!("~{pattern}")));
        rules.extend(self.channels.iter().map(|pattern| format!("&{pattern}")));
        rules.extend(self.categories.iter().map(|name| format!("+@{name}")));
        if !self.channels.is_empty() {
            rules.push("+@pubsub".to_owned());
        }
        rules.push("-@dangerous".to_owned());
        rules.extend(self.more.iter().cloned());
        DatabaseRole::new(connection.clone())
            .dialect(Dialect::Valkey)
            .creation_statements([Value::from(rules).to_string()])
    }
}

fn checked(text: String) -> Result<String> {
    if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::new(ErrorKind::Config, "make database role")
            .with_help("a pattern, a category or a command of Valkey is not empty and has no space in it"));
    }
    Ok(text)
}
