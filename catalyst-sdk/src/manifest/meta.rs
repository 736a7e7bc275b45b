//! What every resource begins with.

use super::yaml::Map;
use super::{Labels, NamespaceName, ResourceName};

/// Name, namespace and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) name: ResourceName,
    /// `None` for what belongs to the cluster.
    pub(super) namespace: Option<NamespaceName>,
    pub(super) labels: Labels,
}

impl Meta {
    pub(super) fn new(name: ResourceName, namespace: Option<NamespaceName>) -> Self {
        Self { name, namespace, labels: Labels::new() }
    }

    /// The whole resource.
    pub(super) fn document(&self, version: &str, kind: &str, spec: Map) -> Map {
        let metadata = Map::new()
            .field("name", self.name.as_str())
            .some("namespace", self.namespace.as_ref().map(NamespaceName::as_str))
            .some("labels", self.labels.node());
        Map::new()
            .field("apiVersion", version)
            .field("kind", kind)
            .field("metadata", metadata)
            .field("spec", spec)
    }
}
