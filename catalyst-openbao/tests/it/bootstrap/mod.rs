//! Servers brought up from nothing, and every way in which that can be interrupted.

mod interrupted;
mod refused;
mod stage;
mod whole;
