//! What holds on the mock, on the fake and on OpenBao 2.7.2 alike, as checks that panic when it does not.
//!
//! Each check names the fact that it pins, and was passed by the real server. Where time must pass, the checks sleep
//! on tokio's clock: paused, they take no time. They leave nothing behind but leases of seconds.
//!
//! | module | over | needs |
//! | --- | --- | --- |
//! | [`store`] | [`SecretStore`](crate::SecretStore) | a KV engine, version 2, without check-and-set demanded |
//! | [`dynamic`] | [`DynamicCredentials`](crate::DynamicCredentials) | a [`DynamicSetting`] |
//! | [`statics`] | [`StaticCredentials`](crate::StaticCredentials) | a static role with a short period |
//! | [`database_admin`] | [`DatabaseAdmin`](crate::DatabaseAdmin) | a database engine, and a database |
//! | [`identity`] | [`Identity`](crate::Identity) | a client that may do everything |
//! | [`kubernetes`] | [`KubernetesSecrets`](crate::KubernetesSecrets) | a Kubernetes, or what answers as one |
//! | [`rabbitmq`] | [`RabbitMq`](crate::RabbitMq) | a RabbitMQ |
//! | [`ssh`] | [`Ssh`](crate::Ssh) | an SSH engine that holds nothing |
//! | [`cubbyhole`] | [`Cubbyhole`](crate::Cubbyhole) | two service tokens |
//! | [`pki`] | [`Pki`](crate::pki::Pki) | two PKI engines, and a request for signing |
//! | [`totp`] | [`Totp`](crate::Totp) | a TOTP engine |
//! | [`transit`] | [`Transit`](crate::Transit) | a transit engine with its first settings |
//! | [`operator`] | [`Operator`](crate::Operator) | a server that was never initialised |
//! | [`raft`] | [`Raft`](crate::Raft) | a client that may do everything, on a server of its own with Raft |
//! | [`system`] | [`System`](crate::System) | a client that may do everything, on a server of its own |
//! | [`policies`] | policies, and what they allow | the same, and a way to log in |
//! | [`auth_methods`] | login methods, their roles, tokens | the same |
//! | [`client`] | [`OpenBao`](crate::OpenBao) | a [`DynamicSetting`], and what each check says |

#![allow(clippy::panic, clippy::missing_panics_doc, reason = "assertions for tests, which panic by purpose")]

pub mod auth_methods;
mod check;
pub mod client;
pub mod cubbyhole;
pub mod database_admin;
pub mod dynamic;
pub mod identity;
pub mod kubernetes;
pub mod operator;
pub mod pki;
pub mod policies;
pub mod rabbitmq;
pub mod raft;
mod setting;
pub mod ssh;
pub mod statics;
pub mod store;
pub mod system;
pub mod totp;
pub mod transit;

pub use setting::{Doorman, DynamicSetting};

use check::{PATIENCE, done, fresh, fresh_name, locked_out, refused, until};
