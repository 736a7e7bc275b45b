//! Desired state: what is to change, by whom it may be changed, and changing it.
