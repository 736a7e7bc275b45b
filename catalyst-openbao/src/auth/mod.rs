//! How a service proves who it is.

mod authority;
mod exchange;
mod login;

pub(crate) use authority::{Authority, Granted, Server};
pub use login::Login;
