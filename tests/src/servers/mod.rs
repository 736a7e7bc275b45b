//! Real servers on loopback, started and ended by the test that needs them.
//!
//! | type | what it is |
//! | --- | --- |
//! | [`OpenBaoServer`] | OpenBao with TLS, Raft, audit and a Shamir seal; or in development mode |
//! | [`OpenBaoCluster`] | three nodes of it, with TLS, Raft and links that can be cut |
//! | [`PostgresServer`] | PostgreSQL with the roles and the table that applications use |
//! | [`accept_identities`], [`MariaDbServer::accept_identity`] | PostgreSQL, MariaDB with SVIDs as client certificates |
//! | [`MariaDbServer`] | MariaDB with the user that makes users, and the table that applications use |
//! | [`PowerDnsServer`] | an authoritative PowerDNS with SQLite or LMDB, which answers questions too |
//! | [`KeycloakServer`] | Keycloak with its administrator, without TLS and with it |
//! | [`ValkeyServer`], [`ValkeyCluster`] | a Valkey with passwords; three of them as a cluster |
//! | [`TlsFront`] | TLS before one that speaks none |
//! | [`SeaweedServer`] | SeaweedFS with its S3 and IAM interfaces |
//! | [`FerretServer`] | FerretDB on a PostgreSQL, which speaks the protocol of MongoDB |
//! | [`KubeApi`] | TokenReview and Secrets of a Kubernetes cluster, in process |
//! | [`RabbitMqServer`] | RabbitMQ with its management plugin |
//! | [`AssertionIssuer`] | an issuer of JWT-SVIDs and service account tokens, in process |
//! | [`SpireServer`] | SPIRE, from binaries that are given |
//! | [`Servers`] | OpenBao and PostgreSQL, ready to make database users and to log workloads in |
//! | [`setup`], [`keycloak_setup`] | the parts of that configuration, one function each |
//! | [`Api`], [`KeycloakAdmin`] | the calls it is made of |
//!
//! Each server lives in a temporary folder of its own, which is kept when the test fails, and listens on a port that
//! was free. It ends when its value is dropped, and by the kernel's hand when the whole program is killed. What is
//! missing is installed ([`install`]).

mod api;
mod certificates;
pub mod environment;
mod ferretdb;
mod folder;
pub mod install;
mod issuer;
mod keycloak;
mod keycloak_admin;
pub mod keycloak_setup;
mod kube_api;
mod links;
pub mod mariadb;
mod openbao;
mod openbao_cluster;
mod openbao_node;
mod pair;
pub mod poll;
mod port;
pub mod postgres;
mod postgres_identity;
mod powerdns;
mod process;
mod proxy;
mod rabbitmq;
mod resp;
mod seaweedfs;
mod seaweedfs_admin;
pub mod setup;
mod spire;
mod tls_front;
mod valkey;

pub use api::Api;
pub use certificates::ClientCertificate;
pub use ferretdb::FerretServer;
pub use issuer::{AssertionIssuer, IssuedWorkload};
pub use keycloak::KeycloakServer;
pub use keycloak_admin::KeycloakAdmin;
pub use kube_api::KubeApi;
pub use mariadb::MariaDbServer;
pub use openbao::{FreshOpenBao, OpenBaoServer};
pub use openbao_cluster::{ClusterSeal, OpenBaoCluster};
pub use pair::{Servers, ServersOptions};
pub use postgres::PostgresServer;
pub use postgres_identity::{CertificateName, IdentityUser, accept_identities};
pub use powerdns::{PowerDnsBackend, PowerDnsServer};
pub use process::Lifetime;
pub use rabbitmq::RabbitMqServer;
pub use resp::Reply;
pub use seaweedfs::SeaweedServer;
pub use spire::SpireServer;
pub use tls_front::TlsFront;
pub use valkey::{ValkeyCluster, ValkeyServer};
