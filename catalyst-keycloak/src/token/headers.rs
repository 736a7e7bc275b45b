//! Headers that were seen before: all tokens of a key have the same one, and reading it once is enough.

use std::sync::OnceLock;

use super::policy::Typ;
use crate::jose::Algorithm;

/// So many are remembered with each set of keys; others are read each time.
const REMEMBERED: usize = 4;
/// Longer ones are not worth the memory.
const LONGEST: usize = 512;

/// The headers of tokens whose signature was right, as they stand in the token.
#[derive(Debug, Default)]
pub(super) struct Headers([OnceLock<(Box<str>, Announced)>; REMEMBERED]);

/// What a header announces, all of it found allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Announced {
    /// The place of the key in its set.
    pub(super) key: usize,
    pub(super) algorithm: Algorithm,
    pub(super) typ: Typ,
}

impl Headers {
    /// What the header in `segment` announces, if it was seen before.
    pub(super) fn get(&self, segment: &str) -> Option<Announced> {
        let seen = self.0.iter().map_while(OnceLock::get);
        seen.filter(|(known, _)| **known == *segment).map(|(_, announced)| *announced).next()
    }

    /// Remembers the header in `segment` while there is room.
    pub(super) fn insert(&self, segment: &str, announced: Announced) {
        if segment.len() > LONGEST {
            return;
        }
        let mut entry = (Box::from(segment), announced);
        for place in &self.0 {
            match place.set(entry) {
                Ok(()) => return,
                Err(back) if place.get().is_some_and(|(known, _)| *known == back.0) => return,
                Err(back) => entry = back,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_remembered_once_each() {
        let headers = Headers::default();
        let announced = |key| Announced { key, algorithm: Algorithm::Es256, typ: Typ::Plain };
        for (key, segment) in ["a", "b", "a", "c", "d", "e"].into_iter().enumerate() {
            headers.insert(segment, announced(key));
            headers.insert(segment, announced(key));
        }
        headers.insert(&"x".repeat(LONGEST + 1), announced(9));
        let known: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|segment| headers.get(segment)).collect();
        assert_eq!(known[..2], [Some(announced(0)), Some(announced(1))]);
        assert_eq!(known[4], None, "no room");
    }
}
