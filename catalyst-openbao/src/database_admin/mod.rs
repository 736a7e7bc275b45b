//! Connections and roles of the database engine.

mod client;

pub use client::DatabaseAdmin;
