//! Refusals that mean something special for what the call is about.

use super::meaning::Meaning;
use super::{
    auth_method, cubbyhole, database_admin, identity, kubernetes, operator, pki, rabbitmq, raft, ssh, system,
    totp, transit,
};
use crate::operation::Subject;

/// None if the status alone tells.
pub(super) fn meaning(subject: Subject, status: u16, said: &str) -> Option<Meaning> {
    match subject {
        Subject::AuthMethod => auth_method::meaning(status, said),
        Subject::DatabaseAdmin => database_admin::meaning(status, said),
        Subject::Identity => identity::meaning(status, said),
        Subject::Kubernetes => kubernetes::meaning(status, said),
        Subject::Operator => operator::meaning(status, said),
        Subject::Pki => pki::meaning(status, said),
        Subject::RabbitMq => rabbitmq::meaning(status, said),
        Subject::Raft => raft::meaning(status, said),
        Subject::Ssh => ssh::meaning(status, said),
        Subject::System => system::meaning(status, said),
        Subject::Totp => totp::meaning(status, said),
        Subject::Transit => transit::meaning(status, said),
        Subject::Cubbyhole => cubbyhole::meaning(status, said),
        Subject::Any => None,
    }
}
