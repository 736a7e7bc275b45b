//! Three real nodes as one address list.

mod consistency;
mod failover;
mod harness;
mod joining;
mod killed;
mod load;
mod partition;
mod prober;
mod raft;
mod restart;
mod stage;
