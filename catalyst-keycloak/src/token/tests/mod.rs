//! Tokens, good and bad.

mod good;
mod support;
