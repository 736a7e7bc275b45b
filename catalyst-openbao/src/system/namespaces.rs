//! Namespaces: servers inside the server.

use std::collections::BTreeMap;

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::System;
use crate::Namespace;
use crate::operation::Subject;
use crate::settings::texts;
use crate::wire::Exposed;

/// What is known of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceInfo {
    /// Its name, with those that it lies in.
    pub path: Namespace,
    /// The end of the tokens and leases that are made in it.
    pub id: String,
    /// Names it for good.
    pub uuid: String,
    /// What somebody wrote about it.
    pub metadata: BTreeMap<String, String>,
    /// Whether its API is locked.
    pub locked: bool,
    /// Whether it is being deleted.
    pub tainted: bool,
}

/// How far a deletion has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamespaceDeletion {
    /// The server is at it, and goes on by itself.
    InProgress,
    /// There is no such namespace.
    Gone,
}

/// Namespaces. One that lies in another is named with it: `team-a/dev`.
impl System {
    /// The namespaces right below `parent`, or below the client's own. `LIST sys/namespaces`, repeated after passing
    /// faults.
    ///
    /// # Errors
    /// Code `unknown_namespace` if there is no such parent.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn namespaces(&self, parent: Option<&Namespace>) -> Result<Vec<NamespaceInfo>> {
        let (before, slash) = parent.map_or(("", ""), |parent| (parent.escaped(), "/"));
        let path = [before, slash, "sys/namespaces"];
        let found = self.api.at(Subject::System, "list namespaces", &path).list_maybe::<Listed>().await?;
        let all = found.map(|listed| listed.key_info).unwrap_or_default();
        all.into_values().map(NamespaceWire::info).collect()
    }

    /// A namespace, or none if there is none. `GET sys/namespaces/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_namespace` if one that it lies in is missing.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn namespace(&self, namespace: &Namespace) -> Result<Option<NamespaceInfo>> {
        let place = Place::of(namespace);
        let path = place.at("sys/namespaces/");
        let found =
            self.api.at(Subject::System, "read namespace", &path).read_maybe::<NamespaceWire>().await?;
        found.map(NamespaceWire::info).transpose()
    }

    /// Makes a namespace, or gives the one of that name this `metadata` in place of its own.
    /// `POST sys/namespaces/:path`, repeated after passing faults, for twice is the same as once.
    ///
    /// # Errors
    /// Codes `unknown_namespace` if one that it lies in is missing; `invalid_request` for a name that the server keeps
    /// for itself.
    ///
    /// # Cancel safety
    /// It may or may not be there.
    pub async fn write_namespace(
        &self,
        namespace: &Namespace,
        metadata: &BTreeMap<String, String>,
    ) -> Result<NamespaceInfo> {
        let place = Place::of(namespace);
        let path = place.at("sys/namespaces/");
        let body = Metadata { custom_metadata: metadata };
        let wire: NamespaceWire =
            self.api.at(Subject::System, "write namespace", &path).exchange(&body).await?;
        wire.info()
    }

    /// Begins to delete a namespace **with all that is in it**. The server goes on by itself: ask [`System::namespace`]
    /// until there is none. `DELETE sys/namespaces/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `invalid_request` while namespaces lie in it.
    ///
    /// # Cancel safety
    /// The deletion may have begun.
    pub async fn delete_namespace(&self, namespace: &Namespace) -> Result<NamespaceDeletion> {
        let place = Place::of(namespace);
        let path = place.at("sys/namespaces/");
        let call = self.api.at(Subject::System, "delete namespace", &path);
        Ok(match call.delete_for::<Deletion>().await? {
            Some(_) => NamespaceDeletion::InProgress,
            None => NamespaceDeletion::Gone,
        })
    }

    /// Locks the API of a namespace, and of those in it: its requests are refused with `namespace_locked`. Gives the
    /// key that unlocks it. `POST sys/namespaces/api-lock/lock/:path`; not repeated once its outcome is unknown.
    ///
    /// # Errors
    /// Code `already_locked`.
    ///
    /// # Cancel safety
    /// It may be locked and the key lost; who may use `sudo` unlocks it without.
    pub async fn lock_namespace(&self, namespace: &Namespace) -> Result<Secret> {
        let place = Place::of(namespace);
        let path = place.at("sys/namespaces/api-lock/lock/");
        let call = self.api.at(Subject::System, "lock namespace", &path).once();
        Ok(call.exchange::<Locked>(&Key { unlock_key: None }).await?.unlock_key)
    }

    /// Unlocks the API of a namespace with its key, or without one for those who may use `sudo`.
    /// `POST sys/namespaces/api-lock/unlock/:path`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `wrong_unlock_key`.
    ///
    /// # Cancel safety
    /// It may or may not be unlocked.
    pub async fn unlock_namespace(&self, namespace: &Namespace, key: Option<&Secret>) -> Result<()> {
        let place = Place::of(namespace);
        let path = place.at("sys/namespaces/api-lock/unlock/");
        let body = Key { unlock_key: key.map(Exposed) };
        self.api.at(Subject::System, "unlock namespace", &path).write(&body).await
    }
}

/// The server wants a namespace asked for in the one that it lies in.
struct Place<'a> {
    outer: &'a str,
    slash: &'static str,
    name: &'a str,
}

impl<'a> Place<'a> {
    fn of(namespace: &'a Namespace) -> Self {
        match namespace.escaped().rsplit_once('/') {
            Some((outer, name)) => Self { outer, slash: "/", name },
            None => Self { outer: "", slash: "", name: namespace.escaped() },
        }
    }

    fn at(&self, endpoint: &'static str) -> [&'a str; 4] {
        [self.outer, self.slash, endpoint, self.name]
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    custom_metadata: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Key<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    unlock_key: Option<Exposed<'a>>,
}

#[derive(Deserialize)]
struct Locked {
    unlock_key: Secret,
}

#[derive(Deserialize)]
struct Deletion {
    #[serde(rename = "status")]
    _status: String,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    key_info: BTreeMap<String, NamespaceWire>,
}

#[derive(Deserialize)]
struct NamespaceWire {
    path: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    uuid: String,
    #[serde(default, deserialize_with = "texts")]
    custom_metadata: BTreeMap<String, String>,
    #[serde(default)]
    locked: bool,
    #[serde(default)]
    tainted: bool,
}

impl NamespaceWire {
    fn info(self) -> Result<NamespaceInfo> {
        Ok(NamespaceInfo {
            path: self.path.parse()?,
            id: self.id,
            uuid: self.uuid,
            metadata: self.custom_metadata,
            locked: self.locked,
            tainted: self.tainted,
        })
    }
}
