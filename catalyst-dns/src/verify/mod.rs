//! What the authoritative servers really answer.
