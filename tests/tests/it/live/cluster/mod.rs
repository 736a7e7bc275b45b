//! Three real nodes as one address list.

mod harness;
