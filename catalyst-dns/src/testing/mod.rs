//! Fakes on the real wires, and the contract suite.

pub mod dns;
