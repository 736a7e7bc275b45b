//! What users of the crate would notice.
