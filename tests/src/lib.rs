//! The harness that the tests across the crates, `xtask` and the examples share.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`postgres`] | a Postgres-protocol server in process, which checks every login |
//! | [`servers`] | the real OpenBao and PostgreSQL on loopback |

pub mod postgres;
pub mod servers;
