//! What the examples share.

pub mod screen;
