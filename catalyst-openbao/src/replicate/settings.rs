//! What a replicator was told.

use std::sync::Arc;
use std::time::Duration;

use super::event::ReplicaObserver;
use crate::Mount;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) mount: Mount,
    pub(super) policies: bool,
    pub(super) concurrency: usize,
    pub(super) rate: u32,
    pub(super) tick: Duration,
    pub(super) sweep_pause: Duration,
    pub(super) many_removals: bool,
    pub(super) observer: Arc<dyn ReplicaObserver>,
}
