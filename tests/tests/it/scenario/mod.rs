//! Whole stories on the fakes, with real drivers on real sockets.

mod deadpool_pool;
mod load;
mod mint;
mod platform;
mod sqlx_pool;
mod stage;
