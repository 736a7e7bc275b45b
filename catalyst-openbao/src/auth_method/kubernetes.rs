//! The `kubernetes` method.

use std::sync::Arc;

use catalyst_core::{Result, Secret};
use serde::{Deserialize, Serialize};

use super::KubernetesRole;
use crate::Mount;
use crate::api::Api;
use crate::operation::Subject;
use crate::settings::{list, maybe_text, setters};
use crate::wire::Exposed;

/// The `kubernetes` login method at one mount; made by
/// [`OpenBao::kubernetes_method`](crate::OpenBao::kubernetes_method). Cheap to clone.
///
/// ```
/// use catalyst_openbao::OpenBao;
/// use catalyst_openbao::auth_method::{KubernetesConfig, KubernetesRole};
///
/// # async fn example(bao: &OpenBao) -> catalyst_openbao::Result<()> {
/// let method = bao.kubernetes_method("kubernetes".parse()?);
/// method.configure(&KubernetesConfig::new("https://kubernetes.default.svc")).await?;
/// let role = KubernetesRole::new(["external-secrets"], ["external-secrets"]);
/// method.write_role(&"external-secrets".parse()?, &role).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct KubernetesMethod {
    api: Arc<Api>,
    mount: Mount,
}

/// How the server asks Kubernetes about service account tokens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct KubernetesConfig {
    /// The address of the Kubernetes API.
    #[serde(rename = "kubernetes_host")]
    pub host: String,
    /// The authority of its certificate, in PEM. None: that of the pod that the server runs in.
    #[serde(rename = "kubernetes_ca_cert")]
    pub ca_pem: Option<String>,
    /// The token that the server asks with. None: that of its pod, or else the one that is being judged.
    pub token_reviewer_jwt: Option<Secret>,
    /// Keys in PEM that tokens are checked with as well.
    pub pem_keys: Vec<String>,
    /// Whether the files of the server's pod are left alone.
    pub disable_local_ca_jwt: Option<bool>,
}

/// What the server shows of its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KubernetesStatus {
    /// The address of the Kubernetes API.
    pub host: String,
    /// The authority of its certificate, in PEM.
    pub ca_pem: Option<String>,
    /// Whether a token of a reviewer is set. The token itself is not shown.
    pub has_token_reviewer_jwt: bool,
    /// Keys in PEM.
    pub pem_keys: Vec<String>,
    /// Whether the files of the server's pod are left alone.
    pub disable_local_ca_jwt: bool,
}

impl KubernetesConfig {
    /// The Kubernetes API at `host`, such as `https://kubernetes.default.svc`.
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), ..Self::default() }
    }

    setters! {
        /// The authority of its certificate, in PEM.
        ca_pem: text String;
        /// The token that the server asks with.
        token_reviewer_jwt: text Secret;
        /// Keys in PEM that tokens are checked with as well.
        pem_keys: list String;
        /// Whether the files of the server's pod are left alone.
        disable_local_ca_jwt: some bool;
    }

    /// Whether `found` has all that this sets. A token that is set cannot be compared: one that is there counts as the
    /// same.
    pub fn is_met_by(&self, found: &KubernetesStatus) -> bool {
        let same_pem =
            |ours: &String| found.ca_pem.as_deref().is_some_and(|theirs| theirs.trim() == ours.trim());
        self.host == found.host
            && self.ca_pem.as_ref().is_none_or(same_pem)
            && (self.token_reviewer_jwt.is_none() || found.has_token_reviewer_jwt)
            && self.pem_keys == found.pem_keys
            && self.disable_local_ca_jwt.is_none_or(|ours| ours == found.disable_local_ca_jwt)
    }
}

impl KubernetesMethod {
    pub(crate) fn new(api: Arc<Api>, mount: Mount) -> Self {
        Self { api, mount }
    }

    /// Sets how the server asks Kubernetes, in place of what was set before. `POST auth/:mount/config`, repeated after
    /// passing faults. The server does not ask Kubernetes now.
    ///
    /// # Errors
    /// Code `invalid_request` without a host.
    ///
    /// # Cancel safety
    /// It may or may not be set.
    pub async fn configure(&self, config: &KubernetesConfig) -> Result<()> {
        let path = ["auth/", self.mount.escaped(), "/config"];
        let body = ConfigBody {
            kubernetes_host: &config.host,
            kubernetes_ca_cert: config.ca_pem.as_deref(),
            token_reviewer_jwt: config.token_reviewer_jwt.as_ref().map(Exposed),
            pem_keys: &config.pem_keys,
            disable_local_ca_jwt: config.disable_local_ca_jwt,
        };
        self.api.at(Subject::AuthMethod, "configure kubernetes method", &path).write(&body).await
    }

    /// What is set, or none if nothing is. `GET auth/:mount/config`, repeated after passing faults.
    ///
    /// # Errors
    /// Code `unknown_mount` and the others of the crate.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn config(&self) -> Result<Option<KubernetesStatus>> {
        let path = ["auth/", self.mount.escaped(), "/config"];
        let call = self.api.at(Subject::AuthMethod, "read kubernetes method", &path);
        let wire = call.read_maybe::<ConfigWire>().await?;
        Ok(wire.map(|wire| KubernetesStatus {
            host: wire.kubernetes_host,
            ca_pem: wire.kubernetes_ca_cert,
            has_token_reviewer_jwt: wire.token_reviewer_jwt_set,
            pem_keys: wire.pem_keys,
            disable_local_ca_jwt: wire.disable_local_ca_jwt,
        }))
    }
}

super::roles!(
    KubernetesMethod,
    KubernetesRole,
    "/role",
    "`auth/:mount/role/:name`",
    ["write kubernetes role", "read kubernetes role", "list kubernetes roles", "delete kubernetes role"]
);

#[derive(Serialize)]
struct ConfigBody<'a> {
    kubernetes_host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubernetes_ca_cert: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_reviewer_jwt: Option<Exposed<'a>>,
    pem_keys: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_local_ca_jwt: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfigWire {
    kubernetes_host: String,
    #[serde(deserialize_with = "maybe_text")]
    kubernetes_ca_cert: Option<String>,
    token_reviewer_jwt_set: bool,
    #[serde(deserialize_with = "list")]
    pem_keys: Vec<String>,
    disable_local_ca_jwt: bool,
}
