//! The connection of one generation.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use redis::aio::{ConnectionLike, ConnectionManager};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisError, RedisFuture, Value};

/// A multiplexed connection to a server or a cluster, which ends with its generation: it must not go on connecting as
/// a user that is gone. Cheap to clone; clones are the same one.
#[derive(Clone)]
pub struct ValkeyConnection(Arc<ArcSwapOption<Driver>>);

/// The driver's own. Both connect anew by themselves.
#[derive(Clone)]
pub(super) enum Driver {
    Server(ConnectionManager),
    Cluster(ClusterConnection),
}

impl ValkeyConnection {
    pub(super) fn new(driver: Driver) -> Self {
        Self(Arc::new(ArcSwapOption::from_pointee(driver)))
    }

    /// Ends it for all clones when the calls in flight are over.
    pub(super) fn close(&self) {
        self.0.store(None);
    }

    fn driver(&self) -> Result<Driver, RedisError> {
        // A clone shares the connection; it is what a call in flight keeps.
        self.0
            .load()
            .as_deref()
            .cloned()
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotConnected).into())
    }
}

impl ConnectionLike for ValkeyConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            match self.driver()? {
                Driver::Server(mut driver) => driver.req_packed_command(command).await,
                Driver::Cluster(mut driver) => driver.req_packed_command(command).await,
            }
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            match self.driver()? {
                Driver::Server(mut driver) => driver.req_packed_commands(pipeline, offset, count).await,
                Driver::Cluster(mut driver) => driver.req_packed_commands(pipeline, offset, count).await,
            }
        })
    }

    fn get_db(&self) -> i64 {
        match self.driver() {
            Ok(Driver::Server(driver)) => driver.get_db(),
            // A cluster has one.
            Ok(Driver::Cluster(_)) | Err(_) => 0,
        }
    }
}

impl fmt::Debug for ValkeyConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyConnection").field("open", &self.0.load().is_some()).finish_non_exhaustive()
    }
}
