//! Which area answers.

use super::keys::Keys;
use super::store::Table;
use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, Refusal};
use crate::mock::wire::{Asked, Content};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Identities {
    pub(super) entities: Table,
    pub(super) aliases: Table,
    pub(super) groups: Table,
    pub(super) group_aliases: Table,
    pub(super) keys: Keys,
}

impl EngineModel for Identities {
    fn engine_type(&self) -> EngineType {
        EngineType::Identity
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        let (area, below) = rest.split_once('/').unwrap_or((rest, ""));
        match area {
            "entity" => self.entity(state, asked, below),
            "entity-alias" => self.entity_alias(state, asked, below),
            "group" => self.group(state, asked, below),
            "group-alias" => self.group_alias(state, asked, below),
            "lookup" => self.look_up(asked, below),
            "oidc" => self.oidc(state, asked, below),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}
