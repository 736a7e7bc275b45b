//! Who answers for a path below `sys/`, and for the settings of login methods.

use super::{
    Answered, audit, auth_methods, control_groups, metrics, mounts, namespaces, plugins, policies, quotas,
    raft, seal,
};
use crate::mock::model::Model;
use crate::mock::model::state::State;
use crate::mock::wire::Asked;

/// Each looks at the path and answers, or leaves it to the next; what none takes is answered elsewhere.
const AREAS: [fn(&mut State, &Asked, &str) -> Answered; 10] = [
    audit::answer,
    control_groups::answer,
    metrics::answer,
    mounts::answer,
    namespaces::answer,
    plugins::answer,
    policies::answer,
    quotas::answer,
    raft::answer,
    seal::answer,
];

impl Model {
    /// A request below `sys/`; `rest` is the path below it.
    pub(crate) fn system(&self, asked: &Asked, rest: &str) -> Answered {
        self.with(|state| AREAS.iter().find_map(|area| area(state, asked, rest)))
    }

    /// A request below `auth/` that is neither a login nor about tokens.
    pub(crate) fn auth_method(&self, asked: &Asked, rest: &str) -> Answered {
        self.with(|state| auth_methods::answer(state, asked, rest))
    }
}
