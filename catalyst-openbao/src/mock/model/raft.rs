//! The Raft storage of a server: its members and what autopilot was told.

use std::time::Duration;

use tokio::time::Instant;

/// The members of the cluster that a server is one of; a server that keeps its storage elsewhere has none.
#[derive(Clone)]
pub(super) struct Raft {
    /// In the order in which they joined.
    pub(super) members: Vec<Member>,
    pub(super) leader: String,
    /// Since when it leads.
    pub(super) since: Instant,
    pub(super) term: u64,
}

#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: String,
    /// The port of its API on loopback; that for the cluster is the next one.
    pub(super) port: u16,
    pub(super) voter: bool,
}

/// What autopilot does. It is stored, and so part of each snapshot.
#[derive(Clone)]
pub(super) struct Autopilot {
    pub(super) cleanup_dead_servers: bool,
    pub(super) last_contact_threshold: Duration,
    pub(super) dead_server_last_contact_threshold: Duration,
    pub(super) max_trailing_logs: u64,
    pub(super) min_quorum: u64,
    pub(super) server_stabilization_time: Duration,
}

impl Raft {
    /// All of them vote, and the first one leads.
    pub(super) fn new(ids: &[&str], now: Instant) -> Self {
        let member = |(id, port): (&&str, u16)| Member { id: (*id).to_owned(), port, voter: true };
        let members: Vec<Member> = ids.iter().zip((8200..).step_by(10)).map(member).collect();
        let leader = members.first().map(|member| member.id.clone()).unwrap_or_default();
        Self { members, leader, since: now, term: 3 }
    }

    pub(super) fn member(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id == id)
    }

    pub(super) fn voters(&self) -> Vec<&str> {
        self.members.iter().filter(|member| member.voter).map(|member| member.id.as_str()).collect()
    }

    /// Another voter leads; the same one, if there is no other.
    pub(super) fn elect(&mut self, now: Instant) {
        let other = self.members.iter().find(|member| member.voter && member.id != self.leader);
        if let Some(other) = other {
            self.leader = other.id.clone();
        }
        (self.since, self.term) = (now, self.term + 1);
    }
}

impl Member {
    pub(super) fn api_address(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// As Raft has it, without a scheme.
    pub(super) fn cluster_address(&self) -> String {
        format!("127.0.0.1:{}", self.port + 1)
    }
}

impl Default for Autopilot {
    /// As the server begins with it.
    fn default() -> Self {
        Self {
            cleanup_dead_servers: false,
            last_contact_threshold: Duration::from_secs(10),
            dead_server_last_contact_threshold: Duration::from_secs(24 * 3600),
            max_trailing_logs: 1000,
            min_quorum: 0,
            server_stabilization_time: Duration::from_secs(10),
        }
    }
}
