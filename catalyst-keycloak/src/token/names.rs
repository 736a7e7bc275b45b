//! Whether a claim is there twice (RFC 7519 section 4), without a table of the names.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::compact::Word;

/// Payloads with more claims are always looked at exactly.
const MOST: usize = 64;

/// The names met so far, as fingerprints: two alike ask for an exact look.
pub(super) struct Names {
    met: [u32; MOST],
    count: usize,
    suspicious: bool,
}

impl Names {
    pub(super) fn new() -> Self {
        Self { met: [0; MOST], count: 0, suspicious: false }
    }

    pub(super) fn meet(&mut self, name: &str) {
        let fingerprint = fingerprint(name.as_bytes());
        let met = self.met.get(..self.count).unwrap_or_default();
        self.suspicious |= met.contains(&fingerprint);
        match self.met.get_mut(self.count) {
            Some(free) => *free = fingerprint,
            None => self.suspicious = true,
        }
        self.count += 1;
    }

    /// Whether one of the names in `payload`, all of which were met, is there twice.
    pub(super) fn repeat(&self, payload: &str) -> bool {
        self.suspicious && has_duplicates(payload)
    }
}

/// The first and the last eight bytes and the length, mixed.
#[allow(clippy::cast_possible_truncation, reason = "the upper half of a product, which is mixed best")]
fn fingerprint(name: &[u8]) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).wrapping_mul(ODD).rotate_left(32)
        }
        _ => name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    ((mixed ^ name.len() as u64).wrapping_mul(ODD) >> 32) as u32
}

fn has_duplicates(payload: &str) -> bool {
    struct Exact;
    impl<'p> Visitor<'p> for Exact {
        type Value = bool;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("claims")
        }
        fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<bool, A::Error> {
            let (mut met, mut twice) = (HashSet::new(), false);
            while let Some(name) = map.next_key::<Word<'p>>()? {
                twice |= !met.insert(name.into_inner());
                map.next_value::<&'p RawValue>()?;
            }
            Ok(twice)
        }
    }
    serde_json::Deserializer::from_str(payload).deserialize_map(Exact).unwrap_or(true)
}
