//! A rotating client of MongoDB and FerretDB, on MongoDB's own driver.

mod client;
mod connector;

pub use client::RotatingMongo;
pub use connector::MongoConnector;
