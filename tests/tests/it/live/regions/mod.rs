//! Three regions with a real OpenBao each.

mod killed;
mod loss;
mod pending;
mod policies;
mod replication;
mod stage;
