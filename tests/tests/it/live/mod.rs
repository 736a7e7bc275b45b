//! On the real servers: `cargo xtask live`. Ignored elsewhere, for they install and start servers; a missing server
//! fails them. Every test has servers of its own, so that it may kill them.

mod audit;
mod bootstrap;
mod cluster;
mod contract;
mod database;
mod facade;
mod failure;
mod harness;
mod keycloak;
mod login;
mod manifests;
mod openbao;
mod pools;
mod powerdns;
mod program;
mod regions;
mod rotation;
mod spire;
mod stores;
mod workload;
