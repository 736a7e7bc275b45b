//! A rotating pool of diesel-async, for PostgreSQL: no libpq, TLS by rustls.

mod driver;
mod error;

pub use driver::{Diesel, DieselConnection, RotatingDiesel, RotatingDieselBuilder};
