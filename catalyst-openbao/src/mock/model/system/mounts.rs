//! Engines and login methods: mounted, tuned, moved, unmounted.

use super::Answered;
use crate::mock::model::state::State;
use crate::mock::wire::Asked;

pub(super) fn answer(_state: &mut State, _asked: &Asked, _rest: &str) -> Answered {
    None
}
