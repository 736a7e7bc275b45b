//! Who a token stands for: entities, aliases, groups, identity tokens.

mod client;

pub use client::Identity;
