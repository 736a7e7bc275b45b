//! Issuers, and what is asked of one of them.

use serde_json::{Map, Value, json};

use super::engine::{Pki, now};
use super::fields::{Fields, text, texts};
use super::issuing::Way;
use super::settings::URLS;
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope, Verb};

const USAGES: [&str; 4] = ["crl-signing", "issuing-certificates", "ocsp-signing", "read-only"];

impl Pki {
    pub(super) fn list_issuers(&self) -> Result<Content, Refusal> {
        if self.issuers.is_empty() {
            return Err(Refusal::nothing_there());
        }
        let info: Map<String, Value> = self
            .issuers
            .iter()
            .map(|(id, issuer)| {
                let about = json!({
                    "is_default": *id == self.default_issuer, "issuer_name": issuer.name, "key_id": issuer.key,
                    "serial_number": issuer.certificate.serial,
                });
                (id.clone(), about)
            })
            .collect();
        Ok(Content::data(json!({ "keys": self.issuers.keys().collect::<Vec<_>>(), "key_info": info })))
    }

    pub(super) fn issuer(
        &mut self,
        state: &mut State,
        asked: &Asked,
        rest: &str,
        verb: Verb,
        reference: &str,
        below: &[&str],
    ) -> Result<Content, Refusal> {
        match (verb, below) {
            (Verb::Read, [] | ["json"]) => {
                let id = self.resolve(reference)?;
                Ok(Content::data(self.shown_issuer(&id)))
            }
            (Verb::Read, ["crl"]) => self.list_of(state, reference, false),
            (Verb::Read, ["crl", "delta"]) => self.list_of(state, reference, true),
            (Verb::Write | Verb::Patch, []) => self.update_issuer(asked, reference, verb),
            (Verb::Delete, []) => Ok(self.delete_issuer(reference)),
            (Verb::Write, ["revoke"]) => self.revoke_issuer(state, reference),
            (Verb::Write, ["sign-intermediate"]) => self.sign_intermediate(state, asked, reference),
            (_, ["issue", role]) => self.issue_at(state, asked, rest, Way::Issue, Some(reference), role),
            (_, ["sign", role]) => self.issue_at(state, asked, rest, Way::Sign, Some(reference), role),
            (_, ["sign-verbatim"]) => self.issue_at(state, asked, rest, Way::Verbatim, Some(reference), ""),
            (_, ["sign-verbatim", role]) => {
                self.issue_at(state, asked, rest, Way::Verbatim, Some(reference), role)
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn shown_issuer(&self, id: &str) -> Value {
        let issuer = &self.issuers[id];
        let line = |pem: &String| format!("{pem}\n");
        let chain: Vec<String> = self.chain_of(id).iter().map(|one| line(&one.pem)).collect();
        let mut shown = json!({
            "issuer_id": id, "issuer_name": issuer.name, "key_id": issuer.key, "ca_chain": chain,
            "certificate": line(&issuer.certificate.pem), "leaf_not_after_behavior": issuer.beyond, "manual_chain": null,
            "usage": issuer.usage.join(","), "revoked": issuer.revoked.is_some(), "revocation_signature_algorithm": "",
        });
        for name in URLS {
            shown[name] = issuer.urls.get(name).cloned().unwrap_or_else(|| json!([]));
        }
        if let Some(time) = issuer.revoked {
            shown["revocation_time"] = time.into();
        }
        shown
    }

    fn update_issuer(&mut self, asked: &Asked, reference: &str, verb: Verb) -> Result<Content, Refusal> {
        if verb == Verb::Patch {
            asked.is_merge_patch()?;
        }
        let id = self.resolve(reference)?;
        let fields = asked.fields();
        if let Some(name) = fields.get("issuer_name").and_then(Value::as_str) {
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            if !name.chars().all(allowed) {
                return Err(Refusal::bad_request("issuer name contained invalid characters"));
            }
            if self
                .issuers
                .iter()
                .any(|(other, issuer)| *other != id && !name.is_empty() && issuer.name == name)
            {
                return Err(Refusal::bad_request("issuer name already in use"));
            }
        }
        let usage = texts(&fields, "usage");
        if usage.iter().any(|usage| !USAGES.contains(&usage.as_str())) {
            return Err(Refusal::bad_request(&format!(
                "Unable to parse specified usages: {usage:?} - valid values are {}",
                USAGES.join(",")
            )));
        }
        let beyond = text(&fields, "leaf_not_after_behavior");
        if !["", "err", "truncate", "permit"].contains(&beyond) {
            return Err(Refusal::bad_request(
                "Unknown value for field `leaf_not_after_behavior`. Possible values are `err`, `truncate`, and `permit`.",
            ));
        }
        if let Some(issuer) = self.issuers.get_mut(&id) {
            if let Some(name) = fields.get("issuer_name").and_then(Value::as_str) {
                name.clone_into(&mut issuer.name);
            }
            if !usage.is_empty() {
                issuer.usage = usage;
                issuer.usage.sort();
            }
            if !beyond.is_empty() {
                beyond.clone_into(&mut issuer.beyond);
            }
            for name in URLS {
                if fields.contains_key(name) {
                    issuer.urls.insert(name.to_owned(), json!(texts(&fields, name)));
                }
            }
        }
        Ok(Content::data(self.shown_issuer(&id)))
    }

    fn delete_issuer(&mut self, reference: &str) -> Content {
        let Ok(id) = self.resolve(reference) else { return Content::data(Value::Null) };
        self.issuers.remove(&id);
        let mut warnings = Vec::new();
        if self.default_issuer == id {
            self.default_issuer.clear();
            warnings.push(format!(
                "Deleted issuer {id} (via issuer_ref {reference}); this was configured as the default issuer. Operations without an explicit issuer will not work until a new default is configured."
            ));
        }
        Content::Envelope(Envelope { warnings, ..Envelope::default() })
    }

    fn revoke_issuer(&mut self, state: &mut State, reference: &str) -> Result<Content, Refusal> {
        let id = self.resolve(reference)?;
        let time = now(state);
        if let Some(issuer) = self.issuers.get_mut(&id) {
            issuer.revoked.get_or_insert(time);
            issuer.usage.retain(|usage| usage != "issuing-certificates");
        }
        let serial = self.issuers[&id].certificate.serial.clone();
        let is_root = self.issuers[&id].certificate.is_root();
        if let Some(record) = self.certificates.get_mut(&serial).filter(|_| !is_root) {
            record.revoked.get_or_insert(time);
            let above = record.issuer.clone();
            self.make_lists(state, &above)?;
        }
        Ok(Content::data(self.shown_issuer(&id)))
    }

    /// Who issues where none is named.
    pub(super) fn set_default(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let reference = match text(&fields, "default") {
            // So it is called where a root was rotated.
            "" if asked.path.ends_with("root/replace") => "next",
            given => given,
        };
        if reference.is_empty() || reference == "default" {
            return Err(Refusal::bad_request(
                "Invalid issuer specification; must be non-empty and can't be 'default'.",
            ));
        }
        let id = self.resolve(reference).map_err(|_words| {
            Refusal::bad_request(&format!(
                "Error resolving issuer reference: unable to find PKI issuer for reference: {reference}"
            ))
        })?;
        self.default_issuer = id;
        if let Some(follows) = fields.get("default_follows_latest_issuer").and_then(Value::as_bool) {
            self.follows_latest = follows;
        }
        Ok(self.shown_default())
    }

    pub(super) fn shown_default(&self) -> Content {
        Content::data(json!({
            "default": self.default_issuer, "default_follows_latest_issuer": self.follows_latest,
        }))
    }

    /// The addresses in an issuer's certificates: its own, or those of the mount.
    pub(super) fn urls_of(&self, issuer: &str) -> &Fields {
        let own = self.issuers.get(issuer).map(|issuer| &issuer.urls);
        own.filter(|urls| !urls.is_empty()).unwrap_or(&self.settings.urls)
    }
}
