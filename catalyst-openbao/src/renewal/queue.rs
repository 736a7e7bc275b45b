//! The leases by the moment at which each is due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::entry::Entry;

/// Names an entry for as long as it is kept; a number is not used twice.
pub(super) type Key = u64;

/// Moments whose lease was forgotten or has moved stay in the heap until they come up, or until they are the most of
/// it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: HashMap<Key, (Arc<Entry>, Option<Instant>)>,
    moments: BinaryHeap<Reverse<(Instant, Key)>>,
    next: Key,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn insert(&mut self, entry: Arc<Entry>, due: Option<Instant>) -> Key {
        self.next += 1;
        let key = self.next;
        self.entries.insert(key, (entry, None));
        self.schedule(key, due);
        key
    }

    pub(super) fn remove(&mut self, key: Key) {
        if self.entries.remove(&key).is_some() && self.moments.len() > 64 + 2 * self.entries.len() {
            self.rebuild();
        }
    }

    /// Sets when a lease is due next; nothing happens if it was forgotten meanwhile.
    pub(super) fn schedule(&mut self, key: Key, due: Option<Instant>) {
        let Some((_, scheduled)) = self.entries.get_mut(&key) else { return };
        *scheduled = due;
        if let Some(due) = due {
            self.moments.push(Reverse((due, key)));
        }
    }

    /// When the next lease is due.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((due, key))) = self.moments.peek().copied() {
            if self.is_current(due, key) {
                return Some(due);
            }
            self.moments.pop();
        }
        None
    }

    /// Takes a lease whose moment has come; it has none until [`Queue::schedule`] gives it the next one.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Key, Arc<Entry>, Instant)> {
        let due = self.next_due().filter(|due| *due <= now)?;
        let Reverse((_, key)) = self.moments.pop()?;
        let (entry, scheduled) = self.entries.get_mut(&key)?;
        *scheduled = None;
        Some((key, Arc::clone(entry), due))
    }

    fn is_current(&self, due: Instant, key: Key) -> bool {
        self.entries.get(&key).is_some_and(|(_, scheduled)| *scheduled == Some(due))
    }

    fn rebuild(&mut self) {
        let moments = self.entries.iter().filter_map(|(key, (_, due))| Some(Reverse(((*due)?, *key))));
        self.moments = moments.collect();
    }
}
