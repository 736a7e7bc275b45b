//! Certificates that are issued.

use std::net::IpAddr;
use std::time::SystemTime;

use rcgen::{CertificateSigningRequestParams, KeyPair, SanType};
use serde_json::{Value, json};

use super::engine::{Pki, now};
use super::fields::{Fields, flag, long, span, text, texts};
use super::forge::{self, Names, Term};
use super::names;
use super::roles::verbatim;
use super::store::{CertificateRecord, Parsed};
use crate::mock::model::engines::leased;
use crate::mock::model::state::State;
use crate::mock::model::{MockRole, Refusal};
use crate::mock::wire::{Asked, Content, Envelope};

/// The term of the mount, and its longest.
const MOUNT_TTL: u64 = 2_764_800;

/// How a certificate is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Issue,
    Sign,
    Verbatim,
}

/// What was made, and how long it is good for.
struct Made {
    certificate: Parsed,
    key: Option<KeyPair>,
    term: Term,
    warnings: Vec<String>,
}

impl Pki {
    pub(super) fn issue_at(
        &mut self,
        state: &mut State,
        asked: &Asked,
        rest: &str,
        way: Way,
        issuer: Option<&str>,
        role: &str,
    ) -> Result<Content, Refusal> {
        if asked.verb != crate::mock::wire::Verb::Write {
            return Err(Refusal::unsupported_operation());
        }
        let role = match role {
            "" => verbatim(),
            name => {
                let role = self.roles.get(name).cloned();
                role.ok_or_else(|| Refusal::bad_request(&format!("unknown role: {name}")))?
            }
        };
        let fields = asked.fields();
        let issuer = self.issuing(issuer.unwrap_or_else(|| text(&role, "issuer_ref")))?;
        let made = self.make(state, &fields, &role, way, &issuer)?;
        self.answer_with(state, asked, rest, &role, issuer, made)
    }

    /// The identifier of an issuer that can sign.
    pub(super) fn issuing(&self, reference: &str) -> Result<String, Refusal> {
        let fetched = |refusal: Refusal| {
            let said = refusal.body().and_then(|body| body["errors"][0].as_str().map(str::to_owned));
            let said = said.unwrap_or_default();
            let said = said.trim_start_matches("1 error occurred:\n\t* ").trim().to_owned();
            Refusal::internal(&format!("could not fetch the CA certificate (was one set?): {said}"))
        };
        let id = self.resolve(reference).map_err(fetched)?;
        let record = &self.issuers[&id];
        if !self.keys.contains_key(&record.key) {
            return Err(fetched(Refusal::internal(&format!(
                "unable to fetch corresponding key for issuer {id}; unable to use this issuer for signing"
            ))));
        }
        if !record.usage.iter().any(|usage| usage == "issuing-certificates") {
            return Err(fetched(Refusal::internal(
                "requested usage issuing-certificates for issuer, but only has usages",
            )));
        }
        Ok(id)
    }

    fn make(
        &self,
        state: &mut State,
        fields: &Fields,
        role: &Fields,
        way: Way,
        issuer: &str,
    ) -> Result<Made, Refusal> {
        let request = if way == Way::Issue { None } else { Some(forge::request(fields)?) };
        if let Some(request) = &request {
            check_key(role, forge::kind_of_request(request))?;
        }
        let mut warnings = Vec::new();
        let names = match (way, &request) {
            (Way::Verbatim, _) => Names::default(),
            (_, request) => wanted(fields, role, request.as_ref(), &mut warnings)?,
        };
        let term = self.term(state, fields, role, issuer, &mut warnings)?;
        let mut params = forge::params(state, term, &names.common_name, role);
        if let Some(request) = request.as_ref().filter(|_| way == Way::Verbatim) {
            params = request.params.clone();
            forge::number(state, &mut params);
            forge::set_term(&mut params, term);
            params.use_authority_key_identifier_extension = true;
        } else {
            forge::leaf(&mut params, role, &names)?;
        }
        forge::distribution_points(&mut params, self.urls_of(issuer));
        let record = &self.issuers[issuer];
        let signer = forge::signer(record, &self.keys[&record.key])?;
        let (made, key) = if let Some(request) = &request {
            (params.signed_by(&request.public_key, &signer), None)
        } else {
            let key = leaf_key(fields, role)?;
            (params.signed_by(&key, &signer), Some(key))
        };
        let certificate = forge::parsed(&made.map_err(|error| forge::failed(&error))?)?;
        Ok(Made { certificate, key, term, warnings })
    }

    fn term(
        &self,
        state: &State,
        fields: &Fields,
        role: &Fields,
        issuer: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Term, Refusal> {
        let now = now(state);
        let positive = |seconds: u64| Some(seconds).filter(|seconds| *seconds > 0);
        let of = |fields: &Fields, name: &str| -> Result<Option<u64>, Refusal> {
            Ok(span(fields, name)?.and_then(|span| positive(span.as_secs())))
        };
        let end = text(fields, "not_after");
        let asked = of(fields, "ttl")?;
        if asked.is_some() && !end.is_empty() {
            return Err(Refusal::bad_request(
                "Either ttl or not_after should be provided. Both should not be provided in the same request.",
            ));
        }
        let longest = of(role, "max_ttl")?.unwrap_or(MOUNT_TTL);
        let mut ttl = asked.or(of(role, "ttl")?).unwrap_or(MOUNT_TTL);
        if ttl > longest {
            warnings.push(format!(
                "TTL \"{}\" is longer than permitted maxTTL \"{}\", so maxTTL is being used",
                long(ttl),
                long(longest)
            ));
            ttl = longest;
        }
        let mut to = match end {
            "" => now + ttl,
            text => moment(text)?,
        };
        let record = &self.issuers[issuer];
        if to > record.certificate.ends {
            match record.beyond.as_str() {
                "permit" => {}
                "truncate" => to = record.certificate.ends,
                _ => {
                    let shown = |seconds| humantime::format_rfc3339_seconds(at(seconds)).to_string();
                    return Err(Refusal::bad_request(&format!(
                        "cannot satisfy request, as TTL would result in notAfter of {} that is beyond the expiration of the CA certificate at {}",
                        shown(to),
                        shown(record.certificate.ends)
                    )));
                }
            }
        }
        let before = of(role, "not_before_duration")?.unwrap_or(30);
        Ok(Term { from: now.saturating_sub(before), to })
    }

    fn answer_with(
        &mut self,
        state: &mut State,
        asked: &Asked,
        rest: &str,
        role: &Fields,
        issuer: String,
        made: Made,
    ) -> Result<Content, Refusal> {
        let Made { certificate, key, term, warnings } = made;
        let fields = asked.fields();
        let above = self.chain_of(&issuer);
        let with_roots = !flag(&fields, "remove_roots_from_chain");
        let chain: Vec<&str> =
            above.iter().filter(|one| with_roots || !one.is_root()).map(|one| one.pem.as_str()).collect();
        let mut data = json!({
            "certificate": certificate.pem, "issuing_ca": above.first().map(|one| &one.pem),
            "serial_number": certificate.serial, "not_before": term.from, "expiration": term.to,
        });
        if !chain.is_empty() {
            data["ca_chain"] = json!(chain);
        }
        if let Some(key) = &key {
            data["private_key"] = key.serialize_pem().trim_end().into();
            data["private_key_type"] = forge::kind_of(key).into();
        }
        let mut envelope = if flag(role, "generate_lease") {
            let ttl = std::time::Duration::from_secs(term.to.saturating_sub(now(state)));
            let wanted = MockRole::new(ttl).max_ttl(ttl).renewable(false);
            match leased(state, asked, rest, &wanted, "", None, data)? {
                Content::Envelope(envelope) => envelope,
                other => return Ok(other),
            }
        } else {
            Envelope { data, ..Envelope::default() }
        };
        envelope.warnings.extend(warnings);
        let lease = Some(envelope.lease_id.clone()).filter(|lease| !lease.is_empty());
        if !flag(role, "no_store") {
            let serial = certificate.serial.clone();
            let record = CertificateRecord { certificate, issuer, revoked: None, lease, hidden: false };
            self.certificates.insert(serial, record);
        }
        Ok(Content::Envelope(envelope))
    }
}

fn leaf_key(fields: &Fields, role: &Fields) -> Result<KeyPair, Refusal> {
    let bits = |fields: &Fields| fields.get("key_bits").and_then(Value::as_u64).unwrap_or(0);
    match (names::key_kind(role), text(fields, "key_type")) {
        (Some(kind), _) => forge::generate(kind, bits(role)),
        (None, "") => Err(Refusal::bad_request(
            "role key type \"any\" not allowed for issuing certificates without providing key_type and/or key_bits request parameters",
        )),
        (None, kind) => forge::generate(kind, bits(fields)),
    }
}

fn check_key(role: &Fields, kind: &str) -> Result<(), Refusal> {
    match names::key_kind(role) {
        Some(wanted) if wanted != kind => {
            Err(Refusal::bad_request(&format!("role requires keys of type {wanted}")))
        }
        _ => Ok(()),
    }
}

/// The names that are asked for, if the role allows them all. In the order of the server's checks.
fn wanted(
    fields: &Fields,
    role: &Fields,
    request: Option<&CertificateSigningRequestParams>,
    warnings: &mut Vec<String>,
) -> Result<Names, Refusal> {
    let of_request = request.filter(|_| flag(role, "use_csr_sans")).map(|request| &request.params);
    let source = if of_request.is_some() { "CSR" } else { "the API" };
    let mut names = Names { common_name: common_name(fields, role, request, warnings)?, ..Names::default() };
    for san in of_request.into_iter().flat_map(|params| &params.subject_alt_names) {
        match san {
            SanType::DnsName(name) => names.hosts.push(name.to_string()),
            SanType::Rfc822Name(name) => names.mails.push(name.to_string()),
            SanType::URI(uri) => names.uris.push(uri.to_string()),
            SanType::IpAddress(address) => names.addresses.push(*address),
            _ => {}
        }
    }
    let mut given = Vec::new();
    if !names.common_name.is_empty() && !flag(fields, "exclude_cn_from_sans") {
        given.push(names.common_name.clone());
    }
    if of_request.is_none() {
        given.extend(texts(fields, "alt_names"));
        names.uris = texts(fields, "uri_sans");
    }
    for name in given {
        let is_host = names::is_host(name.strip_prefix("*.").unwrap_or(&name));
        let list = if name.contains('@') { &mut names.mails } else { &mut names.hosts };
        if (name.contains('@') || is_host) && !list.contains(&name) {
            list.push(name);
        }
    }
    check_names(role, &names)?;
    for other in texts(fields, "other_sans") {
        refuse_if(names::other_refused(role, &other))?;
    }
    if of_request.is_none() {
        for address in texts(fields, "ip_sans") {
            let malformed =
                || Refusal::bad_request(&format!("the value \"{address}\" is not a valid IP address"));
            names.addresses.push(address.parse::<IpAddr>().map_err(|_quoted| malformed())?);
        }
    }
    for address in &names.addresses {
        refuse_if(names::address_refused(role, *address, source))?;
    }
    for uri in &names.uris {
        refuse_if(names::uri_refused(role, uri, source))?;
    }
    for user in texts(fields, "user_ids") {
        let allowed = names::user_is_allowed(role, &user);
        refuse_if((!allowed).then(|| format!("user_id {user} is not allowed by this role")))?;
    }
    Ok(names)
}

fn common_name(
    fields: &Fields,
    role: &Fields,
    request: Option<&CertificateSigningRequestParams>,
    warnings: &mut Vec<String>,
) -> Result<String, Refusal> {
    let given = text(fields, "common_name");
    let of_request = request.filter(|_| flag(role, "use_csr_common_name"));
    if of_request.is_some() && !given.is_empty() {
        let text =
            "the common_name field was provided but the role is set with \"use_csr_common_name\" set to true";
        warnings.push(text.to_owned());
    }
    let name = of_request.and_then(|request| {
        let value = request.params.distinguished_name.get(&rcgen::DnType::CommonName)?;
        match value {
            rcgen::DnValue::Utf8String(text) => Some(text.clone()),
            rcgen::DnValue::PrintableString(text) => Some(text.to_string()),
            _ => None,
        }
    });
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| given.to_owned());
    if name.is_empty() && flag(role, "require_cn") {
        return Err(Refusal::bad_request(
            "the common_name field is required, or must be provided in a CSR with \"use_csr_common_name\" set to true, unless \"require_cn\" is set to false",
        ));
    }
    Ok(name)
}

fn check_names(role: &Fields, names: &Names) -> Result<(), Refusal> {
    let name = &names.common_name;
    if !name.is_empty() && !names::common_name_is_allowed(role, name) {
        return Err(Refusal::bad_request(&format!("common name {name} not allowed by this role")));
    }
    for (list, what) in [(&names.hosts, "subject alternate name"), (&names.mails, "email address")] {
        let bad = list.iter().find(|name| !names::is_allowed(role, name));
        refuse_if(bad.map(|name| format!("{what} {name} not allowed by this role")))?;
    }
    Ok(())
}

fn refuse_if(said: Option<String>) -> Result<(), Refusal> {
    said.map_or(Ok(()), |said| Err(Refusal::bad_request(&said)))
}

fn moment(text: &str) -> Result<u64, Refusal> {
    let time = humantime::parse_rfc3339(text).map_err(|_quoted| {
        Refusal::bad_request(&format!(
            "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse"
        ))
    })?;
    Ok(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)
}
