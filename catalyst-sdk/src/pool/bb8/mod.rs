//! A rotating pool of bb8-postgres.

mod driver;
mod generation;
mod manager;

pub use driver::{Bb8, Bb8Client, RotatingBb8, RotatingBb8Builder};
pub use generation::Bb8Pool;
pub use manager::Manager;
