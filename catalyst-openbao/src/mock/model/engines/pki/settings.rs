//! The settings of the mount, tidying, and keys for ACME.

use serde_json::{Map, Value, json};

use super::engine::{Pki, now};
use super::fields::{Fields, Kept, flag, long, overwrite, span, text, texts};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope, Verb};

pub(super) const URLS: [&str; 4] =
    ["issuing_certificates", "crl_distribution_points", "delta_crl_distribution_points", "ocsp_servers"];
const TIDY_SPANS: [&str; 5] = [
    "interval_duration",
    "safety_buffer",
    "revoked_safety_buffer",
    "issuer_safety_buffer",
    "acme_account_safety_buffer",
];
const OPERATIONS: [&str; 7] = [
    "tidy_cert_store",
    "tidy_revoked_certs",
    "tidy_invalid_certs",
    "tidy_revoked_cert_issuer_associations",
    "tidy_expired_issuers",
    "tidy_move_legacy_ca_bundle",
    "tidy_acme",
];
const CRL_SPANS: [&str; 4] = ["expiry", "ocsp_expiry", "auto_rebuild_grace_period", "delta_rebuild_interval"];

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) urls: Fields,
    pub(super) crl: Fields,
    auto_tidy: Fields,
    acme: Fields,
    cluster: Fields,
    /// The last time that something was tidied.
    tidied: Fields,
    /// By identifier.
    eabs: Fields,
}

impl Default for Settings {
    fn default() -> Self {
        let of = |value: Value| value.as_object().cloned().unwrap_or_default();
        let mut urls = of(json!({ "enable_templating": false }));
        urls.extend(URLS.map(|name| (name.to_owned(), json!([]))));
        let mut auto_tidy = of(json!({
            "enabled": false, "interval_duration": 43_200, "safety_buffer": 259_200, "revoked_safety_buffer": 259_200,
            "issuer_safety_buffer": 31_536_000, "acme_account_safety_buffer": 2_592_000, "page_size": 1000,
            "pause_duration": "0s", "maintain_stored_certificate_counts": false,
            "publish_stored_certificate_count_metrics": false,
        }));
        auto_tidy.extend(OPERATIONS.map(|name| (name.to_owned(), false.into())));
        Self {
            urls,
            crl: of(json!({
                "allow_expired_cert_revocation": false, "auto_rebuild": false, "auto_rebuild_grace_period": "12h",
                "delta_rebuild_interval": "15m", "disable": false, "enable_delta": false, "expiry": "72h",
                "ocsp_disable": false, "ocsp_expiry": "12h",
            })),
            auto_tidy,
            acme: of(json!({
                "allow_role_ext_key_usage": false, "allowed_issuers": ["*"], "allowed_roles": ["*"],
                "default_directory_policy": "sign-verbatim", "dns_resolver": "", "eab_policy": "not-required",
                "enabled": false,
            })),
            cluster: of(json!({ "path": "", "aia_path": "" })),
            tidied: of(json!({ "state": "Inactive" })),
            eabs: Fields::new(),
        }
    }
}

impl Settings {
    pub(super) fn has_urls(&self) -> bool {
        URLS.iter().any(|name| !texts(&self.urls, name).is_empty())
    }
}

impl Pki {
    pub(super) fn setting(
        &mut self,
        state: &mut State,
        asked: &Asked,
        parts: &[&str],
    ) -> Result<Content, Refusal> {
        let shown = |fields: &Fields| Ok(Content::data(Value::Object(fields.clone())));
        match (asked.verb, parts) {
            (Verb::Read, ["config", "urls"]) => shown(&self.settings.urls),
            (Verb::Write, ["config", "urls"]) => self.set_urls(asked),
            (Verb::Read, ["config", "crl"]) => shown(&self.settings.crl),
            (Verb::Write, ["config", "crl"]) => self.set_crl(state, asked),
            (Verb::Read, ["config", "issuers"]) => Ok(self.shown_default()),
            (Verb::Write, ["config", "issuers"]) => self.set_default(asked),
            (Verb::Read, ["config", "auto-tidy"]) => shown(&self.settings.auto_tidy),
            (Verb::Write, ["config", "auto-tidy"]) => self.set_auto_tidy(asked),
            (Verb::Write, ["tidy"]) => self.tidy(state, asked),
            (Verb::Read, ["tidy-status"]) => shown(&self.settings.tidied),
            (Verb::Write, ["tidy-cancel"]) => Ok(Content::Envelope(Envelope {
                warnings: vec!["Tidy operation cannot be cancelled as none is currently running.".to_owned()],
                ..Envelope::default()
            })),
            (Verb::Read, ["config", "acme"]) => shown(&self.settings.acme),
            (Verb::Write, ["config", "acme"]) => self.set_acme(asked),
            (Verb::Read, ["config", "cluster"]) => shown(&self.settings.cluster),
            (Verb::Write, ["config", "cluster"]) => {
                check_address("path", &texts(&asked.fields(), "path"))?;
                overwrite(&mut self.settings.cluster, &asked.fields(), &[], Kept::Seconds)?;
                shown(&self.settings.cluster)
            }
            (Verb::Write, ["acme", "new-eab"]) => Ok(self.new_eab(state)),
            (Verb::List, ["eab"]) if self.settings.eabs.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, ["eab"]) => {
                let keys: Vec<&String> = self.settings.eabs.keys().collect();
                Ok(Content::data(json!({ "keys": keys, "key_info": self.settings.eabs })))
            }
            (Verb::Delete, ["eab", id]) => {
                let known = self.settings.eabs.remove(*id).is_some();
                let warning = (!known).then(|| format!("No key id found with id: {id}"));
                Ok(Content::Envelope(Envelope {
                    warnings: warning.into_iter().collect(),
                    ..Envelope::default()
                }))
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn set_urls(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        let fields = asked.fields();
        for name in URLS {
            check_address(name, &texts(&fields, name))?;
        }
        overwrite(&mut self.settings.urls, &fields, &[], Kept::Seconds)?;
        Ok(Content::data(Value::Object(self.settings.urls.clone())))
    }

    fn set_crl(&mut self, state: &State, asked: &Asked) -> Result<Content, Refusal> {
        let mut crl = self.settings.crl.clone();
        overwrite(&mut crl, &asked.fields(), &CRL_SPANS, Kept::Text)?;
        if flag(&crl, "enable_delta") && !flag(&crl, "auto_rebuild") {
            return Err(Refusal::bad_request(
                "Delta CRLs cannot be enabled when auto rebuilding is disabled as the complete CRL is always regenerated!",
            ));
        }
        let grace = span(&crl, "auto_rebuild_grace_period")?;
        if flag(&crl, "auto_rebuild") && grace >= span(&crl, "expiry")? {
            return Err(Refusal::bad_request(&format!(
                "CRL auto-rebuilding grace period ({}) must be strictly shorter than CRL expiry ({}) value when auto-rebuilding of CRLs is enabled",
                text(&crl, "auto_rebuild_grace_period"),
                text(&crl, "expiry")
            )));
        }
        self.settings.crl = crl;
        self.rotate(state)?;
        Ok(Content::data(Value::Object(self.settings.crl.clone())))
    }

    fn set_auto_tidy(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        let mut config = self.settings.auto_tidy.clone();
        overwrite(&mut config, &asked.fields(), &TIDY_SPANS, Kept::Seconds)?;
        if let Some(pause) = span(&config, "pause_duration")? {
            config.insert("pause_duration".to_owned(), long(pause.as_secs()).into());
        }
        if flag(&config, "enabled") && !OPERATIONS.iter().any(|name| flag(&config, name)) {
            return Err(Refusal::bad_request(&format!(
                "Auto-tidy enabled but no tidy operations were requested. Enable at least one tidy operation to be run ({}).",
                OPERATIONS.join(" / ")
            )));
        }
        self.settings.auto_tidy = config;
        Ok(Content::data(Value::Object(self.settings.auto_tidy.clone())))
    }

    /// Is done at once, in the model.
    fn tidy(&mut self, state: &State, asked: &Asked) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let buffer = span(&fields, "safety_buffer")?.map_or(259_200, |span| span.as_secs());
        if buffer == 0 {
            return Err(Refusal::bad_request("safety_buffer must be greater than zero"));
        }
        let (kept, revoked) = (flag(&fields, "tidy_cert_store"), flag(&fields, "tidy_revoked_certs"));
        let warning = if OPERATIONS.iter().any(|name| flag(&fields, name)) {
            "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's server logs.".to_owned()
        } else {
            let operations = OPERATIONS.join(" / ");
            format!(
                "Manual tidy requested but no tidy operations were set. Enable at least one tidy operation to be run ({operations})."
            )
        };
        let (gone, of_revoked) = self.take_away(now(state), buffer, kept, revoked);
        let time = state.clock.text(state.clock.now());
        let status = json!({
            "state": "Finished", "error": null, "message": null, "time_started": time, "time_finished": time,
            "cert_store_deleted_count": gone, "revoked_cert_deleted_count": of_revoked, "safety_buffer": buffer,
            "tidy_cert_store": kept, "tidy_revoked_certs": revoked,
        });
        self.settings.tidied = status.as_object().cloned().unwrap_or_else(Map::new);
        let envelope = Envelope { warnings: vec![warning], ..Envelope::default() };
        Ok(Content::Bare(202, envelope.to_json()))
    }

    fn set_acme(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        let mut acme = self.settings.acme.clone();
        overwrite(&mut acme, &asked.fields(), &[], Kept::Seconds)?;
        let policy = text(&acme, "default_directory_policy");
        if let Some(role) = policy.strip_prefix("role:")
            && !self.roles.contains_key(role)
        {
            return Err(Refusal::internal(&format!(
                "default directory policy role {role} is not a valid ACME role: the request message was malformed: role does not exist"
            )));
        }
        if flag(&acme, "enabled") && text(&self.settings.cluster, "path").is_empty() {
            return Err(Refusal::internal(
                "ACME feature requires local cluster 'path' field configuration to be set",
            ));
        }
        self.settings.acme = acme;
        Ok(Content::data(Value::Object(self.settings.acme.clone())))
    }

    fn new_eab(&mut self, state: &mut State) -> Content {
        let id = state.random_nonce();
        let key = format!("vault-eab-0-{}", state.random_text(43));
        let created = state.clock.text(state.clock.now());
        let about = json!({ "acme_directory": "acme/directory", "created_on": created, "key_type": "hs" });
        let mut shown = about.clone();
        shown["id"] = id.as_str().into();
        shown["key"] = key.into();
        self.settings.eabs.insert(id, about);
        Content::data(shown)
    }
}

fn check_address(name: &str, addresses: &[String]) -> Result<(), Refusal> {
    let bad = addresses.iter().find(|address| address.parse::<url::Url>().is_err());
    match bad {
        None => Ok(()),
        Some(address) if name == "path" => {
            Err(Refusal::internal(&format!("invalid, non-URL path given to cluster: {address}")))
        }
        Some(address) => Err(Refusal::bad_request(&format!(
            "invalid URL found in Authority Information Access (AIA) parameter {name}: {address}"
        ))),
    }
}
