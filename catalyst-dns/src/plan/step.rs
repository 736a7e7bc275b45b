//! What a plan is made of: places in the lists of what is wanted and what is there.

use super::RefusalCode;

/// A place in a list of sets; small, for there are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(u32);

impl At {
    pub(super) const NOWHERE: Self = Self(u32::MAX);

    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(super) fn is_somewhere(self) -> bool {
        self != Self::NOWHERE
    }

    pub(super) fn get<T>(self, list: &[T]) -> Option<&T> {
        list.get(usize::try_from(self.0).ok()?)
    }

    pub(super) fn get_mut<T>(self, list: &mut [T]) -> Option<&mut T> {
        list.get_mut(usize::try_from(self.0).ok()?)
    }
}

/// What is done with one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Create,
    Update,
    Delete,
    Adopt,
    Transfer,
    Relabel,
    Forget,
    Refuse(RefusalCode),
}

/// One action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) doing: Doing,
    pub(super) want: At,
    pub(super) have: At,
    /// The mark of what is there, or of what is not there any more.
    pub(super) mark: At,
}

impl Step {
    /// About a wanted set.
    pub(super) fn with(doing: Doing, want: At, have: At, mark: At) -> Self {
        Self { doing, want, have, mark }
    }

    /// A set that goes.
    pub(super) fn delete(have: At, mark: At) -> Self {
        Self { doing: Doing::Delete, want: At::NOWHERE, have, mark }
    }

    /// A mark that goes alone.
    pub(super) fn forget(mark: At) -> Self {
        Self { doing: Doing::Forget, want: At::NOWHERE, have: At::NOWHERE, mark }
    }
}
