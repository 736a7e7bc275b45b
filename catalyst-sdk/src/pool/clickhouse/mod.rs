//! A rotating client of ClickHouse, on its own crate.

mod client;
mod connector;

pub use client::RotatingClickHouse;
pub use connector::ClickHouseConnector;
