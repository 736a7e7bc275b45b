//! Tests across the crates, in one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests, helpers included")]

mod architecture;
mod canary;
mod live;
mod pools;
mod scenario;
