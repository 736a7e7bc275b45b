//! Users of a RabbitMQ. There is none behind: what its administrator does always succeeds.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::Secret;
use serde_json::{Map, Value, json};

use super::leased;
use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, MockRole, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct RabbitMq {
    connected: bool,
    terms: Option<(Duration, Duration)>,
    roles: BTreeMap<String, Map<String, Value>>,
}

impl EngineModel for RabbitMq {
    fn engine_type(&self) -> EngineType {
        EngineType::RabbitMq
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        let (area, name) = rest.split_once('/').unwrap_or((rest, ""));
        match (asked.verb, area, name) {
            (Verb::Write, "config", "connection") => self.connect(asked),
            (Verb::Read, "config", "lease") => {
                let (ttl, max_ttl) = self.terms.ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(json!({ "ttl": ttl.as_secs(), "max_ttl": max_ttl.as_secs() })))
            }
            (Verb::Write, "config", "lease") => {
                let (ttl, max_ttl) = (asked.span("ttl")?, asked.span("max_ttl")?);
                self.terms = Some((ttl.unwrap_or_default(), max_ttl.unwrap_or_default()));
                Ok(Content::done())
            }
            (Verb::List, "roles", "") if self.roles.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, "roles", "") => Ok(Content::keys(&self.roles.keys().cloned().collect::<Vec<_>>())),
            (_, "roles" | "creds", name) if name.is_empty() || name.contains('/') => {
                Err(Refusal::unsupported_path())
            }
            (Verb::Read, "roles", name) => {
                let role = self.roles.get(name).ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(Value::Object(role.clone())))
            }
            (Verb::Write, "roles", name) => self.write(asked, name),
            (Verb::Delete, "roles", name) => {
                self.roles.remove(name);
                Ok(Content::done())
            }
            (Verb::Read, "creds", name) => self.issue(state, asked, rest, name),
            (_, "roles" | "creds" | "config", _) => Err(Refusal::unsupported_operation()),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

impl RabbitMq {
    fn connect(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        for (field, words) in [
            ("connection_uri", "missing connection_uri"),
            ("username", "missing username"),
            ("password", "missing password"),
        ] {
            if asked.text(field).unwrap_or_default().is_empty() {
                return Err(Refusal::bad_request(words));
            }
        }
        self.connected = true;
        Ok(Content::done())
    }

    fn write(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let map = |field: &str| {
            let text = asked.text(field).unwrap_or_default();
            if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str::<Value>(&text) }
        };
        let tags = asked.text("tags").unwrap_or_default();
        let given = |field: &str| asked.text(field).is_some_and(|text| !text.is_empty());
        if tags.is_empty() && !given("vhosts") {
            return Err(Refusal::bad_request("both tags and vhosts not specified"));
        }
        let refuse =
            |field: &str| Refusal::bad_request(&format!("failed to unmarshal {field}: unexpected EOF"));
        let vhosts = map("vhosts").map_err(|_malformed| refuse("vhosts"))?;
        let topics = map("vhost_topics").map_err(|_malformed| refuse("vhost_topics"))?;
        let role = json!({ "tags": tags, "vhosts": vhosts, "vhost_topics": topics });
        self.roles.insert(name.to_owned(), role.as_object().cloned().unwrap_or_default());
        Ok(Content::done())
    }

    fn issue(&self, state: &mut State, asked: &Asked, rest: &str, name: &str) -> Result<Content, Refusal> {
        if !self.roles.contains_key(name) {
            return Err(Refusal::bad_request(&format!("unknown role: {name}")));
        }
        if !self.connected {
            return Err(Refusal::internal("failed to create a new user with the generated credentials"));
        }
        let (ttl, max_ttl) = self.terms.unwrap_or_default();
        let (username, password) =
            (format!("token-{}", state.random_nonce()), Secret::from(state.random_text(36)));
        let data = json!({ "username": username, "password": password.expose() });
        let wanted = MockRole::new(ttl).max_ttl(max_ttl);
        leased(state, asked, rest, &wanted, &username, Some(password), data)
    }
}
