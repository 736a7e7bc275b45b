//! On the real servers: `cargo xtask live`. Ignored elsewhere, for they install and start servers; a missing server
//! fails them.

mod harness;
