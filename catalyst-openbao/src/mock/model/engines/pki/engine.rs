//! The engine: which request goes where.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::issuing::Way;
use super::settings::Settings;
use super::store::{CertificateRecord, IssuerRecord, KeyRecord};
use crate::EngineType;
use crate::mock::model::state::State;
use crate::mock::model::{EngineModel, Refusal};
use crate::mock::wire::{Asked, Content, Verb};

#[derive(Clone, Default)]
pub(in crate::mock::model) struct Pki {
    /// By identifier.
    pub(super) issuers: BTreeMap<String, IssuerRecord>,
    /// By identifier.
    pub(super) keys: BTreeMap<String, KeyRecord>,
    /// An identifier; empty if there is none.
    pub(super) default_issuer: String,
    pub(super) follows_latest: bool,
    pub(super) roles: BTreeMap<String, Fields>,
    /// By serial number.
    pub(super) certificates: BTreeMap<String, CertificateRecord>,
    /// The number of the next list.
    pub(super) list_number: u64,
    pub(super) settings: Settings,
}

impl EngineModel for Pki {
    fn engine_type(&self) -> EngineType {
        EngineType::Pki
    }

    fn answer(&mut self, state: &mut State, asked: &Asked, rest: &str) -> Result<Content, Refusal> {
        self.revoke_ended_leases(state);
        let parts: Vec<&str> = rest.split('/').collect();
        match (asked.verb, parts.as_slice()) {
            (verb, ["roles", below @ ..]) => self.role(asked, verb, below),
            (_, ["issue", role]) => self.issue_at(state, asked, rest, Way::Issue, None, role),
            (_, ["sign", role]) => self.issue_at(state, asked, rest, Way::Sign, None, role),
            (_, ["sign-verbatim"]) => self.issue_at(state, asked, rest, Way::Verbatim, None, ""),
            (_, ["sign-verbatim", role]) => self.issue_at(state, asked, rest, Way::Verbatim, None, role),
            (verb, ["issuer", reference, below @ ..]) => {
                self.issuer(state, asked, rest, verb, reference, below)
            }
            (Verb::List, ["issuers"]) => self.list_issuers(),
            (Verb::Write, ["root", "generate", kind] | ["issuers", "generate", "root", kind]) => {
                self.generate_root(state, asked, kind, "")
            }
            (Verb::Write, ["root", "rotate", kind]) => self.generate_root(state, asked, kind, "next"),
            (Verb::Write, ["root", "replace"]) => self.set_default(asked),
            (Verb::Write, ["root", "sign-intermediate"]) => self.sign_intermediate(state, asked, "default"),
            (Verb::Delete, ["root"]) => Ok(self.delete_root()),
            (Verb::Write, ["intermediate", "generate", kind]) => {
                self.generate_intermediate(state, asked, kind)
            }
            (Verb::Write, ["intermediate", "set-signed"]) => self.import(state, asked, true),
            (Verb::Write, ["issuers", "import", kind]) => self.import(state, asked, *kind == "bundle"),
            (_, ["keys" | "key", ..]) => self.key(state, asked, &parts),
            (Verb::Write, ["revoke"]) => self.revoke(state, asked),
            (Verb::Write, ["revoke-with-key"]) => self.revoke_with_key(state, asked),
            (Verb::Read, ["cert", serial]) => self.certificate(state, serial),
            (Verb::List, ["certs"]) => self.list_certificates(asked, false),
            (Verb::List, ["certs", "revoked"]) => self.list_certificates(asked, true),
            (Verb::Read, ["crl", "rotate"]) => self.rotate(state),
            (Verb::Read, ["crl", "rotate-delta"]) => self.rotate_delta(state),
            _ => self.setting(state, asked, &parts),
        }
    }

    fn boxed_clone(&self) -> Box<dyn EngineModel> {
        Box::new(self.clone())
    }
}

/// Seconds since 1970.
pub(super) fn now(state: &State) -> u64 {
    u64::try_from(state.clock.unix(state.clock.now())).unwrap_or(0)
}
