//! The Admin REST API: who administers, and the one way that its calls take.

mod api;
mod login;

pub(crate) use api::Api;
pub use login::AdminLogin;
