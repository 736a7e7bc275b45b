//! Plugins: what engines and login methods the server knows.

use catalyst_core::Result;
use serde::{Deserialize, Serialize};

use super::{PluginName, System};
use crate::Mount;
use crate::operation::Subject;
use crate::settings::{maybe_text, setters};

/// What a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PluginKind {
    /// A login method.
    Auth,
    /// A database of the database engine.
    Database,
    /// An engine.
    Secret,
}

/// A plugin in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// What it is. Not told when one is read by its name.
    #[serde(default, rename = "type")]
    pub kind: Option<PluginKind>,
    /// Whether it is part of the server.
    #[serde(default)]
    pub builtin: bool,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// Whether the server will go on having it: `supported`, `deprecated` and so on.
    #[serde(default, deserialize_with = "maybe_text")]
    pub deprecation_status: Option<String>,
    /// The program, below the folder of plugins.
    #[serde(default, deserialize_with = "maybe_text")]
    pub command: Option<String>,
    /// Its SHA-256, in hex.
    #[serde(default, deserialize_with = "maybe_text")]
    pub sha256: Option<String>,
    /// Whether it is declared in the configuration of the server.
    #[serde(default)]
    pub declarative: bool,
}

/// A program to register as a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PluginProgram {
    /// The program, below the folder of plugins.
    pub command: String,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// Its version: `v1.0.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

impl PluginProgram {
    /// The program of this name with this SHA-256, in hex.
    pub fn new(command: impl Into<String>, sha256: impl Into<String>) -> Self {
        Self { command: command.into(), sha256: sha256.into(), version: None, args: Vec::new() }
    }

    setters! {
        /// Its version: `v1.0.0`.
        version: text String;
        /// Its arguments.
        args: list String;
    }
}

impl PluginKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Database => "database",
            Self::Secret => "secret",
        }
    }
}

impl System {
    /// All plugins. `GET sys/plugins/catalog`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn plugins(&self) -> Result<Vec<PluginInfo>> {
        let path = ["sys/plugins/catalog"];
        let wire: Catalogue = self.api.at(Subject::System, "list plugins", &path).read().await?;
        Ok(wire.detailed)
    }

    /// A plugin, or none if there is none. `GET sys/plugins/catalog/:type/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn plugin(&self, kind: PluginKind, name: &PluginName) -> Result<Option<PluginInfo>> {
        let path = ["sys/plugins/catalog/", kind.as_str(), "/", name.escaped()];
        self.api.at(Subject::System, "read plugin", &path).read_maybe().await
    }

    /// Registers a program that lies in the server's folder of plugins. `POST sys/plugins/catalog/:type/:name`,
    /// repeated after passing faults.
    ///
    /// # Errors
    /// Code `no_plugin_directory` if the server's configuration names no such folder.
    ///
    /// # Cancel safety
    /// It may or may not be registered.
    pub async fn register_plugin(
        &self,
        kind: PluginKind,
        name: &PluginName,
        program: &PluginProgram,
    ) -> Result<()> {
        let path = ["sys/plugins/catalog/", kind.as_str(), "/", name.escaped()];
        self.api.at(Subject::System, "register plugin", &path).write(program).await
    }

    /// Takes a plugin out of the catalogue; what is mounted goes on until it is loaded anew. None there is a success.
    /// `DELETE sys/plugins/catalog/:type/:name`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be gone; call it again.
    pub async fn deregister_plugin(&self, kind: PluginKind, name: &PluginName) -> Result<()> {
        let path = ["sys/plugins/catalog/", kind.as_str(), "/", name.escaped()];
        self.api.at(Subject::System, "deregister plugin", &path).delete().await
    }

    /// Loads a plugin anew wherever it is mounted, on the node that answers. `POST sys/plugins/reload/backend`,
    /// repeated after passing faults.
    ///
    /// # Errors
    /// Code `permission_denied` and the others of the crate.
    ///
    /// # Cancel safety
    /// It may or may not be loaded anew.
    pub async fn reload_plugin(&self, name: &PluginName) -> Result<()> {
        let path = ["sys/plugins/reload/backend"];
        let body = Reload { plugin: Some(name.as_str()), mounts: Vec::new() };
        self.api.at(Subject::System, "reload plugin", &path).write(&body).await
    }

    /// Loads the plugins of these mounts anew; login methods stand below `auth/`. `POST sys/plugins/reload/backend`,
    /// repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` if nothing is mounted at one of them.
    ///
    /// # Cancel safety
    /// They may or may not be loaded anew.
    pub async fn reload_mounts(&self, mounts: &[Mount]) -> Result<()> {
        let path = ["sys/plugins/reload/backend"];
        let body = Reload { plugin: None, mounts: mounts.iter().map(Mount::as_str).collect() };
        self.api.at(Subject::System, "reload mounts", &path).write(&body).await
    }
}

#[derive(Serialize)]
struct Reload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Catalogue {
    #[serde(default)]
    detailed: Vec<PluginInfo>,
}
