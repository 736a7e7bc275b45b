//! Who may speak to whom in a cluster.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, process, thread};

use tokio::sync::watch;

use super::proxy::Gate;

/// How often a connection is looked for before it is taken for a client's of another process.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(2);

/// An end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// Whoever is no node.
    Client,
    /// A node, by its number.
    Node(usize),
}

/// The links of a cluster: each direction of each pair can be cut and mended. All pass at first.
#[derive(Debug, Default)]
pub(crate) struct Links {
    gates: Mutex<HashMap<(End, usize), watch::Sender<bool>>>,
    /// The processes of the nodes, by which their connections are known.
    pids: Mutex<HashMap<usize, u32>>,
}

impl Links {
    /// The gate of the link from `from` to the node `to`.
    pub(crate) fn gate(&self, from: End, to: usize) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry((from, to)).or_insert_with(|| watch::Sender::new(true)).subscribe()
    }

    /// Cuts or mends the link from `from` to the node `to`.
    pub(crate) fn set(&self, from: End, to: usize, open: bool) {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry((from, to)).or_insert_with(|| watch::Sender::new(true)).send_replace(open);
    }

    /// The node `node` runs as this process now.
    pub(crate) fn runs_as(&self, node: usize, pid: u32) {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).insert(node, pid);
    }

    /// Whose connection this is: all of them come from one host, so that only the process tells the nodes apart. It
    /// blocks. The kernel's table is read piece by piece, and what comes and goes meanwhile may hide a line; a node's
    /// connection that passed for a client's would hold when the node is cut off. So it looks again.
    pub(crate) fn who_calls_from(&self, port: u16) -> End {
        for _ in 0..LOOKS {
            if let Some(end) = self.look_for(port) {
                return end;
            }
            thread::sleep(PAUSE);
        }
        End::Client
    }

    fn look_for(&self, port: u16) -> Option<End> {
        let pids = self.pids.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let socket = socket_of(port)?;
        let node = pids.into_iter().find(|(_, pid)| has_open(*pid, &socket));
        let ours = || has_open(process::id(), &socket).then_some(End::Client);
        node.map(|(node, _)| End::Node(node)).or_else(ours)
    }
}

/// What the proxy in front of node `to` asks.
pub(crate) fn gatekeeper(links: &Arc<Links>, to: usize) -> super::proxy::Gatekeeper {
    let links = Arc::clone(links);
    Arc::new(move |port| links.gate(links.who_calls_from(port), to))
}

/// The socket with this local port on 127.0.0.1, as `/proc` names it.
fn socket_of(port: u16) -> Option<String> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let local = format!("0100007F:{port:04X}");
    let line = table.lines().find(|line| line.split_whitespace().nth(1) == Some(&local))?;
    Some(format!("socket:[{}]", line.split_whitespace().nth(9)?))
}

fn has_open(pid: u32, socket: &str) -> bool {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|goal| goal.as_os_str() == socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_is_known_by_its_process() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let port = client.local_addr().unwrap().port();
        let links = Links::default();
        assert_eq!(links.who_calls_from(port), End::Client);
        links.runs_as(2, std::process::id());
        assert_eq!(links.who_calls_from(port), End::Node(2));
    }

    #[test]
    fn a_cut_link_is_shut_for_those_who_asked_before_and_after() {
        let links = Links::default();
        let before = links.gate(End::Node(0), 1);
        links.set(End::Node(0), 1, false);
        assert!(!*before.borrow() && !*links.gate(End::Node(0), 1).borrow());
        assert!(*links.gate(End::Node(1), 0).borrow());
    }
}
