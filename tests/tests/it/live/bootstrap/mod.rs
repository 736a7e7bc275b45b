//! Real servers brought up from nothing.

mod acceptance;
mod interrupted;
mod kubernetes;
mod stage;
