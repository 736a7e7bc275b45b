//! Real servers brought up from nothing.

mod acceptance;
mod interrupted;
mod killed;
mod kubernetes;
mod stage;
