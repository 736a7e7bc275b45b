//! Who may log in by a service account.

use serde::{Deserialize, Serialize};

use super::TokenParameters;
use super::token_parameters::role_of;
use crate::settings::{list, maybe_text, setters};

/// A role of the `kubernetes` method: these service accounts of these namespaces.
///
/// ```
/// use catalyst_openbao::auth_method::{KubernetesRole, TokenParameters};
///
/// let role = KubernetesRole::new(["external-secrets"], ["external-secrets"])
///     .audience("openbao")
///     .tokens(TokenParameters::new().policies(["external-secrets-read"]));
/// # let _ = role;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct KubernetesRole {
    /// The names of the service accounts; `*` is any.
    #[serde(rename = "bound_service_account_names", deserialize_with = "list")]
    pub service_accounts: Vec<String>,
    /// Their namespaces; `*` is any.
    #[serde(rename = "bound_service_account_namespaces", deserialize_with = "list")]
    pub namespaces: Vec<String>,
    /// Namespaces by their labels, as a Kubernetes label selector in JSON or YAML.
    #[serde(
        rename = "bound_service_account_namespace_selector",
        deserialize_with = "maybe_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub namespace_selector: Option<String>,
    /// The audience that the service account token must name.
    #[serde(deserialize_with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// What a service account is known by in the identities of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_name_source: Option<AliasNameSource>,
    /// What tokens its logins get.
    #[serde(flatten)]
    pub tokens: TokenParameters,
}

/// What a service account is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum AliasNameSource {
    /// Its UID: another one of the same name is somebody else. The server's default.
    #[serde(rename = "serviceaccount_uid")]
    Uid,
    /// Its namespace and name.
    #[serde(rename = "serviceaccount_name")]
    Name,
}

role_of!(KubernetesRole);

impl KubernetesRole {
    /// These service accounts of these namespaces. The server takes a role that names none of them, which nobody can
    /// log in by.
    pub fn new(
        service_accounts: impl IntoIterator<Item = impl Into<String>>,
        namespaces: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            service_accounts: service_accounts.into_iter().map(Into::into).collect(),
            namespaces: namespaces.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    setters! {
        /// Namespaces by their labels, as a Kubernetes label selector in JSON or YAML.
        namespace_selector: text String;
        /// The audience that the service account token must name.
        audience: text String;
        /// What a service account is known by in the identities of the server.
        alias_name_source: some AliasNameSource;
    }
}
