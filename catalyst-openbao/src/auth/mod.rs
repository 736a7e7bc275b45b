//! How a service proves who it is.

mod exchange;
mod login;

pub(crate) use exchange::{look_up, renew, revoke};
pub use login::{AssertionSource, Login};
