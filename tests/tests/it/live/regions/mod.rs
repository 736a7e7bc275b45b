//! Three regions with a real OpenBao each.

mod killed;
mod loss;
mod policies;
mod replication;
mod stage;
