//! Tokens, good and bad.

mod attacks;
mod bound;
mod good;
mod kinds;
mod parsers;
mod recorded;
mod rotation;
mod support;
