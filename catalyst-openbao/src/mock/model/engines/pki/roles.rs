//! Roles.

use serde_json::{Value, json};

use super::engine::Pki;
use super::fields::{Fields, Kept, flag, overwrite, text};
use super::forge::key_refused;
use crate::mock::model::Refusal;
use crate::mock::wire::{Asked, Content, Envelope, Verb};

const SPANS: [&str; 3] = ["ttl", "max_ttl", "not_before_duration"];

impl Pki {
    pub(super) fn role(&mut self, asked: &Asked, verb: Verb, below: &[&str]) -> Result<Content, Refusal> {
        match (verb, below) {
            (Verb::List, [] | [""]) if self.roles.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, [] | [""]) => Ok(Content::keys(&self.roles.keys().cloned().collect::<Vec<_>>())),
            (Verb::Read, [name]) => {
                let role = self.roles.get(*name).ok_or_else(Refusal::nothing_there)?;
                Ok(Content::data(Value::Object(role.clone())))
            }
            (Verb::Write, [name]) => self.write_role(asked, name),
            (Verb::Patch, [name]) => self.patch_role(asked, name),
            (Verb::Delete, [name]) => {
                self.roles.remove(*name);
                Ok(Content::done())
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    fn write_role(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        let role = defaults();
        self.keep_role(asked, name, role)
    }

    fn patch_role(&mut self, asked: &Asked, name: &str) -> Result<Content, Refusal> {
        asked.is_merge_patch()?;
        let role = self.roles.get(name).cloned();
        let role = role.ok_or_else(|| Refusal::bad_request("Unable to fetch role entry to patch"))?;
        self.keep_role(asked, name, role)
    }

    fn keep_role(&mut self, asked: &Asked, name: &str, mut role: Fields) -> Result<Content, Refusal> {
        overwrite(&mut role, &asked.fields(), &SPANS, Kept::Seconds)?;
        let number = |field: &str| role.get(field).and_then(Value::as_u64).unwrap_or(0);
        if let Some(refusal) = key_refused(text(&role, "key_type"), number("key_bits")) {
            return Err(refusal);
        }
        if number("max_ttl") > 0 && number("ttl") > number("max_ttl") {
            return Err(Refusal::bad_request("\"ttl\" value must be less than \"max_ttl\" value"));
        }
        let mut warnings = Vec::new();
        if flag(&role, "generate_lease") && flag(&role, "no_store") {
            role.insert("generate_lease".to_owned(), false.into());
            let text = "mutually exclusive values no_store=true and generate_lease=true were both specified; no_store=true takes priority";
            warnings.push(text.to_owned());
        } else if flag(&role, "generate_lease") {
            let text = "it is encouraged to disable generate_lease and rely on PKI's native capabilities when possible; this option can cause instance-wide issues with large numbers of issued certificates";
            warnings.push(text.to_owned());
        }
        let issuer = text(&role, "issuer_ref");
        if issuer != "default" && self.resolve(issuer).is_err() {
            warnings.push(format!(
                "Issuing Certificate was set to {issuer} but no issuing certificate currently has that name"
            ));
        }
        self.roles.insert(name.to_owned(), role.clone());
        Ok(Content::Envelope(Envelope { data: Value::Object(role), warnings, ..Envelope::default() }))
    }
}

/// A role of which nothing was said.
fn defaults() -> Fields {
    let of = |value: Value| value.as_object().cloned().unwrap_or_default();
    let mut role = of(json!({
        "cn_validations": ["email", "hostname"], "issuer_ref": "default", "key_bits": 2048, "key_type": "rsa",
        "key_usage": ["DigitalSignature", "KeyAgreement", "KeyEncipherment"], "not_after_bound": "permit",
        "not_before_bound": "permit", "not_before_duration": 30,
    }));
    for (names, value) in [
        (YES.as_slice(), json!(true)),
        (&NO, json!(false)),
        (&LISTS, json!([])),
        (&["max_ttl", "ttl", "signature_bits"], json!(0)),
        (&["not_after", "not_before"], json!("")),
    ] {
        role.extend(names.iter().map(|name| ((*name).to_owned(), value.clone())));
    }
    role
}

const YES: [&str; 9] = [
    "allow_ip_sans",
    "allow_localhost",
    "allow_wildcard_certificates",
    "client_flag",
    "enforce_hostnames",
    "require_cn",
    "server_flag",
    "use_csr_common_name",
    "use_csr_sans",
];
const NO: [&str; 14] = [
    "allow_any_name",
    "allow_bare_domains",
    "allow_glob_domains",
    "allow_globs_in_identity_templates",
    "allow_subdomains",
    "allow_token_displayname",
    "allowed_domains_template",
    "allowed_uri_sans_template",
    "basic_constraints_valid_for_non_ca",
    "code_signing_flag",
    "email_protection_flag",
    "generate_lease",
    "no_store",
    "use_pss",
];
const LISTS: [&str; 16] = [
    "allowed_domains",
    "allowed_ip_sans_cidr",
    "allowed_other_sans",
    "allowed_serial_numbers",
    "allowed_uri_sans",
    "allowed_user_ids",
    "country",
    "ext_key_usage",
    "ext_key_usage_oids",
    "locality",
    "organization",
    "ou",
    "policy_identifiers",
    "postal_code",
    "province",
    "street_address",
];

/// What holds where no role is named.
pub(super) fn verbatim() -> Fields {
    let mut role = defaults();
    role.insert("key_type".to_owned(), "any".into());
    role
}
