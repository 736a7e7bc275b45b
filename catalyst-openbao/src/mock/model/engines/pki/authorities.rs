//! Roots and intermediates.

use rcgen::{Issuer, KeyPair};
use serde_json::{Map, Value, json};

use super::engine::{Pki, now};
use super::fields::{Fields, flag, long, span, text};
use super::forge::{self, Term};
use super::store::{CertificateRecord, IssuerRecord, Parsed};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope};
use crate::pki::CertificatePem;

/// The term of the mount, and its longest.
const MOUNT_TTL: u64 = 2_764_800;

impl Pki {
    pub(super) fn generate_root(
        &mut self,
        state: &mut State,
        asked: &Asked,
        kind: &str,
        usual_name: &str,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let given = text(&fields, "issuer_name");
        let mut name = if given.is_empty() { usual_name } else { given };
        if self.issuers.values().any(|issuer| !name.is_empty() && issuer.name == name) {
            if !given.is_empty() {
                return Err(Refusal::bad_request("issuer name already in use"));
            }
            name = "";
        }
        let (key, pair) = self.authority_key(state, &fields, kind)?;
        let (term, mut warnings) = term(state, &fields)?;
        let mut params = forge::params(state, term, text(&fields, "common_name"), &fields);
        forge::authority(&mut params, &fields);
        let signed = params.self_signed(&pair).map_err(|error| forge::failed(&error))?;
        let certificate = forge::parsed(&signed)?;
        let id = self.add_issuer(state, name, &key, certificate.clone());
        self.keep(&certificate, &id);
        self.make_lists(state, &id)?;
        if !self.settings.has_urls() {
            warnings.push(NO_URLS.to_owned());
        }
        let mut data = json!({
            "certificate": certificate.pem, "issuing_ca": certificate.pem, "serial_number": certificate.serial,
            "expiration": term.to, "issuer_id": id, "issuer_name": name, "key_id": key, "key_name": self.keys[&key].name,
        });
        show_key(&mut data, kind, &pair);
        Ok(Content::Envelope(Envelope { data, warnings, ..Envelope::default() }))
    }

    /// The key of a new authority, which is kept from now on, or is there already.
    fn authority_key(
        &mut self,
        state: &mut State,
        fields: &Fields,
        kind: &str,
    ) -> Result<(String, KeyPair), Refusal> {
        match kind {
            "existing" => {
                let reference = text(fields, "key_ref");
                let id = self.resolve_key(if reference.is_empty() { "default" } else { reference })?;
                let pair = forge::pair(&self.keys[&id])?;
                Ok((id, pair))
            }
            "internal" | "exported" => {
                let (kind, bits) = wanted_key(fields);
                let name = self.free_key_name(text(fields, "key_name"))?;
                let pair = forge::generate(kind, bits)?;
                let id = self.add_key(state, &pair, kind, &name);
                Ok((id, pair))
            }
            _ => Err(Refusal::unsupported_path()),
        }
    }

    pub(super) fn generate_intermediate(
        &mut self,
        state: &mut State,
        asked: &Asked,
        kind: &str,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let (key, pair) = self.authority_key(state, &fields, kind)?;
        let mut params = forge::params(state, Term { from: 0, to: 1 }, text(&fields, "common_name"), &fields);
        // What a certificate has and a request has not.
        params.use_authority_key_identifier_extension = false;
        params.serial_number = None;
        let request = params.serialize_request(&pair).map_err(|error| forge::failed(&error))?;
        let pem = request.pem().map_err(|error| forge::failed(&error))?;
        let mut data = json!({ "csr": pem.trim_end(), "key_id": key });
        show_key(&mut data, kind, &pair);
        Ok(Content::data(data))
    }

    pub(super) fn sign_intermediate(
        &mut self,
        state: &mut State,
        asked: &Asked,
        reference: &str,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let issuer = self.issuing(reference)?;
        let request = forge::request(&fields)?;
        let (term, warnings) = term(state, &fields)?;
        let mut params = forge::params(state, term, text(&fields, "common_name"), &fields);
        if flag(&fields, "use_csr_values") {
            params.distinguished_name = request.params.distinguished_name.clone();
        }
        forge::authority(&mut params, &fields);
        forge::distribution_points(&mut params, self.urls_of(&issuer));
        let record = &self.issuers[&issuer];
        let signer: Issuer<'_, KeyPair> = forge::signer(record, &self.keys[&record.key])?;
        let made = params.signed_by(&request.public_key, &signer).map_err(|error| forge::failed(&error))?;
        let certificate = forge::parsed(&made)?;
        self.keep(&certificate, &issuer);
        let above = self.chain_of(&issuer);
        let chain: Vec<&str> = [&certificate].into_iter().chain(&above).map(|one| one.pem.as_str()).collect();
        let data = json!({
            "certificate": certificate.pem, "issuing_ca": above.first().map(|one| &one.pem), "ca_chain": chain,
            "serial_number": certificate.serial, "expiration": term.to,
        });
        Ok(Content::Envelope(Envelope { data, warnings, ..Envelope::default() }))
    }

    /// Certificates of authorities, and keys where they are allowed.
    pub(super) fn import(
        &mut self,
        state: &mut State,
        asked: &Asked,
        keys: bool,
    ) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let given = ["pem_bundle", "certificate"].map(|name| text(&fields, name)).concat();
        let (certificates, pairs) = read_bundle(&given)?;
        if !keys && !pairs.is_empty() {
            return Err(Refusal::bad_request(
                "private keys found in the PEM bundle but not allowed by the path; use /issuers/import/bundle",
            ));
        }
        let (mut new_keys, mut old_keys, mut new, mut old) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut mapping = Map::new();
        for pair in &pairs {
            match self.known_key(pair) {
                Some(id) => old_keys.push(id),
                None => new_keys.push(self.add_key(state, pair, forge::kind_of(pair), "")),
            }
        }
        for certificate in certificates {
            let known = self.issuers.iter().find(|(_, issuer)| issuer.certificate.der == certificate.der);
            let known = known.map(|(id, _)| id.clone());
            let key = self.keys.iter().find(|(_, key)| key.public_key == certificate.public_key);
            let key = key.map(|(id, _)| id.clone()).unwrap_or_default();
            let id = if let Some(id) = known {
                old.push(id.clone());
                id
            } else {
                let id = self.add_issuer(state, "", &key, certificate);
                new.push(id.clone());
                id
            };
            mapping.insert(id, key.into());
        }
        for id in new.clone() {
            self.make_lists(state, &id)?;
        }
        let list = |all: Vec<String>| if all.is_empty() { Value::Null } else { json!(all) };
        Ok(Content::data(json!({
            "imported_issuers": list(new), "imported_keys": list(new_keys), "existing_issuers": list(old),
            "existing_keys": list(old_keys), "mapping": mapping,
        })))
    }

    pub(super) fn delete_root(&mut self) -> Content {
        self.issuers.clear();
        self.keys.clear();
        self.default_issuer.clear();
        let text = "DELETE /root deletes all keys and issuers; prefer the new DELETE /key/:key_ref and DELETE /issuer/:issuer_ref for finer granularity, unless removal of all keys and issuers is desired.";
        Content::Envelope(Envelope { warnings: vec![text.to_owned()], ..Envelope::default() })
    }

    /// Adds an issuer. The first one with a key issues where none is named.
    fn add_issuer(&mut self, state: &mut State, name: &str, key: &str, certificate: Parsed) -> String {
        let id = state.random_nonce();
        let usages = ["crl-signing", "issuing-certificates", "ocsp-signing", "read-only"];
        let record = IssuerRecord {
            name: name.to_owned(),
            key: key.to_owned(),
            certificate,
            beyond: "err".to_owned(),
            usage: usages.map(str::to_owned).to_vec(),
            urls: Fields::new(),
            revoked: None,
            lists: None,
        };
        self.issuers.insert(id.clone(), record);
        if !key.is_empty() && (self.default_issuer.is_empty() || self.follows_latest) {
            self.default_issuer.clone_from(&id);
        }
        id
    }

    fn keep(&mut self, certificate: &Parsed, issuer: &str) {
        let record = CertificateRecord {
            certificate: certificate.clone(),
            issuer: issuer.to_owned(),
            revoked: None,
            lease: None,
            hidden: false,
        };
        self.certificates.insert(certificate.serial.clone(), record);
    }
}

const NO_URLS: &str = "This mount hasn't configured any authority information access (AIA) fields; this may make it harder for systems to find missing certificates in the chain or to validate revocation status of certificates. Consider updating /config/urls or the newly generated issuer with this information.";

fn wanted_key(fields: &Fields) -> (&str, u64) {
    let kind = text(fields, "key_type");
    let bits = fields.get("key_bits").and_then(Value::as_u64).unwrap_or(0);
    (if kind.is_empty() { "rsa" } else { kind }, bits)
}

fn term(state: &State, fields: &Fields) -> Result<(Term, Vec<String>), Refusal> {
    let asked = span(fields, "ttl")?.map_or(0, |span| span.as_secs());
    let now = now(state);
    let mut warnings = Vec::new();
    // The model's mounts are not tuned, but roots of years are what everybody makes.
    let longest = 20 * 365 * 24 * 3600;
    if asked > longest {
        warnings.push(format!(
            "TTL \"{}\" is longer than permitted maxTTL \"{}\", so maxTTL is being used",
            long(asked),
            long(longest)
        ));
    }
    let ttl = if asked == 0 { MOUNT_TTL } else { asked.min(longest) };
    Ok((Term { from: now.saturating_sub(30), to: now + ttl }, warnings))
}

fn show_key(data: &mut Value, kind: &str, pair: &KeyPair) {
    if kind == "exported" {
        data["private_key"] = pair.serialize_pem().trim_end().into();
        data["private_key_type"] = forge::kind_of(pair).into();
    }
}

/// The certificates and keys of a text in PEM.
fn read_bundle(given: &str) -> Result<(Vec<Parsed>, Vec<KeyPair>), Refusal> {
    if given.is_empty() {
        return Err(Refusal::bad_request("'pem_bundle' and 'certificate' parameters were empty"));
    }
    if given.len() < 75 {
        return Err(Refusal::bad_request(
            "provided data for import was too short; perhaps a path was passed to the API rather than the contents of a PEM file",
        ));
    }
    let (mut certificates, mut pairs) = (Vec::new(), Vec::new());
    let mut rest = given;
    while let Some(begin) = rest.find("-----BEGIN ") {
        let end = rest[begin..].find("-----END ").and_then(|at| {
            let close = rest[begin + at + 9..].find("-----")?;
            Some(begin + at + 9 + close + 5)
        });
        let Some(end) = end else { break };
        let block = &rest[begin..end];
        rest = &rest[end..];
        let number = certificates.len();
        match block.parse::<CertificatePem>() {
            Ok(pem) => match Parsed::read(&pem) {
                Some(certificate) if certificate.is_authority => certificates.push(certificate),
                _ => {
                    let text = format!(
                        "Error parsing issuer {number}: Refusing to import non-CA certificate\n{block}\n"
                    );
                    return Err(Refusal::bad_request(&text));
                }
            },
            Err(_no_certificate) => {
                let pair = KeyPair::from_pem(block);
                pairs.push(pair.map_err(|_quoted| Refusal::bad_request("unable to parse PEM bundle"))?);
            }
        }
    }
    if certificates.is_empty() && pairs.is_empty() {
        return Err(Refusal::bad_request("no data found in PEM block"));
    }
    Ok((certificates, pairs))
}
