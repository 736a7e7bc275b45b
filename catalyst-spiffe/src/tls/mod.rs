//! rustls configurations that present the newest SVID.

mod anchors;

pub(crate) use anchors::Anchors;
