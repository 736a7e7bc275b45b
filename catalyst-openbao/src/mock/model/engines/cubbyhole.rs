//! The store that each token has for itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Cubbyhole {
    /// By token and path.
    kept: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
}

impl EngineModel for Cubbyhole {
    fn engine_type(&self) -> EngineType {
        EngineType::Cubbyhole
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        // What a token kept ends with it.
        self.kept.retain(|token, _| state.stored.tokens.contains_key(token));
        let token = asked.call.token();
        if token.starts_with("b.") {
            return Err(Refusal::bad_request(
                "cubbyhole operations are only supported by 'service' type tokens",
            ));
        }
        let mine = self.kept.entry(token.to_owned()).or_default();
        if asked.verb == Verb::List {
            return list(mine, rest);
        }
        if rest.is_empty() {
            return Err(Refusal::internal("missing path"));
        }
        match asked.verb {
            Verb::Read => mine
                .get(rest)
                .map(|data| Content::data(data.clone().into()))
                .ok_or_else(Refusal::nothing_there),
            Verb::Write => {
                let data = asked.fields();
                if data.is_empty() {
                    return Err(Refusal::internal("missing data fields"));
                }
                mine.insert(rest.to_owned(), data);
                Ok(Content::done())
            }
            Verb::Delete => {
                mine.remove(rest);
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

fn list(mine: &BTreeMap<String, Map<String, Value>>, prefix: &str) -> Result<Content, Refusal> {
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let below = mine.keys().filter_map(|path| path.strip_prefix(&prefix));
    let keys: BTreeSet<String> =
        below.map(|rest| rest.find('/').map_or(rest, |at| &rest[..=at]).to_owned()).collect();
    if keys.is_empty() {
        return Err(Refusal::nothing_there());
    }
    Ok(Content::keys(&keys.into_iter().collect::<Vec<_>>()))
}
