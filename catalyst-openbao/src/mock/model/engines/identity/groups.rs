//! Groups.

use serde_json::{Value, json};

use super::engine::Identities;
use super::store::{Record, by_name, list, list_names, put, text, texts};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Verb};

const WRITTEN: [&str; 5] = ["name", "metadata", "policies", "member_entity_ids", "member_group_ids"];

impl Identities {
    pub(super) fn group(
        &mut self,
        state: &mut State,
        asked: &Asked,
        below: &str,
    ) -> Result<Content, Refusal> {
        let (by, which) = below.split_once('/').unwrap_or((below, ""));
        let known = match by {
            "name" => by_name(&self.groups, which).map(|(id, _)| id.clone()),
            _ => Some(which.to_owned()).filter(|id| self.groups.contains_key(id)),
        };
        match (asked.verb, by, which) {
            (Verb::List, "id", "") => list(&self.groups, &["name"]),
            (Verb::List, "name", "") => list_names(&self.groups),
            (Verb::Write, "", "") => {
                let name = asked.text("name").unwrap_or_default();
                let known = by_name(&self.groups, &name).map(|(id, _)| id.clone());
                self.write_group(state, asked, known, &name)
            }
            (Verb::Write, "name", name) => self.write_group(state, asked, known, name),
            (Verb::Read, "id" | "name", _) => {
                let id = known.ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(self.shown_group(&id)))
            }
            (Verb::Delete, "id" | "name", _) => {
                if let Some(id) = known {
                    self.groups.remove(&id);
                    self.group_aliases.retain(|_, record| text(record, "canonical_id") != id);
                    for group in self.groups.values_mut() {
                        let left = texts(group, "member_group_ids").into_iter();
                        let left: Vec<String> = left.filter(|member| *member != id).collect();
                        group.insert("member_group_ids".to_owned(), json!(left));
                    }
                }
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn write_group(
        &mut self,
        state: &mut State,
        asked: &Asked,
        known: Option<String>,
        name: &str,
    ) -> Result<Content, Refusal> {
        let (fields, now) = (asked.fields(), state.clock.text(state.clock.now()));
        let is_new = known.is_none();
        let id = known.unwrap_or_else(|| state.random_nonce());
        let mut group = self.groups.get(&id).cloned().unwrap_or_else(|| fresh(name, &now));
        let kind = text(&fields, "type");
        if !is_new && !kind.is_empty() && kind != text(&group, "type") {
            return Err(Refusal::bad_request("group type cannot be changed"));
        }
        put(&mut group, &fields, &["type"]);
        if text(&group, "type") == "external" && fields.contains_key("member_entity_ids") {
            return Err(Refusal::bad_request("member entities can't be set manually for external groups"));
        }
        put(&mut group, &fields, &WRITTEN);
        if let Some(missing) =
            texts(&group, "member_entity_ids").into_iter().find(|id| !self.entities.contains_key(id))
        {
            return Err(Refusal::internal(&format!("invalid entity ID \"{missing}\"")));
        }
        for member in texts(&group, "member_group_ids") {
            if member == id {
                let text = format!("member group ID \"{member}\" is same as the ID of the group");
                return Err(Refusal::internal(&text));
            }
            if !self.groups.contains_key(&member) {
                return Err(Refusal::internal(&format!("invalid member group ID \"{member}\"")));
            }
            if self.is_below(&id, &member) {
                let text = format!("cyclic relationship detected for member group ID \"{member}\"");
                return Err(Refusal::bad_request(&text));
            }
        }
        group.insert("last_update_time".to_owned(), now.into());
        let name = group["name"].clone();
        self.groups.insert(id.clone(), group);
        Ok(if is_new { Content::data(json!({ "id": id, "name": name })) } else { Content::done() })
    }

    /// Whether `inner` is a member of `outer`, or of a member of it.
    fn is_below(&self, inner: &str, outer: &str) -> bool {
        let members =
            self.groups.get(outer).map(|group| texts(group, "member_group_ids")).unwrap_or_default();
        members.iter().any(|member| member == inner || self.is_below(inner, member))
    }

    pub(super) fn shown_group(&self, id: &str) -> Value {
        let mut shown = self.groups.get(id).cloned().unwrap_or_default();
        let alias = self.group_aliases.values().find(|record| text(record, "canonical_id") == id);
        shown.insert("alias".to_owned(), Value::Object(alias.cloned().unwrap_or_default()));
        shown.insert("parent_group_ids".to_owned(), json!(self.groups_with("member_group_ids", id)));
        shown.insert("id".to_owned(), id.into());
        Value::Object(shown)
    }
}

fn fresh(name: &str, now: &str) -> Record {
    let fields = json!({
        "name": name, "type": "internal", "metadata": null, "policies": [], "member_entity_ids": null,
        "member_group_ids": null, "creation_time": now, "last_update_time": now, "modify_index": 1,
        "namespace_id": "root",
    });
    fields.as_object().cloned().unwrap_or_default()
}
