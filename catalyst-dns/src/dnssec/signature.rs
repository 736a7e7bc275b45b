//! One signed set of an answer, verified (RFC 4035 section 5.3).

use std::time::{Duration, SystemTime};

use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::dnssec::{Algorithm, PublicKeyBuf, Verifier as _};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType as WireType};

use super::Bogus;
use crate::query::{DnsAnswer, parse, to_wire};
use crate::{Dnskey, RecordType, ZoneName};

/// The most signatures that are computed for one set: many keys with one tag must not keep us busy
/// (CVE-2023-50387).
const MAX_VERIFICATIONS: usize = 16;

/// A record set and its signatures, with the octets that came.
pub(super) struct SignedSet {
    owner: Name,
    kind: RecordType,
    records: Vec<Record>,
    signatures: Vec<RRSIG>,
}

impl SignedSet {
    /// The set of `kind` at `owner` in the answer; `None` if the message cannot be read again, or the set is not there.
    pub(super) fn find(
        answer: &DnsAnswer,
        owner: &crate::DomainName,
        kind: RecordType,
        code: u16,
    ) -> Option<Self> {
        let message = parse(&answer.wire).ok()?;
        let (owner, wire) = (to_wire(owner).ok()?, WireType::from(code));
        let mut found = Self { owner, kind, records: Vec::new(), signatures: Vec::new() };
        for record in message.answers {
            if record.name != found.owner || record.dns_class != DNSClass::IN {
                continue;
            }
            match &record.data {
                RData::DNSSEC(DNSSECRData::RRSIG(signature)) if signature.input().type_covered == wire => {
                    found.signatures.push(signature.clone());
                }
                _ if record.record_type() == wire => found.records.push(record),
                _ => {}
            }
        }
        // A set has no record twice (RFC 2181 section 5); the same one twice is signed once.
        found.records.sort();
        found.records.dedup_by(|one, other| one.data == other.data);
        (!found.records.is_empty()).then_some(found)
    }

    /// Until when the set is signed by one of `keys`, by the signature that ends last.
    pub(super) fn verify(
        &self,
        zone: &ZoneName,
        keys: &[Dnskey],
        now: SystemTime,
    ) -> Result<SystemTime, Bogus> {
        let signer = to_wire(zone.apex()).map_err(|_no_name| Bogus::NoSignature(self.kind))?;
        let mut best: Result<SystemTime, Bogus> = Err(Bogus::NoSignature(self.kind));
        let mut left = MAX_VERIFICATIONS;
        for signature in self.signatures.iter().filter(|signature| signature.input().signer_name == signer) {
            for key in keys.iter().filter(|key| self.may_be_of(signature, key)) {
                if left == 0 {
                    return best;
                }
                left -= 1;
                best = better(best, self.verify_one(signature, key, now));
            }
        }
        best
    }

    fn may_be_of(&self, signature: &RRSIG, key: &Dnskey) -> bool {
        let input = signature.input();
        key.is_zone_key()
            && input.key_tag == key.key_tag()
            && u8::from(input.algorithm) == key.algorithm
            && input.num_labels <= self.owner.num_labels()
    }

    fn verify_one(&self, signature: &RRSIG, key: &Dnskey, now: SystemTime) -> Result<SystemTime, Bogus> {
        let until = in_time(signature, now).map_err(|bogus| bogus(self.kind))?;
        let public = PublicKeyBuf::new(key.public_key.clone(), Algorithm::from_u8(key.algorithm));
        let key = DNSKEY::with_flags(key.flags, public);
        key.verify_rrsig(&self.owner, DNSClass::IN, signature, self.records.iter())
            .map_err(|_forged| Bogus::BadSignature(self.kind))?;
        Ok(until)
    }
}

/// Until when the signature holds, if it does now. Its times wrap (RFC 4034 section 3.1.5).
fn in_time(signature: &RRSIG, now: SystemTime) -> Result<SystemTime, fn(RecordType) -> Bogus> {
    let input = signature.input();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    // The wire has the lowest 32 bits.
    let wrapped = u32::try_from(seconds & u64::from(u32::MAX)).unwrap_or_default();
    let left = input.sig_expiration.get().wrapping_sub(wrapped).cast_signed();
    let since = wrapped.wrapping_sub(input.sig_inception.get()).cast_signed();
    if since < 0 {
        return Err(Bogus::NotYetValid);
    }
    match u64::try_from(left) {
        Ok(left) => Ok(now + Duration::from_secs(left)),
        Err(_past) => Err(Bogus::Expired),
    }
}

/// A signature that holds counts, then the fault that came nearest to one.
fn better(one: Result<SystemTime, Bogus>, other: Result<SystemTime, Bogus>) -> Result<SystemTime, Bogus> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(one.max(other)),
        (Ok(held), _) | (_, Ok(held)) => Ok(held),
        (Err(Bogus::NoSignature(_)), fault) | (fault, Err(_)) => fault,
    }
}
