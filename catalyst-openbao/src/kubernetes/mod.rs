//! Service account tokens made on demand.

mod client;

pub use client::KubernetesSecrets;
