//! A pool-domain-manager on a real socket, with its defects.

mod fake;
mod model;
mod wire;
mod zones;

pub use fake::FakePool;
pub use model::PoolFault;
pub use zones::FakePoolZones;
