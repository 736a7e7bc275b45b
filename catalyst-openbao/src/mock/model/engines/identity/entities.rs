//! Entities, and what is looked for.

use serde_json::{Value, json};

use super::engine::Identities;
use super::store::{Record, by_name, list, list_names, put, text, texts};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Verb};

const WRITTEN: [&str; 4] = ["name", "metadata", "policies", "disabled"];

impl Identities {
    pub(super) fn entity(
        &mut self,
        state: &mut State,
        asked: &Asked,
        below: &str,
    ) -> Result<Content, Refusal> {
        let (by, which) = below.split_once('/').unwrap_or((below, ""));
        let known = match by {
            "name" => by_name(&self.entities, which).map(|(id, _)| id.clone()),
            _ => Some(which.to_owned()).filter(|id| self.entities.contains_key(id)),
        };
        match (asked.verb, by, which) {
            (Verb::List, "id", "") => list(&self.entities, &["name"]),
            (Verb::List, "name", "") => list_names(&self.entities),
            (Verb::Write, "merge", "") => self.merge(asked),
            (Verb::Write, "", "") => {
                let name = asked.text("name").unwrap_or_default();
                let known = by_name(&self.entities, &name).map(|(id, _)| id.clone());
                Ok(self.write_entity(state, asked, known, &name))
            }
            (Verb::Write, "name", name) => Ok(self.write_entity(state, asked, known, name)),
            (Verb::Write, "id", _) => {
                let known = known.ok_or_else(|| Refusal::bad_request("entity not found from id"))?;
                let name = text(&self.entities[&known], "name").to_owned();
                Ok(self.write_entity(state, asked, Some(known), &name))
            }
            (Verb::Read, "id" | "name", _) => {
                let id = known.ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(self.shown_entity(&id)))
            }
            (Verb::Delete, "id" | "name", _) => {
                if let Some(id) = known {
                    self.forget_entity(&id);
                }
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn write_entity(
        &mut self,
        state: &mut State,
        asked: &Asked,
        known: Option<String>,
        name: &str,
    ) -> Content {
        let now = state.clock.text(state.clock.now());
        let is_new = known.is_none();
        let id = known.unwrap_or_else(|| state.random_nonce());
        let record = self.entities.entry(id.clone()).or_insert_with(|| fresh(name, &now));
        put(record, &asked.fields(), &WRITTEN);
        if text(record, "name").is_empty() {
            record.insert("name".to_owned(), format!("entity_{}", &id[..8]).into());
        }
        record.insert("last_update_time".to_owned(), now.into());
        let name = record["name"].clone();
        if is_new {
            Content::data(json!({ "aliases": null, "id": id, "name": name }))
        } else {
            Content::done()
        }
    }

    /// The entity of somebody who logged in, made at the first use.
    pub(super) fn entity_of_login(&mut self, id: &str, now: &str) {
        let name = format!("entity_{}", &id[..8]);
        self.entities.entry(id.to_owned()).or_insert_with(|| fresh(&name, now));
    }

    pub(super) fn shown_entity(&self, id: &str) -> Value {
        let mut shown = self.entities.get(id).cloned().unwrap_or_default();
        let of_it = |record: &&Record| text(record, "canonical_id") == id;
        let aliases: Vec<Value> =
            self.aliases.values().filter(of_it).map(|record| Value::Object(record.clone())).collect();
        let direct = self.groups_with("member_entity_ids", id);
        let mut inherited = Vec::new();
        let mut above: Vec<String> = direct.clone();
        while let Some(group) = above.pop() {
            for parent in self.groups_with("member_group_ids", &group) {
                if !inherited.contains(&parent) {
                    inherited.push(parent.clone());
                    above.push(parent);
                }
            }
        }
        shown.insert("aliases".to_owned(), aliases.into());
        shown.insert("group_ids".to_owned(), json!([direct.clone(), inherited.clone()].concat()));
        shown.insert("direct_group_ids".to_owned(), json!(direct));
        shown.insert("inherited_group_ids".to_owned(), json!(inherited));
        shown.insert("id".to_owned(), id.into());
        Value::Object(shown)
    }

    pub(super) fn groups_with(&self, list: &str, member: &str) -> Vec<String> {
        let holds = |record: &Record| texts(record, list).iter().any(|id| id == member);
        self.groups.iter().filter(|(_, record)| holds(record)).map(|(id, _)| id.clone()).collect()
    }

    fn forget_entity(&mut self, id: &str) {
        self.entities.remove(id);
        self.aliases.retain(|_, record| text(record, "canonical_id") != id);
        for group in self.groups.values_mut() {
            let left: Vec<String> =
                texts(group, "member_entity_ids").into_iter().filter(|member| member != id).collect();
            group.insert("member_entity_ids".to_owned(), json!(left));
        }
    }

    fn merge(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let (from, into) = (texts(&fields, "from_entity_ids"), text(&fields, "to_entity_id").to_owned());
        if !self.entities.contains_key(&into) {
            return Err(Refusal::bad_request("entity id to merge to is invalid"));
        }
        if from.contains(&into) {
            return Err(Refusal::bad_request("to_entity_id should not be present in from_entity_ids"));
        }
        if !from.iter().all(|id| self.entities.contains_key(id)) {
            return Err(Refusal::bad_request("entity id to merge from is invalid"));
        }
        for id in &from {
            for alias in self.aliases.values_mut().filter(|alias| text(alias, "canonical_id") == id) {
                alias.insert("canonical_id".to_owned(), into.clone().into());
            }
            for group in self.groups.values_mut() {
                let mut members = texts(group, "member_entity_ids");
                if members.contains(id) && !members.contains(&into) {
                    members.push(into.clone());
                    group.insert("member_entity_ids".to_owned(), json!(members));
                }
            }
            self.forget_entity(id);
        }
        if let Some(record) = self.entities.get_mut(&into) {
            let merged = [texts(record, "merged_entity_ids"), from].concat();
            record.insert("merged_entity_ids".to_owned(), json!(merged));
        }
        Ok(Content::done())
    }

    pub(super) fn look_up(&mut self, asked: &Asked, what: &str) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let given = ["id", "name", "alias_id", "alias_name"].map(|name| text(&fields, name));
        match given.iter().filter(|value| !value.is_empty()).count() {
            0 => return Err(Refusal::bad_request("query parameter not supplied")),
            1 => {}
            _ => {
                return Err(Refusal::bad_request(
                    "query parameter conflict; please supply distinct set of query parameters",
                ));
            }
        }
        let [id, name, alias_id, alias_name] = given;
        let (table, names) = match what {
            "entity" => (&self.entities, &self.aliases),
            "group" => (&self.groups, &self.group_aliases),
            _ => return Err(Refusal::unsupported_path()),
        };
        let accessor = text(&fields, "alias_mount_accessor");
        let aliased = names.iter().find(|(alias, record)| {
            *alias == alias_id
                || !alias_name.is_empty()
                    && text(record, "name") == alias_name
                    && text(record, "mount_accessor") == accessor
        });
        let found = match (id, name) {
            ("", "") => aliased.map(|(_, record)| text(record, "canonical_id").to_owned()),
            ("", name) => by_name(table, name).map(|(id, _)| id.clone()),
            (id, _) => Some(id.to_owned()),
        };
        match found.filter(|id| table.contains_key(id)) {
            None => Ok(Content::done()),
            Some(id) if what == "entity" => Ok(Content::data(self.shown_entity(&id))),
            Some(id) => Ok(Content::data(self.shown_group(&id))),
        }
    }
}

fn fresh(name: &str, now: &str) -> Record {
    let fields = json!({
        "name": name, "metadata": null, "policies": [], "disabled": false, "creation_time": now,
        "last_update_time": now, "merged_entity_ids": null, "namespace_id": "root",
    });
    fields.as_object().cloned().unwrap_or_default()
}
