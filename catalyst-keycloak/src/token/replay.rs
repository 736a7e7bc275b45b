//! Identifiers that were used, for as long as they could be used again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};

use super::Refusal;

/// Remembers who used which identifier. When it is full of those that still count, it refuses: forgetting one would
/// let it be used again.
pub(super) struct Replays {
    seen: Mutex<Seen>,
    capacity: usize,
}

#[derive(Default)]
struct Seen {
    /// To when each counts, in seconds since 1970.
    until: HashMap<[u8; 32], i64>,
    /// When those that no longer count were last taken out, in seconds since 1970.
    swept_at: i64,
}

impl Replays {
    pub(super) fn new(capacity: usize) -> Self {
        Self { seen: Mutex::default(), capacity }
    }

    /// Notes that `who` used `id`, which counts to `until`.
    pub(super) fn first_use(&self, who: &str, id: &str, until: i64, now: i64) -> Result<(), Refusal> {
        let mut key = Context::new(&SHA256);
        key.update(&who.len().to_be_bytes());
        key.update(who.as_bytes());
        key.update(id.as_bytes());
        let digest = key.finish();
        let key = digest.as_ref().first_chunk::<32>().copied().unwrap_or_default();

        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.until.get(&key).is_some_and(|until| now <= *until) {
            return Err(Refusal::Replayed);
        }
        // Once a second at most: whoever fills it must not make it slow, too.
        if seen.swept_at < now && seen.until.len() >= self.capacity / 2 {
            seen.until.retain(|_key, until| now <= *until);
            seen.swept_at = now;
        }
        if seen.until.len() >= self.capacity {
            return Err(Refusal::ReplayMemoryFull);
        }
        seen.until.insert(key, until);
        Ok(())
    }
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replays(at most {})", self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_used_once_by_each_until_it_ends() {
        let replays = Replays::new(10);
        assert_eq!(replays.first_use("a", "1", 100, 50), Ok(()));
        assert_eq!(replays.first_use("b", "1", 100, 50), Ok(()), "of somebody else");
        assert_eq!(replays.first_use("a", "1", 160, 100), Err(Refusal::Replayed));
        assert_eq!(replays.first_use("a", "1", 200, 101), Ok(()));
        assert_eq!(replays.first_use("ab", "c", 200, 101), Ok(()));
        assert_eq!(replays.first_use("a", "bc", 200, 101), Ok(()), "not the same text by chance");
    }

    #[test]
    fn a_full_memory_refuses_and_makes_room_for_time() {
        let replays = Replays::new(3);
        for id in ["1", "2", "3"] {
            assert_eq!(replays.first_use("a", id, 100, 50), Ok(()));
        }
        assert_eq!(replays.first_use("a", "4", 100, 50), Err(Refusal::ReplayMemoryFull));
        assert_eq!(replays.first_use("a", "1", 100, 50), Err(Refusal::Replayed));
        assert_eq!(replays.first_use("a", "4", 200, 101), Ok(()));
    }
}
