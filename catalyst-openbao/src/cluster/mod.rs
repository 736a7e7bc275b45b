//! Several nodes as one address list: which of them is asked, and what is done when it does not answer.
//!
//! `plan` decides, and knows nothing of sockets; `nodes` keeps what is known; `probe` asks the nodes how they stand;
//! `route` takes a call to a node that carries it out.

mod index;
mod nodes;
mod plan;
mod probe;
mod race;
mod read_from;
mod route;
mod view;

pub(crate) use nodes::Nodes;
pub(crate) use probe::find_active;
pub use read_from::ReadFrom;
pub(crate) use route::{any, exchange};
pub use view::{Cluster, ClusterNode, NodeStanding};
