//! Which of several addresses are the answer.

use std::fmt;

/// Which of the addresses that are left are the answer.
///
/// There is no `pickfirst`, although documents name it: PowerDNS logs an unknown selector and picks at random
/// (measured: the first of two got 16 of 40 answers). An order of preference is written as priority sets
/// ([`AddressSets::by_priority`](super::AddressSets::by_priority)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Selector {
    /// All of them.
    All,
    /// None: an empty answer. Only when nothing is up, and from 5.1; before, it is as good as `Random`.
    Empty,
    /// One, at random for each question.
    Random,
    /// The one closest to the client, by the server's database of places (`geoip-database-files`); a guess without one.
    PickClosest,
    /// One, always the same for an address that asks.
    Hashed,
}

impl Selector {
    pub(super) const ALL: [Self; 5] = [Self::All, Self::Empty, Self::Random, Self::PickClosest, Self::Hashed];

    /// As the options of PowerDNS write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Empty => "empty",
            Self::Random => "random",
            Self::PickClosest => "pickclosest",
            Self::Hashed => "hashed",
        }
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|selector| selector.as_str().as_bytes() == text)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How one of several addresses with weights is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WeightedSelector {
    /// Always the same for an address that asks (`pickwhashed`): shares hold over many resolvers, not over the
    /// questions of one.
    Hashed,
    /// At random for each question (`pickwrandom`).
    Random,
}
