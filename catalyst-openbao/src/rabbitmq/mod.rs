//! RabbitMQ users made on demand.

mod client;
mod role;

pub use client::RabbitMq;
pub use role::{RabbitConnection, RabbitRole, TopicPermissions, VhostPermissions};
