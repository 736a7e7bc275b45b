//! The Kubernetes secret that an `ExternalSecret` makes.

use catalyst_core::{Error, ErrorKind, Result};

use super::yaml::Map;
use super::{ResourceName, SecretKey, Template};

/// Who makes the secret, and whose it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreationPolicy {
    /// The operator; it goes with its manifest.
    #[default]
    Owner,
    /// The operator; it stays when the manifest goes.
    Orphan,
    /// Somebody else; the operator adds its keys.
    Merge,
    /// Nobody: values are only read.
    None,
}

/// What becomes of the secret when its values are gone from the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeletionPolicy {
    /// It stays as it was.
    #[default]
    Retain,
    /// It is deleted when all are gone.
    Delete,
    /// The keys that are gone are removed.
    Merge,
}

/// The secret that is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Target {
    name: Option<ResourceName>,
    creation: CreationPolicy,
    deletion: DeletionPolicy,
    immutable: bool,
    template: Option<Template>,
}

impl Target {
    /// A secret with the name of its manifest, owned by the operator.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the secret.
    pub fn name(mut self, name: ResourceName) -> Self {
        self.name = Some(name);
        self
    }

    /// Who makes it.
    pub fn creation(mut self, policy: CreationPolicy) -> Self {
        self.creation = policy;
        self
    }

    /// What becomes of it when its values are gone.
    pub fn deletion(mut self, policy: DeletionPolicy) -> Self {
        self.deletion = policy;
        self
    }

    /// Kubernetes refuses changes of it, so that it never follows its values.
    pub fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// What becomes of the values.
    pub fn template(mut self, template: Template) -> Self {
        self.template = Some(template);
        self
    }

    /// The keys that its template needs.
    pub(super) fn references(&self) -> impl Iterator<Item = &SecretKey> {
        self.template.iter().flat_map(Template::references)
    }

    /// The rules of the operator's admission webhook, which no schema states.
    pub(super) fn check(&self) -> Result<()> {
        let help = match (self.deletion, self.creation) {
            (DeletionPolicy::Delete, CreationPolicy::Merge | CreationPolicy::None) => {
                "the operator deletes only what it owns: the creation policy has to be Owner or Orphan"
            }
            (DeletionPolicy::Merge, CreationPolicy::None) => "there is no secret to remove keys from",
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, "write manifest").with_help(help))
    }

    pub(super) fn node(&self, manifest: &ResourceName) -> Map {
        let creation = match self.creation {
            CreationPolicy::Owner => "Owner",
            CreationPolicy::Orphan => "Orphan",
            CreationPolicy::Merge => "Merge",
            CreationPolicy::None => "None",
        };
        let deletion = match self.deletion {
            DeletionPolicy::Retain => None,
            DeletionPolicy::Delete => Some("Delete"),
            DeletionPolicy::Merge => Some("Merge"),
        };
        Map::new()
            .field("name", self.name.as_ref().unwrap_or(manifest).as_str())
            .field("creationPolicy", creation)
            .some("deletionPolicy", deletion)
            .some("immutable", self.immutable.then_some(true))
            .some("template", self.template.as_ref().map(Template::node))
    }
}
