//! Databases that this crate has no type for.

use std::collections::BTreeMap;
use std::fmt;

use catalyst_core::{Result, Secret};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::system::PluginName;
use crate::wire::Exposed;

/// A database by the name of its plugin, with the settings that the plugin asks for.
///
/// ```
/// use catalyst_openbao::Secret;
/// use catalyst_openbao::database_admin::OtherTarget;
///
/// let target = OtherTarget::new("cassandra-database-plugin".parse()?)
///     .setting("hosts", "cassandra")
///     .setting("protocol_version", 4)
///     .setting("username", "bao_manager")
///     .secret_setting("password", Secret::new("first"));
/// # let _ = target;
/// # Ok::<(), catalyst_openbao::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct OtherTarget {
    /// The plugin.
    pub plugin: PluginName,
    settings: BTreeMap<String, Value>,
    secrets: BTreeMap<String, Secret>,
}

impl OtherTarget {
    /// Nothing set yet.
    pub fn new(plugin: PluginName) -> Self {
        Self { plugin, settings: BTreeMap::new(), secrets: BTreeMap::new() }
    }

    /// Sets what the plugin calls `name`.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// The same for a password. The server keeps only a `password` to itself; what has another name can be read by
    /// whoever may read the connection.
    #[must_use]
    pub fn secret_setting(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.secrets.insert(name.into(), value);
        self
    }
}

impl Serialize for OtherTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.settings.len() + self.secrets.len()))?;
        for (name, value) in &self.settings {
            map.serialize_entry(name, value)?;
        }
        for (name, secret) in &self.secrets {
            map.serialize_entry(name, &Exposed(secret))?;
        }
        map.end()
    }
}

impl fmt::Debug for OtherTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtherTarget").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}
