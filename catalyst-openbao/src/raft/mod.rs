//! The cluster behind Raft storage.

mod client;

pub use client::Raft;
