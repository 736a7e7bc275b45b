//! The Raft storage: members, autopilot, snapshots.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Answered;
use super::fields::number;
use crate::mock::model::raft::{Autopilot, Member, Raft};
use crate::mock::model::state::{Image, State};
use crate::mock::model::wired::VERSION;
use crate::mock::model::{Capability, Refusal, ServerState, engine, snapshot_file};
use crate::mock::wire::{Asked, Content, Envelope, Verb};

/// The shortest time after which the server throws a silent member out.
const SHORTEST_SILENCE: Duration = Duration::from_secs(60);

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    match (asked.verb, rest) {
        (Verb::Read, "leader") => return Some(leader(state)),
        (Verb::Read, "ha-status") => return Some(ha_status(state, asked)),
        (Verb::Write, "step-down") => return Some(step_down(state, asked)),
        _ => {}
    }
    let rest = rest.strip_prefix("storage/raft/")?;
    Some(match (asked.verb, rest) {
        (Verb::Write, "join") => join(state, asked),
        (Verb::Write, "bootstrap") => Err(bootstrap(state)),
        _ => admitted(state, asked, rest),
    })
}

/// What needs a token, and a storage that is Raft's.
fn admitted(state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, engine::capability(asked.verb))?;
    let now = state.clock.now();
    let Some(raft) = &mut state.raft else { return Err(Refusal::unsupported_path()) };
    match (asked.verb, rest) {
        (Verb::Read, "configuration") => Ok(configuration(raft)),
        (Verb::Read, "autopilot/state") => {
            let since = state.clock.text(raft.since);
            Ok(autopilot_state(raft, state.index, &since))
        }
        (Verb::Read, "autopilot/configuration") => {
            Ok(Content::data(state.stored.settings.autopilot.to_json()))
        }
        (Verb::Write, "autopilot/configuration") => {
            state.stored.settings.autopilot = state.stored.settings.autopilot.changed(asked)?;
            Ok(Content::done())
        }
        (Verb::Write, "remove-peer") => remove(raft, &server_id(asked)?, now),
        (Verb::Write, "promote" | "demote") => {
            let id = server_id(asked)?;
            let unknown = || Refusal::listed(500, &format!("server {id} not found in raft configuration"));
            let last = raft.voters() == [id.as_str()];
            let member = raft.member(&id).ok_or_else(unknown)?;
            // The only one keeps its vote, whatever it is told.
            member.voter = rest == "promote" || last;
            if !member.voter && raft.leader == id {
                raft.elect(now);
            }
            Ok(Content::done())
        }
        (Verb::Read, "snapshot") => {
            let (name, image) = (state.random.u128(..), state.image());
            Ok(Content::Bytes("application/gzip", snapshot_file::save(name, image)))
        }
        (Verb::Write, "snapshot" | "snapshot-force") => {
            let image = snapshot_file::open(asked.bytes())?;
            restore(state, image, rest == "snapshot-force")
        }
        _ => Err(Refusal::unsupported_path()),
    }
}

fn server_id(asked: &Asked) -> Result<String, Refusal> {
    let id = asked.text("server_id").filter(|id| !id.is_empty());
    id.ok_or_else(|| Refusal::bad_request("no server id provided"))
}

fn configuration(raft: &Raft) -> Content {
    let server = |member: &Member| {
        json!({
            "node_id": member.id,
            "address": member.cluster_address(),
            "leader": member.id == raft.leader,
            "protocol_version": "3",
            "voter": member.voter,
        })
    };
    let servers: Vec<Value> = raft.members.iter().map(server).collect();
    Content::data(json!({ "config": { "servers": servers, "index": 0 } }))
}

fn autopilot_state(raft: &Raft, index: u64, since: &str) -> Content {
    let voters = raft.voters();
    let server = |member: &Member| {
        let leads = member.id == raft.leader;
        let status = match member.voter {
            _ if leads => "leader",
            true => "voter",
            false => "non-voter",
        };
        let about = json!({
            "id": member.id, "name": member.id, "address": member.cluster_address(), "node_status": "alive",
            "last_contact": if leads { "0s" } else { "1s" }, "last_term": raft.term, "last_index": index,
            "healthy": true, "stable_since": since, "status": status, "version": VERSION, "node_type": "voter",
        });
        (member.id.clone(), about)
    };
    let servers: Map<String, Value> = raft.members.iter().map(server).collect();
    Content::data(json!({
        // With an even number of voters one more makes no difference.
        "failure_tolerance": voters.len().saturating_sub(1) / 2,
        "healthy": true,
        "leader": raft.leader,
        "servers": servers,
        "voters": voters,
    }))
}

/// One that is no member is a success.
fn remove(raft: &mut Raft, id: &str, now: tokio::time::Instant) -> Result<Content, Refusal> {
    if raft.voters() == [id] {
        return Err(Refusal::listed(500, "need at least one voter in configuration: {[]}"));
    }
    if raft.leader == id {
        raft.elect(now);
    }
    raft.members.retain(|member| member.id != id);
    Ok(Content::done())
}

/// A member that joins again has joined. A model knows no other server that it could become a member of.
fn join(state: &State, asked: &Asked) -> Result<Content, Refusal> {
    if state.raft.is_none() {
        return Err(Refusal::new(500, &["raft backend not in use"]));
    }
    let initialized = state.server != ServerState::NotInitialized;
    if initialized || asked.flag("retry") == Some(true) {
        return Ok(Content::Bare(200, json!({ "joined": initialized })));
    }
    Err(Refusal::new(500, &["failed to join raft cluster: failed to get raft challenge"]))
}

fn bootstrap(state: &State) -> Refusal {
    match state.server {
        _ if state.raft.is_none() => Refusal::new(500, &["raft backend not in use"]),
        ServerState::NotInitialized | ServerState::Sealed => {
            Refusal::bad_request("node must be unsealed to bootstrap")
        }
        _ => Refusal::new(
            500,
            &[
                "could not bootstrap clustered storage: error bootstrapping cluster: cluster already has state",
            ],
        ),
    }
}

fn leader(state: &State) -> Result<Content, Refusal> {
    if matches!(state.server, ServerState::Sealed | ServerState::NotInitialized) {
        return Err(Refusal::sealed());
    }
    let Some(raft) = &state.raft else {
        return Ok(Content::Bare(200, json!({ "ha_enabled": false })));
    };
    let leads = raft.members.iter().find(|member| member.id == raft.leader);
    let (api, cluster) =
        leads.map(|member| (member.api_address(), member.cluster_address())).unwrap_or_default();
    Ok(Content::Bare(
        200,
        json!({
            "ha_enabled": true,
            "is_self": state.server == ServerState::Active,
            "active_time": state.clock.text(raft.since),
            "leader_address": api,
            "leader_cluster_address": format!("https://{cluster}"),
            "raft_committed_index": state.index,
            "raft_applied_index": state.index,
        }),
    ))
}

fn ha_status(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, Capability::Read)?;
    let now = state.clock.text(state.clock.now());
    let alone = Raft::new(&["model"], state.clock.now());
    let raft = state.raft.as_ref().unwrap_or(&alone);
    let node = |member: &Member| {
        let active = member.id == raft.leader;
        json!({
            "hostname": "model",
            "api_address": member.api_address(),
            "cluster_address": format!("https://{}", member.cluster_address()),
            "active_node": active,
            "last_echo": if active { Value::Null } else { now.clone().into() },
            "version": VERSION,
        })
    };
    let nodes: Vec<Value> = raft.members.iter().map(node).collect();
    let mut body = Envelope { data: json!({ "nodes": nodes }), ..Envelope::default() }.to_json();
    // The server repeats the payload beside `data`.
    body["nodes"] = nodes.into();
    Ok(Content::Bare(200, body))
}

/// The lead goes to another member. All members of a model are this one server, which answers for whoever leads.
fn step_down(state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, Capability::Update)?;
    let now = state.clock.now();
    if let Some(raft) = &mut state.raft {
        raft.elect(now);
    }
    Ok(Content::done())
}

/// The members stay those that they are. A server whose keys are replaced by those of another cluster is sealed until
/// it gets the other's shares.
fn restore(state: &mut State, image: Image, force: bool) -> Result<Content, Refusal> {
    let own = image.seal == state.seal.identity;
    if !own && !force {
        return Err(Refusal::of_another_cluster(state.seal.kind));
    }
    state.take(image);
    if !own {
        state.lock_up();
    }
    Ok(Content::done())
}

impl Autopilot {
    fn to_json(&self) -> Value {
        json!({
            "cleanup_dead_servers": self.cleanup_dead_servers,
            "dead_server_last_contact_threshold": go_text(self.dead_server_last_contact_threshold),
            "last_contact_threshold": go_text(self.last_contact_threshold),
            "max_trailing_logs": self.max_trailing_logs,
            "min_quorum": self.min_quorum,
            "server_stabilization_time": go_text(self.server_stabilization_time),
        })
    }

    /// As it is after a request, unless the server refuses it.
    fn changed(&self, asked: &Asked) -> Result<Self, Refusal> {
        let fields = asked.fields();
        let given =
            |name: &str, old: u64| if fields.contains_key(name) { number(&fields, name) } else { old };
        // No span at all means: as it was.
        let span = |name: &str, old: Duration| {
            asked.span(name).map(|span| span.filter(|span| !span.is_zero()).unwrap_or(old))
        };
        let silence = "dead_server_last_contact_threshold";
        let changed = Self {
            cleanup_dead_servers: asked.flag("cleanup_dead_servers").unwrap_or(self.cleanup_dead_servers),
            last_contact_threshold: span("last_contact_threshold", self.last_contact_threshold)?,
            dead_server_last_contact_threshold: span(silence, self.dead_server_last_contact_threshold)?,
            max_trailing_logs: given("max_trailing_logs", self.max_trailing_logs),
            min_quorum: given("min_quorum", self.min_quorum),
            server_stabilization_time: span("server_stabilization_time", self.server_stabilization_time)?,
        };
        if !changed.cleanup_dead_servers {
            return Ok(changed);
        }
        if changed.min_quorum < 3 {
            let text = format!(
                "min_quorum must be set when cleanup_dead_servers is set and it should at least be 3; \
                 cleanup_dead_servers: true, min_quorum: {:#x}",
                changed.min_quorum
            );
            return Err(Refusal::bad_request(&text));
        }
        if changed.dead_server_last_contact_threshold < SHORTEST_SILENCE {
            let seconds = changed.dead_server_last_contact_threshold.as_secs();
            let text = format!("{silence} should not be set to less than 1m; received: {seconds}");
            return Err(Refusal::bad_request(&text));
        }
        Ok(changed)
    }
}

/// As Go prints a duration of whole seconds, with all parts below the largest: `24h0m0s`, `1m0s`, `10s`.
fn go_text(span: Duration) -> String {
    let total = span.as_secs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}
