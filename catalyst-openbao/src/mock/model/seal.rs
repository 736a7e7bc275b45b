//! The seal of the server: its key shares, and the attempts to open it, to replace its shares, to make a root token.
//!
//! The shares are random bytes and not parts of a key: enough of them, all different and all of the set, open what
//! the real ones would.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalyst_core::Secret;
use serde_json::{Value, json};

use super::{Refusal, ServerState};

/// What unseals a server in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MockSeal {
    /// Shares that somebody gives it.
    Shamir,
    /// A key in its configuration: it unseals itself, and its shares are for recovery.
    Static,
}

pub(super) struct Seal {
    pub(super) kind: MockSeal,
    /// Tells one server's from another's, also when the shares are replaced.
    pub(super) identity: u128,
    pub(super) keys: KeySet,
    pub(super) unsealing: Given,
    pub(super) generation: Option<Generation>,
    pub(super) rotation: Option<Rotation>,
    /// Whether a root token is made without a session; the server's default is not to.
    pub(super) generates_roots: bool,
    /// The key that the storage is encrypted with, counted from 1.
    pub(super) term: u64,
}

/// The shares that open something, and how many of them do.
#[derive(Clone, Default)]
pub(super) struct KeySet {
    shares: Vec<Vec<u8>>,
    threshold: usize,
}

/// The shares that were given for something.
#[derive(Clone, Default)]
pub(super) struct Given {
    pub(super) nonce: String,
    shares: Vec<Vec<u8>>,
}

/// An attempt to make a root token.
pub(super) struct Generation {
    pub(super) given: Given,
    pub(super) otp: String,
}

/// An attempt to replace the shares.
pub(super) struct Rotation {
    pub(super) given: Given,
    pub(super) fresh: KeySet,
    pub(super) verified: bool,
    /// The new shares are out, and wait to be given back.
    pub(super) returned: Option<Given>,
}

/// What one more share did.
pub(super) enum Step {
    More,
    /// It was given before.
    Repeated,
    Opens,
    /// Enough of them, and they open nothing; all are forgotten.
    Wrong,
}

impl Seal {
    /// The seal of a development server: one share.
    pub(super) fn developer() -> Self {
        Self { keys: KeySet::random(1, 1), ..Self::new(MockSeal::Shamir) }
    }

    /// The seal of a server that was never initialised.
    pub(super) fn new(kind: MockSeal) -> Self {
        Self {
            kind,
            identity: fastrand::u128(..),
            keys: KeySet::default(),
            unsealing: Given::default(),
            generation: None,
            rotation: None,
            generates_roots: false,
            term: 1,
        }
    }

    /// What was begun and is kept in memory only is forgotten.
    pub(super) fn forget(&mut self) {
        self.unsealing = Given::default();
        (self.generation, self.rotation) = (None, None);
    }

    /// The body of `sys/seal-status`, without what an unsealed server adds.
    pub(super) fn status(&self, server: &ServerState, version: &str) -> Value {
        let sealed = matches!(server, ServerState::Sealed | ServerState::NotInitialized);
        let (name, recovery) = match self.kind {
            MockSeal::Shamir => ("shamir", false),
            MockSeal::Static => ("static", true),
        };
        json!({
            "type": name,
            "initialized": *server != ServerState::NotInitialized,
            "sealed": sealed,
            "t": self.keys.threshold,
            "n": self.keys.shares.len(),
            "progress": self.unsealing.shares.len(),
            "nonce": self.unsealing.nonce,
            "recovery_seal": recovery,
            "version": version,
            "commit_date": "2026-10-26T20:32:27Z",
            "migration": false,
            "storage_type": "inmem",
        })
    }
}

impl KeySet {
    pub(super) fn random(shares: usize, threshold: usize) -> Self {
        let share = || std::iter::repeat_with(|| fastrand::u8(..)).take(33).collect();
        Self { shares: std::iter::repeat_with(share).take(shares).collect(), threshold }
    }

    pub(super) fn threshold(&self) -> usize {
        self.threshold
    }

    pub(super) fn count(&self) -> usize {
        self.shares.len()
    }

    pub(super) fn base64(&self) -> Vec<Secret> {
        self.shares.iter().map(|share| Secret::from(STANDARD.encode(share))).collect()
    }

    /// The shares as the server gives them out, in hexadecimal and in base64.
    pub(super) fn texts(&self) -> (Vec<String>, Vec<String>) {
        let hex = |share: &Vec<u8>| {
            let digits = share.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
        };
        (
            self.shares.iter().map(hex).collect(),
            self.shares.iter().map(|share| STANDARD.encode(share)).collect(),
        )
    }

    fn opened_by(&self, given: &[Vec<u8>]) -> bool {
        given.len() >= self.threshold && given.iter().all(|share| self.shares.contains(share))
    }
}

impl Given {
    pub(super) fn new(nonce: String) -> Self {
        Self { nonce, shares: Vec::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.shares.len()
    }

    pub(super) fn add(&mut self, share: Vec<u8>, keys: &KeySet) -> Step {
        if self.shares.contains(&share) {
            return Step::Repeated;
        }
        self.shares.push(share);
        if self.shares.len() < keys.threshold {
            return Step::More;
        }
        let all = std::mem::take(&mut self.shares);
        if keys.opened_by(&all) { Step::Opens } else { Step::Wrong }
    }
}

/// A share as it is sent, in hexadecimal or base64.
pub(super) fn decode_share(text: &str) -> Result<Vec<u8>, Refusal> {
    let fits = |bytes: &Vec<u8>| (16..=33).contains(&bytes.len());
    let hex = || -> Option<Vec<u8>> {
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        pairs
            .map(|pair| {
                pair.filter(|pair| pair.len() == 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())
            })
            .collect()
    };
    hex()
        .filter(fits)
        .or_else(|| STANDARD.decode(text).ok().filter(fits))
        .ok_or_else(|| Refusal::bad_request("'key' must be a valid hex or base64 string"))
}
