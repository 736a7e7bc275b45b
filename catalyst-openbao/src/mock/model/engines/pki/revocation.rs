//! Certificates that are read, listed and revoked, and the lists of these.

use std::time::{Duration, SystemTime};

use rcgen::{KeyPair, PublicKeyData};
use serde_json::json;

use super::engine::{Pki, now};
use super::fields::{Fields, flag, span, text};
use super::forge::{self, Term};
use super::store::{CertificateRecord, Lists, Parsed};
use crate::mock::model::Refusal;
use crate::mock::model::state::State;
use crate::mock::wire::{Asked, Content, Envelope};
use crate::pki::CertificatePem;

impl Pki {
    pub(super) fn certificate(&mut self, state: &State, serial: &str) -> Result<Content, Refusal> {
        let serial = serial.replace('-', ":").to_lowercase();
        if serial == "crl" {
            return self.list_of(state, "default", false);
        }
        let kept = self.certificates.get(&serial).filter(|record| !record.hidden || record.revoked.is_some());
        let record = kept.ok_or_else(Refusal::nothing_there)?;
        let mut data = json!({
            "certificate": record.certificate.pem, "revocation_time": record.revoked.unwrap_or(0),
            "revocation_time_rfc3339": record.revoked.map(written).unwrap_or_default(),
        });
        if record.revoked.is_some() {
            data["issuer_id"] = record.issuer.as_str().into();
        }
        Ok(Content::data(data))
    }

    pub(super) fn list_certificates(&self, asked: &Asked, revoked: bool) -> Result<Content, Refusal> {
        let limit = asked.query("limit").and_then(|limit| limit.parse().ok()).filter(|&limit| limit > 0);
        let after = asked.query("after").unwrap_or_default();
        let listed = self.certificates.iter().filter(|(serial, record)| {
            let shown = if revoked { record.revoked.is_some() } else { !record.hidden };
            shown && serial.as_str() > after
        });
        let keys: Vec<String> =
            listed.map(|(serial, _)| serial.clone()).take(limit.unwrap_or(usize::MAX)).collect();
        if keys.is_empty() { Err(Refusal::nothing_there()) } else { Ok(Content::keys(&keys)) }
    }

    pub(super) fn revoke(&mut self, state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
        let serial = self.named(&asked.fields())?;
        self.put_on_list(state, &serial)
    }

    pub(super) fn revoke_with_key(&mut self, state: &mut State, asked: &Asked) -> Result<Content, Refusal> {
        let fields = asked.fields();
        let serial = self.named(&fields)?;
        let pair = KeyPair::from_pem(text(&fields, "private_key"));
        let pair = pair.map_err(|_quoted| Refusal::bad_request("failed to parse private key"))?;
        if self.certificates[&serial].certificate.public_key != pair.subject_public_key_info() {
            return Err(Refusal::internal("provided private key does not match certificate's public key"));
        }
        self.put_on_list(state, &serial)
    }

    /// The certificate that a request is about; one that is shown and was not kept is kept from now on.
    fn named(&mut self, fields: &Fields) -> Result<String, Refusal> {
        match (text(fields, "serial_number"), text(fields, "certificate")) {
            ("", "") => {
                Err(Refusal::bad_request("The serial number or certificate to revoke must be provided."))
            }
            (given, "") => {
                let serial = given.replace('-', ":").to_lowercase();
                let known = self.certificates.contains_key(&serial);
                let missing = || Refusal::bad_request(&format!("certificate with serial {given} not found."));
                if known { Ok(serial) } else { Err(missing()) }
            }
            ("", given) => {
                let read = given.parse::<CertificatePem>().ok().and_then(|pem| Parsed::read(&pem));
                let certificate = read.ok_or_else(|| {
                    Refusal::internal(
                        "provided certificate data was too short; perhaps a path was passed to the API rather than the contents of a PEM file",
                    )
                })?;
                let issuer =
                    self.issuers.iter().find(|(_, issuer)| certificate.is_signed_by(&issuer.certificate));
                let issuer = issuer.map(|(id, _)| id.clone()).ok_or_else(|| {
                    Refusal::internal(
                        "unable to verify signature on presented cert from any present issuer in this mount; certificates from previous CAs will need to have their issuing CA and key re-imported if revocation is necessary",
                    )
                })?;
                let serial = certificate.serial.clone();
                let record =
                    CertificateRecord { certificate, issuer, revoked: None, lease: None, hidden: true };
                self.certificates.entry(serial.clone()).or_insert(record);
                Ok(serial)
            }
            _ => Err(Refusal::bad_request(
                "Must provide either the certificate or the serial to revoke; not both.",
            )),
        }
    }

    fn put_on_list(&mut self, state: &mut State, serial: &str) -> Result<Content, Refusal> {
        let own = self.issuers.iter().find(|(_, issuer)| issuer.certificate.serial == serial);
        if let Some((id, _)) = own.filter(|(_, issuer)| issuer.certificate.is_root()) {
            let text = format!("adding issuer (id: {id}) to its own CRL is not allowed");
            return Err(Refusal::bad_request(&text));
        }
        let late = flag(&self.settings.crl, "allow_expired_cert_revocation");
        let record = self.certificates.get_mut(serial).ok_or_else(Refusal::nothing_there)?;
        let time = now(state);
        if record.revoked.is_none() && record.certificate.ends < time && !late {
            let text = format!(
                "certificate with serial {serial} already expired; refusing to add to CRL. Enable 'AllowExpiredCertRevocation' to allow revoking expired certificates."
            );
            return Ok(Content::Envelope(Envelope { warnings: vec![text], ..Envelope::default() }));
        }
        let is_new = record.revoked.is_none();
        let (time, issuer) = (*record.revoked.get_or_insert(time), record.issuer.clone());
        if is_new && !flag(&self.settings.crl, "auto_rebuild") {
            self.make_lists(state, &issuer)?;
        }
        Ok(Content::data(json!({
            "revocation_time": time, "revocation_time_rfc3339": written(time), "state": "revoked",
        })))
    }

    /// What was leased ends with its lease.
    pub(super) fn revoke_ended_leases(&mut self, state: &mut State) {
        let time = now(state);
        let ended = self.certificates.values_mut().filter(|record| {
            let lease = record.lease.as_ref();
            let is_over = lease.is_some_and(|lease| !state.stored.leases.contains_key(lease));
            is_over && record.revoked.is_none() && record.certificate.ends > time
        });
        let mut issuers = Vec::new();
        for record in ended {
            record.revoked = Some(time);
            issuers.push(record.issuer.clone());
        }
        for issuer in issuers {
            // One without a key has no list.
            drop(self.make_lists(state, &issuer));
        }
    }

    pub(super) fn list_of(
        &mut self,
        state: &State,
        reference: &str,
        delta: bool,
    ) -> Result<Content, Refusal> {
        let id = self.resolve(reference)?;
        let expiry = self.expiry()?;
        let is_over = |lists: &Lists| lists.made + expiry <= now(state);
        if self.issuers[&id].lists.as_ref().is_some_and(is_over) {
            self.make_lists(state, &id)?;
        }
        let missing =
            || Refusal::new(500, &[&format!("unable to find CRL for issuer: id:{id}/ref:{reference}")]);
        let lists = self.issuers[&id].lists.as_ref().ok_or_else(missing)?;
        Ok(Content::data(json!({ "crl": if delta { &lists.delta } else { &lists.whole } })))
    }

    pub(super) fn rotate(&mut self, state: &State) -> Result<Content, Refusal> {
        for id in self.issuers.keys().cloned().collect::<Vec<_>>() {
            self.make_lists(state, &id)?;
        }
        Ok(Content::data(json!({ "success": true })))
    }

    pub(super) fn rotate_delta(&mut self, state: &State) -> Result<Content, Refusal> {
        let mut warnings = Vec::new();
        if flag(&self.settings.crl, "enable_delta") {
            for id in self.issuers.keys().cloned().collect::<Vec<_>>() {
                let Some(holds) = self.issuers[&id].lists.as_ref().map(|lists| lists.holds.clone()) else {
                    continue;
                };
                let Some((delta, _)) = self.list_without(state, &id, &holds)? else { continue };
                if let Some(lists) = self.issuers.get_mut(&id).and_then(|issuer| issuer.lists.as_mut()) {
                    lists.delta = delta;
                }
            }
        } else {
            warnings.push(
                "requested rebuild of delta CRL when delta CRL is not enabled; this is a no-op".to_owned(),
            );
        }
        Ok(Content::Envelope(Envelope { data: json!({ "success": true }), warnings, ..Envelope::default() }))
    }

    /// Makes the lists of an issuer anew, if it has a key.
    pub(super) fn make_lists(&mut self, state: &State, id: &str) -> Result<(), Refusal> {
        let Some((whole, holds)) = self.list_without(state, id, &[])? else { return Ok(()) };
        let Some((delta, _)) = self.list_without(state, id, &holds)? else { return Ok(()) };
        let made = now(state);
        if let Some(issuer) = self.issuers.get_mut(id) {
            issuer.lists = Some(Lists { whole, delta, made, holds });
        }
        Ok(())
    }

    /// The list of what an issuer revoked, without those that another list holds already, and the numbers in it.
    fn list_without(
        &mut self,
        state: &State,
        id: &str,
        held: &[String],
    ) -> Result<Option<(String, Vec<String>)>, Refusal> {
        let Some(issuer) = self.issuers.get(id) else { return Ok(None) };
        let Some(key) = self.keys.get(&issuer.key) else { return Ok(None) };
        let signer = forge::signer(issuer, key)?;
        let disabled = flag(&self.settings.crl, "disable");
        let on_list = |record: &CertificateRecord| {
            let time = record.revoked.filter(|_| record.issuer == id && !disabled)?;
            let serial = record.certificate.serial.clone();
            (!held.contains(&serial)).then_some((serial, time))
        };
        let revoked: Vec<(String, u64)> = self.certificates.values().filter_map(on_list).collect();
        let from = now(state);
        self.list_number += 1;
        let term = Term { from, to: from + self.expiry()? };
        let list = forge::list(&signer, self.list_number, term, &revoked)?;
        Ok(Some((list, revoked.into_iter().map(|(serial, _)| serial).collect())))
    }

    fn expiry(&self) -> Result<u64, Refusal> {
        Ok(span(&self.settings.crl, "expiry")?.map_or(72 * 3600, |span| span.as_secs()))
    }

    /// Takes away what has expired for longer than `buffer`.
    pub(super) fn take_away(&mut self, time: u64, buffer: u64, kept: bool, revoked: bool) -> (u64, u64) {
        let before = self.certificates.len();
        let mut of_revoked = 0;
        self.certificates.retain(|_, record| {
            let over = record.certificate.ends + buffer < time;
            let goes = over && if record.revoked.is_some() { revoked } else { kept };
            of_revoked += u64::from(goes && record.revoked.is_some());
            !goes
        });
        let gone = u64::try_from(before - self.certificates.len()).unwrap_or(0);
        (gone - of_revoked, of_revoked)
    }
}

fn written(seconds: u64) -> String {
    humantime::format_rfc3339_nanos(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}
