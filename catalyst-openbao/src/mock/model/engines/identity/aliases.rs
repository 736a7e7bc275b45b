//! Aliases of entities and of groups.

use serde_json::{Value, json};

use super::engine::Identities;
use super::store::{Record, Table, list, text};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Verb};

const SHOWN: [&str; 8] = [
    "canonical_id",
    "custom_metadata",
    "local",
    "metadata",
    "mount_accessor",
    "mount_path",
    "mount_type",
    "name",
];

impl Identities {
    pub(super) fn entity_alias(
        &mut self,
        state: &mut State,
        asked: &Asked,
        below: &str,
    ) -> Result<Content, Refusal> {
        if asked.verb == Verb::Write {
            let mut alias = read(state, asked)?;
            let whose = text(&alias, "canonical_id").to_owned();
            if !self.entities.contains_key(&whose) {
                return Err(Refusal::bad_request("invalid canonical ID"));
            }
            let same_mount =
                |record: &Record| text(record, "mount_accessor") == text(&alias, "mount_accessor");
            let same = self
                .aliases
                .iter()
                .find(|(_, record)| same_mount(record) && text(record, "name") == text(&alias, "name"));
            let id = same.map(|(id, _)| id.clone());
            let of_it = |record: &Record| same_mount(record) && text(record, "canonical_id") == whose;
            if id.is_none() && self.aliases.values().any(of_it) {
                let text = "Alias already exists for requested entity and mount accessor";
                return Err(Refusal::bad_request(text));
            }
            let before = id.as_ref().and_then(|id| self.aliases.get(id));
            if before.is_some_and(|before| same_words(before, &alias)) {
                return Ok(Content::done());
            }
            let id = id.unwrap_or_else(|| state.random_nonce());
            alias.insert("id".to_owned(), id.clone().into());
            self.aliases.insert(id.clone(), alias);
            return Ok(Content::data(json!({ "canonical_id": whose, "id": id })));
        }
        kept(&mut self.aliases, asked, below)
    }

    pub(super) fn group_alias(
        &mut self,
        state: &mut State,
        asked: &Asked,
        below: &str,
    ) -> Result<Content, Refusal> {
        if asked.verb == Verb::Write {
            let mut alias = read(state, asked)?;
            let whose = text(&alias, "canonical_id").to_owned();
            let group = self.groups.get(&whose);
            let group =
                group.ok_or_else(|| Refusal::bad_request("invalid group ID given in 'canonical_id'"))?;
            if text(group, "type") != "external" {
                return Err(Refusal::bad_request("alias can't be set on an internal group"));
            }
            let of_it = self.group_aliases.iter().find(|(_, record)| text(record, "canonical_id") == whose);
            let id = of_it.map_or_else(|| state.random_nonce(), |(id, _)| id.clone());
            alias.insert("id".to_owned(), id.clone().into());
            self.group_aliases.insert(id.clone(), alias);
            return Ok(Content::data(json!({ "canonical_id": whose, "id": id })));
        }
        kept(&mut self.group_aliases, asked, below)
    }
}

/// The aliases of one kind: what is not a write.
fn kept(table: &mut Table, asked: &Asked, below: &str) -> Result<Content, Refusal> {
    match (asked.verb, below.split_once('/')) {
        (Verb::List, None) if below == "id" => list(table, &SHOWN),
        (Verb::Read, Some(("id", id))) => {
            let alias = table.get(id).cloned().ok_or_else(Refusal::nothing_there)?;
            Ok(Content::data(Value::Object(alias)))
        }
        (Verb::Delete, Some(("id", id))) => {
            table.remove(id);
            Ok(Content::done())
        }
        _ => Err(Refusal::unsupported_path()),
    }
}

/// Whether nothing of it changes, and then the server says nothing.
fn same_words(before: &Record, alias: &Record) -> bool {
    ["canonical_id", "custom_metadata", "name"].iter().all(|name| before.get(*name) == alias.get(*name))
}

fn read(state: &State, asked: &Asked) -> Result<Record, Refusal> {
    let fields = asked.fields();
    let accessor = text(&fields, "mount_accessor");
    let mount = state.mount_of_accessor(accessor);
    let (path, kind) =
        mount.ok_or_else(|| Refusal::bad_request(&format!("invalid mount accessor \"{accessor}\"")))?;
    let now = state.clock.text(state.clock.now());
    let alias = json!({
        "canonical_id": text(&fields, "canonical_id"), "creation_time": now,
        "custom_metadata": fields.get("custom_metadata"), "last_update_time": now, "local": false,
        "merged_from_canonical_ids": null, "metadata": null, "mount_accessor": accessor,
        "mount_path": format!("{path}/"), "mount_type": kind, "name": text(&fields, "name"), "namespace_id": "root",
    });
    Ok(alias.as_object().cloned().unwrap_or_default())
}
