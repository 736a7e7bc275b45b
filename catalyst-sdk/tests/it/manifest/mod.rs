//! Manifests, as a user writes them and a YAML reader reads them.

mod canary;
mod rules;
mod written;

use std::fmt::Display;

use catalyst_sdk::manifest::{RemoteKey, RemoteRef, SecretKeyRef};
use serde_yaml_ng::Value;

/// What a reader finds.
fn read(manifest: &impl Display) -> Value {
    serde_yaml_ng::from_str(&manifest.to_string()).expect("it is YAML")
}

/// A secret of the platform, as a reference.
fn remote(path: &str) -> RemoteRef {
    RemoteRef::new(RemoteKey::of(&"secret".parse().unwrap(), &path.parse().unwrap()))
}

fn key(name: &str, key: &str) -> SecretKeyRef {
    SecretKeyRef::new(name.parse().unwrap(), key.parse().unwrap())
}
