//! What the areas of the server's own API keep.

use std::collections::BTreeMap;

use catalyst_core::Secret;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::mock::model::raft::Autopilot;
use crate::mock::model::state::State;

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Settings {
    /// By their full paths, login methods with `auth/` in front. A mount that a test made has none until it is tuned.
    pub(super) mounts: BTreeMap<String, MountRecord>,
    pub(super) moves: BTreeMap<String, (String, String)>,
    pub(super) policies: BTreeMap<String, PolicyRecord>,
    pub(super) password_policies: BTreeMap<String, String>,
    pub(super) namespaces: BTreeMap<String, NamespaceRecord>,
    pub(super) quotas: BTreeMap<String, Quota>,
    pub(super) quota_config: Map<String, Value>,
    pub(super) methods: BTreeMap<String, Method>,
    pub(super) token_roles: BTreeMap<String, Map<String, Value>>,
    pub(super) autopilot: Autopilot,
}

#[derive(Clone)]
pub(super) struct MountRecord {
    pub(super) kind: String,
    pub(super) accessor: String,
    pub(super) uuid: String,
    pub(super) description: String,
    pub(super) options: Value,
    pub(super) config: Map<String, Value>,
    pub(super) local: bool,
    pub(super) seal_wrap: bool,
}

#[derive(Clone)]
pub(super) struct PolicyRecord {
    pub(super) text: String,
    pub(super) version: u64,
    pub(super) cas_required: bool,
    pub(super) modified: Instant,
}

#[derive(Clone, Default)]
pub(super) struct NamespaceRecord {
    pub(super) uuid: String,
    pub(super) metadata: Map<String, Value>,
    pub(super) lock: Option<Secret>,
}

/// How many requests are let in, in windows of one interval.
#[derive(Clone)]
pub(super) struct Quota {
    pub(super) fields: Map<String, Value>,
    pub(super) window: Instant,
    pub(super) used: f64,
}

/// The settings of one login method, as they were written by requests.
#[derive(Clone, Default)]
pub(super) struct Method {
    pub(super) config: Option<Map<String, Value>>,
    pub(super) roles: BTreeMap<String, Role>,
}

#[derive(Clone, Default)]
pub(super) struct Role {
    pub(super) fields: Map<String, Value>,
    /// What a login of an app role shows beside its secret.
    pub(super) identifier: String,
    pub(super) password: Option<Secret>,
    pub(super) secrets: Vec<SecretIdRecord>,
}

#[derive(Clone)]
pub(super) struct SecretIdRecord {
    pub(super) secret: Secret,
    pub(super) accessor: String,
    pub(super) created: Instant,
    pub(super) ttl: u64,
    pub(super) uses: u64,
    pub(super) metadata: Value,
    pub(super) cidrs: Value,
}

impl State {
    /// As random and as long as the server's identifiers.
    pub(super) fn random_uuid(&mut self) -> String {
        let hex = format!("{:032x}", self.random.u128(..));
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    pub(super) fn new_mount_record(&mut self, kind: &str, options: Value) -> MountRecord {
        MountRecord {
            kind: kind.to_owned(),
            accessor: format!("{kind}_{:08x}", self.random.u32(..)),
            uuid: self.random_uuid(),
            description: String::new(),
            options,
            config: Map::new(),
            local: false,
            seal_wrap: false,
        }
    }
}

impl MountRecord {
    pub(super) fn to_json(&self, login: bool) -> Value {
        let mut config = self.config.clone();
        for (name, value) in
            [("default_lease_ttl", json!(0)), ("max_lease_ttl", json!(0)), ("force_no_cache", json!(false))]
        {
            config.entry(name).or_insert(value);
        }
        if login {
            config.entry("token_type").or_insert_with(|| "default-service".into());
        }
        json!({
            "accessor": self.accessor,
            "config": config,
            "deprecation_status": "supported",
            "description": self.description,
            "external_entropy_access": false,
            "local": self.local,
            "options": self.options,
            "plugin_version": "",
            "running_plugin_version": "v2.7.2+builtin.bao",
            "running_sha256": "",
            "seal_wrap": self.seal_wrap,
            "type": self.kind,
            "uuid": self.uuid,
        })
    }
}
