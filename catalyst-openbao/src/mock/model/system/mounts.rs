//! Engines and login methods: mounted, tuned, moved, unmounted.

use serde_json::{Map, Value, json};

use super::Answered;
use super::settings::MountRecord;
use crate::EngineType;
use crate::auth_method::AuthMethodType;
use crate::mock::model::Refusal;
use crate::mock::model::database::Database;
use crate::mock::model::engine;
use crate::mock::model::kv::KvMount;
use crate::mock::model::logins::LoginMount;
use crate::mock::model::state::{Engine, State, below, full_path};
use crate::mock::wire::{Asked, Content, Envelope, Verb};

/// The server's own longest term, as it shows it for a mount that sets none.
const SYSTEM_TTL: u64 = 2_764_800;
/// The login methods that the model knows.
const METHODS: [&str; 5] = ["approle", "cert", "jwt", "kubernetes", "userpass"];

/// Engines or login methods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Engines,
    Logins,
}

impl Table {
    /// What stands before the path of a mount.
    fn prefix(self) -> &'static str {
        if self == Self::Logins { "auth/" } else { "" }
    }
}

pub(super) fn answer(state: &mut State, asked: &Asked, rest: &str) -> Answered {
    let (area, path) = rest.split_once('/').unwrap_or((rest, ""));
    let table = match area {
        "mounts" => Table::Engines,
        "auth" => Table::Logins,
        "remount" => return Some(remount(state, asked, path)),
        _ => return None,
    };
    let admitted = state.admit(&asked.call, &asked.path, engine::capability(asked.verb));
    Some(admitted.and_then(|_token| match (asked.verb, path) {
        (Verb::Read, "") => Ok(list(state, asked, table)),
        (_, "") => Err(Refusal::unsupported_operation()),
        (verb, path) => match (verb, path.strip_suffix("/tune")) {
            (Verb::Read, Some(path)) => read_tuning(state, asked, table, path),
            (Verb::Write, Some(path)) => tune(state, asked, table, path),
            (Verb::Read, None) => read(state, asked, table, path),
            (Verb::Write, None) => enable(state, asked, table, path),
            (Verb::Delete, None) => Ok(disable(state, asked, table, path)),
            _ => Err(Refusal::unsupported_operation()),
        },
    }))
}

fn list(state: &mut State, asked: &Asked, table: Table) -> Content {
    let mut all = Map::new();
    for path in paths(state, asked, table) {
        let shown = path.strip_prefix(table.prefix()).unwrap_or(&path).to_owned();
        if let Some(record) = record(state, &full_path(&asked.call.namespace, &path)) {
            all.insert(format!("{shown}/"), record.to_json(table == Table::Logins));
        }
    }
    let always: &[&str] = match table {
        Table::Engines => &["cubbyhole", "identity", "sys"],
        Table::Logins => &["token"],
    };
    for kind in always {
        let mut record = state.new_mount_record(if *kind == "sys" { "system" } else { kind }, Value::Null);
        // They are there from the start, under the same names.
        (record.accessor, record.uuid) =
            (format!("{kind}_0000000a"), "7c1f5a24-5c44-4655-7a35-5f9c6d489ad9".into());
        all.insert(format!("{kind}/"), record.to_json(table == Table::Logins));
    }
    let mut body = Envelope { data: Value::Object(all.clone()), ..Envelope::default() }.to_json();
    // The server repeats the payload beside `data`.
    for (path, about) in all {
        body[path] = about;
    }
    Content::Bare(200, body)
}

fn read(state: &mut State, asked: &Asked, table: Table, path: &str) -> Result<Content, Refusal> {
    let full = full_path(&asked.call.namespace, &format!("{}{path}", table.prefix()));
    let found = record(state, &full).filter(|_| paths(state, asked, table).contains(&inside(asked, &full)));
    let record = found.ok_or_else(|| {
        Refusal::bad_request(&match table {
            Table::Engines => format!("No secret engine mount at {path}/"),
            Table::Logins => format!("No auth engine at {path}/"),
        })
    })?;
    Ok(Content::data(record.to_json(table == Table::Logins)))
}

fn enable(state: &mut State, asked: &Asked, table: Table, path: &str) -> Result<Content, Refusal> {
    let kind = asked.text("type").unwrap_or_default();
    let unknown = || Refusal::bad_request(&format!("plugin not found in the catalog: {kind}"));
    let options = asked.fields().remove("options").unwrap_or(Value::Null);
    let wanted = format!("{}{path}", table.prefix());
    let first = path.split('/').next().unwrap_or(path);
    if table == Table::Engines && ["auth", "cubbyhole", "identity", "sys"].contains(&first) {
        return Err(Refusal::bad_request(&format!("cannot mount \"{path}/\"")));
    }
    if let Some(taken) = paths(state, asked, table).iter().find(|taken| overlap(taken, &wanted)) {
        let taken = taken.strip_prefix(table.prefix()).unwrap_or(taken);
        return Err(Refusal::bad_request(&format!("path is already in use at {taken}/")));
    }
    let engine = match table {
        Table::Logins if METHODS.contains(&kind.as_str()) => Engine::Login(LoginMount::default()),
        Table::Logins => return Err(unknown()),
        Table::Engines => match kind.parse::<EngineType>().map_err(|_no_name| unknown())? {
            // The first version is another engine, which the model does not have.
            EngineType::Kv if options["version"] == "2" => Engine::Kv(KvMount::default()),
            EngineType::Database => Engine::Database(Database::new(state.clock.now())),
            other => Engine::Other(engine::new(&other).ok_or_else(unknown)?),
        },
    };
    let full = full_path(&asked.call.namespace, &wanted);
    let mut record = state.new_mount_record(&kind, options);
    record.description = asked.text("description").unwrap_or_default();
    (record.local, record.seal_wrap) =
        (asked.flag("local").unwrap_or(false), asked.flag("seal_wrap").unwrap_or(false));
    if let Some(Value::Object(config)) = asked.fields().remove("config") {
        merge(&mut record, config)?;
    }
    state.stored.settings.mounts.insert(full.clone(), record);
    state.stored.mounts.insert(full, engine);
    Ok(Content::done())
}

fn disable(state: &mut State, asked: &Asked, table: Table, path: &str) -> Content {
    let full = full_path(&asked.call.namespace, &format!("{}{path}", table.prefix()));
    state.unmount(&full);
    Content::done()
}

impl State {
    /// Path and type of the login method that has this accessor.
    pub(in crate::mock::model) fn mount_of_accessor(&self, accessor: &str) -> Option<(String, String)> {
        let mut all = self.stored.settings.mounts.iter();
        let (path, record) = all.find(|(_, record)| record.accessor == accessor)?;
        Some((path.clone(), record.kind.clone()))
    }

    /// Takes a mount away with all it keeps, and revokes its leases.
    pub(super) fn unmount(&mut self, full: &str) {
        let (now, leased) = (self.clock.now(), format!("{full}/"));
        let ending: Vec<String> =
            self.stored.leases.keys().filter(|id| id.starts_with(&leased)).cloned().collect();
        for lease in ending {
            // One whose user cannot be dropped is tried again.
            drop(self.end_lease(&lease, now));
        }
        self.stored.mounts.remove(full);
        self.stored.settings.mounts.remove(full);
        self.stored.settings.methods.remove(full);
    }
}

fn read_tuning(state: &mut State, asked: &Asked, table: Table, path: &str) -> Result<Content, Refusal> {
    let full = full_path(&asked.call.namespace, &format!("{}{path}", table.prefix()));
    let record = record(state, &full)
        .ok_or_else(|| Refusal::bad_request(&format!("cannot fetch sysview for path \"{path}/\"")))?;
    let mut tuning = record.config.clone();
    for name in ["default_lease_ttl", "max_lease_ttl"] {
        if tuning.get(name).is_none_or(|ttl| ttl == 0) {
            tuning.insert(name.to_owned(), json!(SYSTEM_TTL));
        }
    }
    tuning.entry("force_no_cache").or_insert_with(|| json!(false));
    tuning.insert("description".to_owned(), record.description.into());
    if record.options.is_object() {
        tuning.insert("options".to_owned(), record.options);
    }
    if table == Table::Logins {
        tuning.entry("token_type").or_insert_with(|| "default-service".into());
    }
    Ok(Content::data(Value::Object(tuning)))
}

fn tune(state: &mut State, asked: &Asked, table: Table, path: &str) -> Result<Content, Refusal> {
    let full = full_path(&asked.call.namespace, &format!("{}{path}", table.prefix()));
    let mut record = record(state, &full).ok_or_else(|| {
        Refusal::bad_request(&format!(
            "tune of path \"{}{path}/\" failed: no mount entry found",
            table.prefix()
        ))
    })?;
    let mut fields = asked.fields();
    if let Some(Value::String(text)) = fields.remove("description") {
        record.description = text;
    }
    if let Some(Value::Object(options)) = fields.remove("options") {
        match &mut record.options {
            Value::Object(kept) => kept.extend(options),
            nothing => *nothing = Value::Object(options),
        }
    }
    merge(&mut record, fields)?;
    state.stored.settings.mounts.insert(full, record);
    Ok(Content::done())
}

fn merge(record: &mut MountRecord, fields: Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in fields {
        let value = if name.ends_with("_ttl") { super::fields::seconds(&name, value)? } else { value };
        record.config.insert(name, value);
    }
    Ok(())
}

fn remount(state: &mut State, asked: &Asked, path: &str) -> Result<Content, Refusal> {
    state.admit(&asked.call, &asked.path, engine::capability(asked.verb))?;
    if let Some(id) = path.strip_prefix("status/") {
        let (from, to) = state.stored.settings.moves.get(id).ok_or_else(Refusal::nothing_there)?;
        let info = json!({ "source_mount": format!("{from}/"), "target_mount": format!("{to}/"), "status": "success" });
        return Ok(Content::data(json!({ "migration_id": id, "migration_info": info })));
    }
    let place = |name| asked.text(name).map(|path| path.trim_matches('/').to_owned()).unwrap_or_default();
    let (from, to) = (place("from"), place("to"));
    let [source, target] = [&from, &to].map(|path| full_path(&asked.call.namespace, path));
    let record = record(state, &source);
    let engine = state.stored.mounts.get(&source).cloned();
    let (Some(engine), Some(record)) = (engine, record) else {
        return Err(Refusal::bad_request(&format!("no matching mount at \"{from}/\"")));
    };
    if state.stored.mounts.contains_key(&target) {
        return Err(Refusal::bad_request(&format!("path already in use at \"{to}/\"")));
    }
    let method = state.stored.settings.methods.get(&source).cloned();
    state.unmount(&source);
    state.stored.mounts.insert(target.clone(), engine);
    state.stored.settings.mounts.insert(target.clone(), record);
    if let Some(method) = method {
        state.stored.settings.methods.insert(target, method);
    }
    let id = state.random_uuid();
    state.stored.settings.moves.insert(id.clone(), (from, to));
    let queued = "Mount move has been queued. Progress will be reported in OpenBao's server log, tagged with the \
                  returned migration_id";
    Ok(Content::Envelope(Envelope {
        data: json!({ "migration_id": id }),
        warnings: vec![queued.to_owned()],
        ..Envelope::default()
    }))
}

/// The mounts of the caller's namespace, with `auth/` before login methods.
fn paths(state: &State, asked: &Asked, table: Table) -> Vec<String> {
    let namespace = &asked.call.namespace;
    let mine =
        state.stored.mounts.iter().filter_map(|(path, engine)| Some((below(path, namespace)?, engine)));
    mine.filter(|(_, engine)| matches!(engine, Engine::Login(_)) == (table == Table::Logins))
        .filter(|(path, _)| !state.lies_deeper(namespace, path))
        .map(|(path, _)| path.to_owned())
        .collect()
}

impl State {
    /// Whether a path below `namespace` lies in one that is inside.
    fn lies_deeper(&self, namespace: &str, path: &str) -> bool {
        self.enter_namespace(namespace, path).0 != namespace
    }
}

/// What is known of a mount. One that a test made is given its record when somebody first asks.
fn record(state: &mut State, full: &str) -> Option<MountRecord> {
    if let Some(record) = state.stored.settings.mounts.get(full) {
        return Some(record.clone());
    }
    let (kind, options) = match state.stored.mounts.get(full)? {
        Engine::Kv(_) => ("kv".to_owned(), json!({ "version": "2" })),
        Engine::Database(_) => ("database".to_owned(), Value::Null),
        Engine::Other(engine) => (engine.engine_type().as_str().to_owned(), Value::Null),
        Engine::Login(login) => {
            (login.kind().unwrap_or(AuthMethodType::AppRole).as_str().to_owned(), json!({}))
        }
    };
    let record = state.new_mount_record(&kind, options);
    state.stored.settings.mounts.insert(full.to_owned(), record.clone());
    Some(record)
}

fn inside(asked: &Asked, full: &str) -> String {
    below(full, &asked.call.namespace).unwrap_or(full).to_owned()
}

/// Whether one of two mounts would hide the other.
fn overlap(one: &str, other: &str) -> bool {
    one == other || below(one, other).is_some() || below(other, one).is_some()
}
