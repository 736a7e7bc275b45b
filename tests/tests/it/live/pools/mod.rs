//! The contract of pools, on the real databases.

mod identity;
mod mariadb;
mod postgres;
