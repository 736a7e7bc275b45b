//! The client that an application holds.

use super::ClickHouseConnector;
use crate::pool::RotatingClient;

/// A client of ClickHouse whose user is replaced before it ends. Every request of the driver carries user and password,
/// so a generation is a client with others.
///
/// ```no_run
/// # async fn example(metrics: catalyst_sdk::pool::clickhouse::RotatingClickHouse) -> catalyst_sdk::Result<()> {
/// let count = metrics.run(|client| async move {
///     client.query("select count() from samples").fetch_one::<u64>().await
/// });
/// println!("{} samples", count.await?);
/// # Ok(())
/// # }
/// ```
pub type RotatingClickHouse = RotatingClient<ClickHouseConnector>;
