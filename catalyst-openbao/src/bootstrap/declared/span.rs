//! Spans of time in a declaration: `1h30m`, or seconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::wire::Span;

pub(super) fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Span::deserialize(deserializer).map(|span| span.0)
}
