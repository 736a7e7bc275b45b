//! The promises of a rotation, at a realm whose calls can fail, and a worker that can die, at every point.

#![allow(clippy::unchecked_time_subtraction, reason = "a test that meets the unexpected should fail there")]

mod course;
mod crash;
mod realm;
