//! What the server needs to know of a Kubernetes, and what tokens a role gives.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use catalyst_core::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{Exposed, Seconds};

/// How the server reaches the API of a Kubernetes. A server that runs in it needs nothing of this.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct KubernetesConnection {
    /// Such as `https://kubernetes.default.svc`; that of the server's own pod if not set.
    pub host: Option<String>,
    /// The authority of its certificate, in PEM; that of the server's own pod if not set.
    pub ca_pem: Option<String>,
    /// The token that the server shows there; that of the server's own pod if not set.
    pub token: Option<Secret>,
    /// Whether the files of the server's own pod are not to be used.
    pub disable_local_ca_jwt: bool,
}

impl KubernetesConnection {
    /// The Kubernetes that the server runs in.
    pub fn local() -> Self {
        Self::default()
    }

    /// The Kubernetes at `host`, with the authority of its certificate in PEM and the server's token there.
    pub fn remote(host: impl Into<String>, ca_pem: impl Into<String>, token: Secret) -> Self {
        let (host, ca_pem) = (Some(host.into()), Some(ca_pem.into()));
        Self { host, ca_pem, token: Some(token), disable_local_ca_jwt: true }
    }
}

impl Serialize for KubernetesConnection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            kubernetes_host: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            kubernetes_ca_cert: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            service_account_jwt: Option<Exposed<'a>>,
            disable_local_ca_jwt: bool,
        }
        Body {
            kubernetes_host: self.host.as_deref(),
            kubernetes_ca_cert: self.ca_pem.as_deref(),
            service_account_jwt: self.token.as_ref().map(Exposed),
            disable_local_ca_jwt: self.disable_local_ca_jwt,
        }
        .serialize(serializer)
    }
}

impl fmt::Debug for KubernetesConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesConnection").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Whose tokens a role gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountSource {
    /// Those of a service account that exists.
    Account(String),
    /// Those of an account that is made for each lease and bound to a role that exists.
    ExistingRole {
        /// The name of the role.
        name: String,
        /// What it is.
        kind: RoleKind,
    },
    /// Those of an account that is made for each lease, with a role that is made of these rules, in JSON or YAML.
    GeneratedRole {
        /// `{"rules": […]}`.
        rules: String,
        /// What is made.
        kind: RoleKind,
    },
}

/// What kind of role of Kubernetes it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RoleKind {
    /// In one namespace.
    #[default]
    Role,
    /// In the whole cluster.
    ClusterRole,
}

/// What tokens a role gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct KubernetesRole {
    /// Whose they are.
    pub source: AccountSource,
    /// The namespaces they may be of; `*` allows all.
    pub namespaces: Vec<String>,
    /// The longest life of a token; the mount's if zero.
    pub max_ttl: Duration,
    /// The life of a token if nothing else is asked for; the mount's if zero.
    pub default_ttl: Duration,
    /// Whom tokens are for if nothing else is asked for; the Kubernetes API itself if empty.
    pub audiences: Vec<String>,
    /// A template for the names of what is made.
    pub name_template: Option<String>,
    /// Labels of what is made.
    pub labels: BTreeMap<String, String>,
    /// Annotations of what is made.
    pub annotations: BTreeMap<String, String>,
}

impl KubernetesRole {
    /// A role for tokens in `namespaces`.
    pub fn new(source: AccountSource, namespaces: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            source,
            namespaces: namespaces.into_iter().map(Into::into).collect(),
            max_ttl: Duration::ZERO,
            default_ttl: Duration::ZERO,
            audiences: Vec::new(),
            name_template: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }

    /// How long tokens live, and may live at most.
    pub fn ttl(mut self, default: Duration, max: Duration) -> Self {
        (self.default_ttl, self.max_ttl) = (default, max);
        self
    }

    /// Tokens are for these unless something else is asked for.
    pub fn audiences(mut self, audiences: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.audiences = audiences.into_iter().map(Into::into).collect();
        self
    }

    /// Names what is made by this template.
    pub fn name_template(mut self, template: impl Into<String>) -> Self {
        self.name_template = Some(template.into());
        self
    }

    /// Labels what is made.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Annotates what is made.
    pub fn annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(name.into(), value.into());
        self
    }
}

/// As the server has it. It gives more than it takes; what is not named here is passed over.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct RoleWire {
    allowed_kubernetes_namespaces: Option<Vec<String>>,
    service_account_name: String,
    kubernetes_role_name: String,
    kubernetes_role_type: RoleKind,
    generated_role_rules: String,
    #[serde(serialize_with = "whole")]
    token_max_ttl: Seconds,
    #[serde(serialize_with = "whole")]
    token_default_ttl: Seconds,
    token_default_audiences: Option<Vec<String>>,
    name_template: String,
    extra_labels: Option<BTreeMap<String, String>>,
    extra_annotations: Option<BTreeMap<String, String>>,
}

fn whole<S: Serializer>(seconds: &Seconds, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(seconds.0.as_secs())
}

impl Serialize for KubernetesRole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wire = RoleWire {
            allowed_kubernetes_namespaces: Some(self.namespaces.clone()),
            token_max_ttl: Seconds(self.max_ttl),
            token_default_ttl: Seconds(self.default_ttl),
            token_default_audiences: Some(self.audiences.clone()),
            name_template: self.name_template.clone().unwrap_or_default(),
            extra_labels: Some(self.labels.clone()),
            extra_annotations: Some(self.annotations.clone()),
            ..RoleWire::default()
        };
        match self.source.clone() {
            AccountSource::Account(name) => wire.service_account_name = name,
            AccountSource::ExistingRole { name, kind } => {
                (wire.kubernetes_role_name, wire.kubernetes_role_type) = (name, kind);
            }
            AccountSource::GeneratedRole { rules, kind } => {
                (wire.generated_role_rules, wire.kubernetes_role_type) = (rules, kind);
            }
        }
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KubernetesRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = RoleWire::deserialize(deserializer)?;
        let kind = wire.kubernetes_role_type;
        let source = if !wire.service_account_name.is_empty() {
            AccountSource::Account(wire.service_account_name)
        } else if !wire.kubernetes_role_name.is_empty() {
            AccountSource::ExistingRole { name: wire.kubernetes_role_name, kind }
        } else {
            AccountSource::GeneratedRole { rules: wire.generated_role_rules, kind }
        };
        Ok(Self {
            source,
            namespaces: wire.allowed_kubernetes_namespaces.unwrap_or_default(),
            max_ttl: wire.token_max_ttl.0,
            default_ttl: wire.token_default_ttl.0,
            audiences: wire.token_default_audiences.unwrap_or_default(),
            name_template: Some(wire.name_template).filter(|template| !template.is_empty()),
            labels: wire.extra_labels.unwrap_or_default(),
            annotations: wire.extra_annotations.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_comes_back_as_it_went_and_sparse_answers_are_read() {
        for source in [
            AccountSource::Account("deployer".to_owned()),
            AccountSource::ExistingRole { name: "view".to_owned(), kind: RoleKind::ClusterRole },
            AccountSource::GeneratedRole { rules: "{\"rules\":[]}".to_owned(), kind: RoleKind::Role },
        ] {
            let role = KubernetesRole::new(source, ["shop", "*"])
                .ttl(Duration::from_secs(600), Duration::from_secs(3600))
                .audiences(["registry"])
                .name_template("t")
                .label("a", "b")
                .annotation("c", "d");
            let sent = serde_json::to_value(&role).unwrap();
            assert_eq!(serde_json::from_value::<KubernetesRole>(sent).unwrap(), role);
        }
        let sparse = serde_json::json!({ "service_account_name": "sa", "extra_labels": null, "more": 1 });
        let role: KubernetesRole = serde_json::from_value(sparse).unwrap();
        assert_eq!(role, KubernetesRole::new(AccountSource::Account("sa".to_owned()), Vec::<String>::new()));
    }

    #[test]
    fn a_connection_shows_no_token_and_a_local_one_sends_none() {
        let remote = KubernetesConnection::remote("https://k8s", "pem", Secret::new("canary-4711"));
        assert!(!format!("{remote:?}").contains("canary"));
        let local = serde_json::to_value(KubernetesConnection::local()).unwrap();
        assert_eq!(local, serde_json::json!({ "disable_local_ca_jwt": false }));
    }
}
