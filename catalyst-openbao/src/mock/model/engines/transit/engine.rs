//! Which request is meant.

use std::collections::BTreeMap;

use super::key::Key;
use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Transit {
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) disable_upsert: bool,
}

impl EngineModel for Transit {
    fn engine_type(&self) -> EngineType {
        EngineType::Transit
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        let now = state.clock.unix(state.clock.now());
        self.rotate_on_time(state, now);
        let parts: Vec<&str> = rest.split('/').collect();
        match (asked.verb, parts.as_slice()) {
            (Verb::List, ["keys"]) => {
                let names: Vec<String> = self.keys.keys().cloned().collect();
                if names.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&names)) }
            }
            (Verb::Read | Verb::Write, ["config", "keys"]) => Ok(self.settings(asked)),
            (Verb::Write, ["encrypt", name]) => self.encrypt(state, asked, name, now),
            (Verb::Write, ["decrypt", name]) => self.decrypt(asked, name),
            (Verb::Write, ["rewrap", name]) => self.rewrap(state, asked, name),
            (Verb::Write, ["datakey", kind, name]) => self.data_key(state, asked, kind, name),
            (Verb::Write, ["sign", name]) => self.sign(asked, name),
            (Verb::Write, ["verify", name]) => self.verify(asked, name),
            (Verb::Write, ["hmac", name]) => self.hmac(asked, name),
            (Verb::Write, ["random"]) => Self::random(state, asked, None),
            (Verb::Write, ["random", bytes]) => Self::random(state, asked, Some(bytes)),
            (Verb::Write, ["hash"]) => Self::hash(asked, None),
            (Verb::Write, ["hash", algorithm]) => Self::hash(asked, Some(algorithm)),
            (_, ["keys", name]) if allowed(name) => self.key(state, asked, name, now),
            (Verb::Write, ["keys", name, "config"]) => self.configure(asked, name),
            (Verb::Write, ["keys", name, "rotate"]) => self.rotate(state, name, now),
            (Verb::Write, ["keys", name, "trim"]) => self.trim(asked, name),
            (Verb::Read, ["export", kind, name]) => self.export(kind, name, None),
            (Verb::Read, ["export", kind, name, version]) => self.export(kind, name, Some(version)),
            (Verb::Read, ["backup", name]) => self.backup(name, now),
            (Verb::Write, ["restore"]) => self.restore(asked, None, now),
            (Verb::Write, ["restore", name]) => self.restore(asked, Some(name), now),
            (
                _,
                [
                    "encrypt" | "decrypt" | "rewrap" | "sign" | "verify" | "hmac" | "backup" | "keys"
                    | "random",
                    ..,
                ],
            ) => Err(Refusal::unsupported_operation()),
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

impl Transit {
    /// The key; refused in these words if there is none.
    pub(super) fn existing(&self, name: &str, missing: &str) -> Result<&Key, Refusal> {
        self.keys.get(name).ok_or_else(|| Refusal::bad_request(missing))
    }

    fn rotate_on_time(&mut self, state: &mut State, now: i64) {
        for key in self.keys.values_mut().filter(|key| key.auto_rotate > 0) {
            let newest = key.versions.last_key_value().map_or(now, |(_, version)| version.created);
            if now.saturating_sub_unsigned(key.auto_rotate) >= newest {
                key.rotate(&mut state.random, now);
            }
        }
    }
}

/// As the server's pattern of names has it.
fn allowed(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut ends = [name.bytes().next(), name.bytes().next_back()].into_iter();
    ends.all(|end| end.is_some_and(inner))
        && name.bytes().all(|byte| inner(byte) || matches!(byte, b'.' | b'-'))
}
