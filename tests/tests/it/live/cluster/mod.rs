//! Three real nodes as one address list.

mod consistency;
mod failover;
mod harness;
mod load;
mod pending;
mod prober;
mod raft;
mod stage;
