//! Stores beyond SQL.

mod ferretdb;
mod s3;
mod secrets;
mod valkey;
