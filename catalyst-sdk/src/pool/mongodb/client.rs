//! The client that an application holds.

use super::MongoConnector;
use crate::pool::RotatingClient;

/// A client of MongoDB whose user is replaced before it ends; one driver's client for each generation.
///
/// ```no_run
/// # async fn example(events: catalyst_sdk::pool::mongodb::RotatingMongo) -> catalyst_sdk::Result<()> {
/// let count = events.run(|client| async move {
///     client.database("app").collection::<mongodb::bson::Document>("events").estimated_document_count().await
/// });
/// println!("{} events", count.await?);
/// # Ok(())
/// # }
/// ```
pub type RotatingMongo = RotatingClient<MongoConnector>;
