//! What this client wrote, until the regions it reads from have it.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use crate::SecretPath;

/// So many paths are remembered; for those forgotten, their newest moment counts for all paths.
const REMEMBERED: usize = 4_096;

/// The last write of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnWrite {
    pub(crate) at: Instant,
    /// The version that was written; none where something else was changed.
    pub(crate) version: Option<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct OwnWrites {
    paths: BTreeMap<SecretPath, OwnWrite>,
    order: VecDeque<(Instant, SecretPath)>,
    forgotten: Option<Instant>,
    last: Option<Instant>,
}

impl OwnWrites {
    pub(crate) fn note(&mut self, path: &SecretPath, write: OwnWrite) {
        self.last = self.last.max(Some(write.at));
        self.paths.insert(path.clone(), write);
        self.order.push_back((write.at, path.clone()));
        while self.paths.len() > REMEMBERED || self.order.len() > 2 * REMEMBERED {
            let Some((at, path)) = self.order.pop_front() else { break };
            // A newer write of the same path stays.
            if self.paths.get(&path).is_some_and(|write| write.at == at) {
                self.paths.remove(&path);
                self.forgotten = self.forgotten.max(Some(at));
            }
        }
    }

    /// What has to be there before this path is read.
    pub(crate) fn of(&self, path: &SecretPath) -> Option<OwnWrite> {
        let forgotten = self.forgotten.map(|at| OwnWrite { at, version: None });
        self.paths.get(path).copied().or(forgotten)
    }

    /// What has to be there before names are listed.
    pub(crate) fn last(&self) -> Option<Instant> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_forgotten_still_counts() {
        let (mut own, start) = (OwnWrites::default(), Instant::now());
        let path = |number: usize| format!("s{number}").parse::<SecretPath>().unwrap();
        for number in 0..REMEMBERED + 3 {
            let at = start + Duration::from_millis(number as u64);
            own.note(&path(number), OwnWrite { at, version: Some(1) });
        }
        let forgotten = own.of(&path(0)).unwrap();
        assert_eq!((forgotten.version, forgotten.at), (None, start + Duration::from_millis(2)));
        assert_eq!(own.of(&path(5)).unwrap().version, Some(1));
        assert_eq!(own.last(), Some(start + Duration::from_millis(REMEMBERED as u64 + 2)));
    }
}
