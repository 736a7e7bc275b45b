//! Access tokens that were verified and are shown again.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

use super::claims::Claims;

/// Parts with a lock each, so that threads seldom meet.
const SHARDS: usize = 16;
/// When a part is full, one that has ended makes room if it is among so many; else any.
const LOOKED_AT: usize = 8;

/// Claims of verified tokens by the SHA-256 of the token, each with the generation of keys that it was verified with.
pub(super) struct Remembered {
    shards: [Mutex<Shard>; SHARDS],
    /// Of one part.
    capacity: usize,
}

/// The SHA-256 of a token.
pub(super) type Digest = [u8; 32];
type Shard = HashMap<Digest, Entry, BuildHasherDefault<Prefix>>;

struct Entry {
    claims: Arc<Claims>,
    generation: u64,
}

impl Remembered {
    pub(super) fn new(tokens: usize) -> Self {
        Self { shards: Default::default(), capacity: tokens.div_ceil(SHARDS) }
    }

    pub(super) fn digest(token: &str) -> Digest {
        digest(&SHA256, token.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// The claims of a token that was verified with this `generation` of keys.
    pub(super) fn get(&self, digest: &Digest, generation: u64) -> Option<Arc<Claims>> {
        let shard = self.shard(digest)?;
        let entry = shard.get(digest).filter(|entry| entry.generation == generation)?;
        Some(Arc::clone(&entry.claims))
    }

    pub(super) fn insert(&self, digest: Digest, claims: &Arc<Claims>, generation: u64, now: i64) {
        let Some(mut shard) = self.shard(&digest) else { return };
        if shard.len() >= self.capacity && !shard.contains_key(&digest) {
            let ended = |entry: &Entry| {
                entry.generation != generation || entry.claims.fields.exp.is_none_or(|exp| exp <= now)
            };
            let looked_at = shard.iter().take(LOOKED_AT).find(|(_, entry)| ended(entry));
            let leaves = looked_at.or_else(|| shard.iter().next()).map(|(digest, _)| *digest);
            leaves.map(|digest| shard.remove(&digest));
        }
        shard.insert(digest, Entry { claims: Arc::clone(claims), generation });
    }

    fn shard(&self, digest: &Digest) -> Option<MutexGuard<'_, Shard>> {
        // The last byte; the table inside goes by the first ones.
        let [.., last] = digest;
        let shard = self.shards.get(usize::from(*last) % SHARDS)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remembered(at most {})", self.capacity * SHARDS)
    }
}

/// A SHA-256 is as good as hashed; only tokens of the issuer come in, so nobody chooses them.
#[derive(Default)]
struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::Algorithm;

    fn claims(exp: i64) -> Arc<Claims> {
        Arc::new(Claims::read(format!(r#"{{"exp":{exp}}}"#), "org", Algorithm::Rs256).unwrap())
    }

    #[test]
    fn it_is_bounded_and_forgets_with_the_keys() {
        let remembered = Remembered::new(64);
        let digests: Vec<_> = (0..1000).map(|index: u32| Remembered::digest(&index.to_string())).collect();
        for digest in &digests {
            remembered.insert(*digest, &claims(100), 7, 50);
        }
        let kept = digests.iter().filter(|digest| remembered.get(digest, 7).is_some()).count();
        assert!((32..=64).contains(&kept), "{kept}");
        assert!(digests.iter().all(|digest| remembered.get(digest, 8).is_none()));
    }

    #[test]
    fn what_has_ended_makes_room_first() {
        let remembered = Remembered::new(SHARDS * 2);
        let of_one_shard: Vec<_> = (0_u32..)
            .map(|index| Remembered::digest(&index.to_string()))
            .filter(|digest| digest[31] % 16 == 3)
            .take(3)
            .collect();
        remembered.insert(of_one_shard[0], &claims(100), 0, 50);
        remembered.insert(of_one_shard[1], &claims(60), 0, 50);
        remembered.insert(of_one_shard[2], &claims(100), 0, 70);
        assert!(remembered.get(&of_one_shard[0], 0).is_some());
        assert!(remembered.get(&of_one_shard[1], 0).is_none());
        assert!(remembered.get(&of_one_shard[2], 0).is_some());
    }
}
