//! Three regions with a real OpenBao each.

mod killed;
mod lag;
mod loss;
mod policies;
mod replication;
mod stage;
