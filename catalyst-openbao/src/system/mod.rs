//! The server's own settings: mounts, policies, quotas, namespaces, plugins, audit.

mod client;

pub use client::System;
