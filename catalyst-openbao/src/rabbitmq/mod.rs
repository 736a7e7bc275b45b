//! RabbitMQ users made on demand.

mod client;

pub use client::RabbitMq;
