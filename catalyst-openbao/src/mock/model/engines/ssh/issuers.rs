//! Issuers: the keys that certificates are signed with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::engine::{Ssh, is_name};
use super::key::Key;
use super::{parse, pem};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope, Verb};

#[derive(Clone)]
pub(super) struct Issuer {
    name: String,
    /// As it was shown, or as it was made.
    public_key: String,
    pub(super) key: Key,
}

const NO_DEFAULT: &str = "no default issuer currently configured";

impl Ssh {
    /// `config/ca`
    pub(super) fn authority(&mut self, state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
        match asked.verb {
            Verb::Write => self.take_in(state, asked, "", true),
            Verb::Read => {
                let id = self.resolve("default").map_err(|words| Refusal::bad_request(&words))?;
                Ok(self.show(&id, Vec::new()))
            }
            Verb::Delete => {
                let count = self.issuers.len();
                (self.issuers, self.default_issuer) = Default::default();
                let words = format!("Deleted {count} issuers, including default issuer if configured.");
                Ok(warned((count > 0).then_some(words).into_iter().collect()))
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    /// `config/issuers`
    pub(super) fn default_issuer(&mut self, asked: &Asked) -> Result<Content, Refusal> {
        match asked.verb {
            Verb::Read => {
                let id = self.default_issuer.as_ref().ok_or_else(|| Refusal::bad_request(NO_DEFAULT))?;
                Ok(Content::data(json!({ "default": id })))
            }
            Verb::Write => {
                let wanted = asked.text("default").unwrap_or_default();
                if wanted.is_empty() || wanted == "default" {
                    return Err(Refusal::bad_request(
                        "invalid issuer specification; must be non-empty and can't be 'default'.",
                    ));
                }
                let id = self.resolve(&wanted).map_err(|words| {
                    Refusal::internal(&format!("error resolving issuer reference: {words}"))
                })?;
                if self.default_issuer.as_ref() == Some(&id) {
                    return Ok(warned(vec![
                        "The default issuer is already set to the specified issuer.".to_owned(),
                    ]));
                }
                let before = self.default_issuer.replace(id.clone());
                let resolved = if id == wanted { String::new() } else { format!(" (resolved to {id})") };
                let warning = before.map(|before| {
                    format!(
                        "Previous default ({before}) has been updated with the issuer '{wanted}'{resolved}"
                    )
                });
                let warnings = warning.into_iter().collect();
                Ok(Content::Envelope(Envelope {
                    data: json!({ "default": id }),
                    warnings,
                    ..Envelope::default()
                }))
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    /// `issuers`, `issuers/import` and `issuers/import/<name>`
    pub(super) fn issuers(
        &mut self,
        state: &mut State,
        asked: &Asked,
        below: &str,
    ) -> Result<Content, Refusal> {
        match (asked.verb, below) {
            (Verb::List, "") if self.issuers.is_empty() => Err(Refusal::nothing_there()),
            (Verb::List, "") => {
                let about = |(id, issuer): (&String, &Issuer)| {
                    let default = self.default_issuer.as_ref() == Some(id);
                    let about = json!({
                        "is_default": default, "issuer_name": issuer.name, "public_key": issuer.public_key,
                    });
                    (id.clone(), about)
                };
                let info: Map<String, Value> = self.issuers.iter().map(about).collect();
                let keys: Vec<&String> = self.issuers.keys().collect();
                Ok(Content::data(json!({ "key_info": info, "keys": keys })))
            }
            (Verb::Write, "import") => self.take_in(state, asked, "", false),
            (Verb::Write, _) => {
                let name = below.strip_prefix("import/").filter(|name| is_name(name) && !name.contains('@'));
                self.take_in(state, asked, name.ok_or_else(Refusal::unsupported_path)?, false)
            }
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    /// `issuer/<issuer>` and `issuer/<issuer>/public_key`
    pub(super) fn issuer(&mut self, asked: &Asked, below: &str) -> Result<Content, Refusal> {
        let refused = |words: String| Refusal::bad_request(&words);
        match (asked.verb, below.split_once('/')) {
            (Verb::Read, Some((wanted, "public_key"))) => {
                let id = self.resolve(wanted).map_err(refused)?;
                Ok(Content::Text(self.issuers.get(&id).map(|one| one.public_key.clone()).unwrap_or_default()))
            }
            (_, Some(_)) => Err(Refusal::unsupported_path()),
            (Verb::Read, None) => Ok(self.show(&self.resolve(below).map_err(refused)?, Vec::new())),
            (Verb::Write, None) => self.rename(asked, below),
            (Verb::Delete, None) => Ok(self.delete(below)),
            _ => Err(Refusal::unsupported_operation()),
        }
    }

    pub(super) fn show_default_key(&self) -> Result<Content, Refusal> {
        let id = self.resolve("default").map_err(|words| Refusal::bad_request(&words))?;
        Ok(Content::Text(self.issuers.get(&id).map(|one| one.public_key.clone()).unwrap_or_default()))
    }

    /// The identifier of an issuer; the server's words if there is none.
    pub(super) fn resolve(&self, wanted: &str) -> Result<String, String> {
        if wanted == "default" {
            return self.default_issuer.clone().ok_or_else(|| NO_DEFAULT.to_owned());
        }
        if self.issuers.contains_key(wanted) {
            return Ok(wanted.to_owned());
        }
        let found = self.issuers.iter().find(|(_, issuer)| issuer.name == wanted);
        found
            .map(|(id, _)| id.clone())
            .ok_or_else(|| format!("unable to find issuer for reference: {wanted}"))
    }

    fn take_in(
        &mut self,
        state: &mut State,
        asked: &Asked,
        name: &str,
        by_default: bool,
    ) -> Result<Content, Refusal> {
        let (public_key, key, shown) = new_key(state, asked)?;
        self.check_name(name)?;
        let same = |issuer: &Issuer| parse::public_key(&issuer.public_key).is_ok_and(|key| key.blob == shown);
        if let Some(id) = self.issuers.iter().find(|(_, issuer)| same(issuer)).map(|(id, _)| id.clone()) {
            let words =
                "An issuer with the provided public key already exists, returning the existing issuer";
            return Ok(self.show(&id, vec![words.to_owned()]));
        }
        let id = state.random_nonce();
        let set_default = by_default || asked.flag("set_default").unwrap_or(false) || self.issuers.is_empty();
        self.issuers.insert(id.clone(), Issuer { name: name.to_owned(), public_key, key });
        if set_default {
            self.default_issuer = Some(id.clone());
        }
        Ok(self.show(&id, Vec::new()))
    }

    fn check_name(&self, name: &str) -> Result<(), Refusal> {
        if name == "default" {
            return Err(Refusal::bad_request("reserved keyword 'default' can not be used as issuer name"));
        }
        if !name.is_empty() && self.resolve(name).is_ok() {
            return Err(Refusal::bad_request("issuer name already in use"));
        }
        Ok(())
    }

    fn rename(&mut self, asked: &Asked, wanted: &str) -> Result<Content, Refusal> {
        let id = self.resolve(wanted).map_err(|words| Refusal::bad_request(&words))?;
        let name = asked.text("issuer_name").unwrap_or_default();
        let before = self.issuers.get(&id).map(|issuer| issuer.name.clone()).unwrap_or_default();
        if name == before {
            return Ok(self.show(&id, Vec::new()));
        }
        self.check_name(&name)?;
        if let Some(issuer) = self.issuers.get_mut(&id) {
            issuer.name = name;
        }
        Ok(self.show(&id, self.still_named(&before).into_iter().collect()))
    }

    fn delete(&mut self, wanted: &str) -> Content {
        let Ok(id) = self.resolve(wanted) else { return Content::done() };
        let Some(issuer) = self.issuers.remove(&id) else { return Content::done() };
        let mut warnings: Vec<String> = self.still_named(&issuer.name).into_iter().collect();
        warnings.extend(self.still_named(&id));
        if self.default_issuer.as_ref() == Some(&id) {
            self.default_issuer = None;
            warnings.push(format!(
                "Deleted issuer {id} (via issuer_ref {wanted}); this was configured as the default issuer. Operations \
                 without an explicit issuer will not work until a new default is configured."
            ));
            warnings.extend(self.still_named("default"));
        }
        warned(warnings)
    }

    /// The server's warning if roles name an issuer so.
    fn still_named(&self, name: &str) -> Option<String> {
        let naming =
            |role: &&Map<String, Value>| role.get("issuer_ref").and_then(Value::as_str) == Some(name);
        let count = self.roles.values().filter(naming).count();
        (count > 0 && !name.is_empty()).then(|| format!("{count} roles reference '{name}'"))
    }

    fn show(&self, id: &str, warnings: Vec<String>) -> Content {
        let (name, key) = self.issuers.get(id).map_or(("", ""), |one| (&one.name, &one.public_key));
        let data = json!({ "issuer_id": id, "issuer_name": name, "public_key": key });
        Content::Envelope(Envelope { data, warnings, ..Envelope::default() })
    }
}

/// The public key as a text, the private key, and the public key in binary form.
fn new_key(state: &mut State, asked: &Asked) -> Result<(String, Key, Vec<u8>), Refusal> {
    let (public, private) =
        (asked.text("public_key").unwrap_or_default(), asked.text("private_key").unwrap_or_default());
    let refused = |words: &str| Err(Refusal::bad_request(words));
    match (asked.flag("generate_signing_key"), public.is_empty(), private.is_empty()) {
        (Some(true) | None, true, true) => {}
        (Some(true), ..) => {
            return refused(
                "public_key and private_key must not be set when generate_signing_key is set to true",
            );
        }
        (_, false, false) => {
            let malformed = |name: &str, words: &str| {
                Refusal::bad_request(&format!("could not parse {name} provided value: {words}"))
            };
            let shown = parse::public_key(&public).map_err(|words| malformed("public_key", &words))?;
            let seed = pem::seed_of(&private).ok_or_else(|| malformed("private_key", "ssh: no key found"))?;
            return Ok((public, Key::Ed25519(seed), shown.blob));
        }
        (Some(false), true, true) => return refused("missing public_key"),
        _ => {
            return refused(
                "only one of public_key and private_key set; both must be set to use, or both must be blank to \
                 auto-generate",
            );
        }
    }
    let bits = asked.fields().get("key_bits").and_then(Value::as_u64).unwrap_or(0);
    let kind = asked.text("key_type").unwrap_or_else(|| "ssh-rsa".to_owned());
    let key = Key::generate(&mut state.random, &kind, bits).map_err(|words| Refusal::internal(&words))?;
    let blob = key.public();
    Ok((line(&blob), key, blob))
}

/// A key as one line of OpenSSH.
pub(super) fn line(blob: &[u8]) -> String {
    let algorithm = pem::take(blob).map_or(b"".as_slice(), |(algorithm, _)| algorithm);
    format!("{} {}\n", String::from_utf8_lossy(algorithm), STANDARD.encode(blob))
}

/// Done, with something to say or nothing.
fn warned(warnings: Vec<String>) -> Content {
    if warnings.is_empty() {
        return Content::done();
    }
    Content::Envelope(Envelope { warnings, ..Envelope::default() })
}
