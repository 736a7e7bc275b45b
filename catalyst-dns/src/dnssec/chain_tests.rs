//! Chains that are really signed, and how each of them breaks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use catalyst_core::{Clock, Result};
use hickory_proto::dnssec::crypto::EcdsaSigningKey;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG, SigInput};
use hickory_proto::dnssec::{Algorithm, SigningKey as _, TBS};
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::{A, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType as WireType, SerialNumber};

use super::tests::{NET_DS, dnskey, ds, zone};
use super::*;
use crate::query::{DnsAnswer, DnsClient, NameServer, Question, ResponseCode};
use crate::{Ds, RecordData, RecordKey, RecordType, Ttl};

/// The private half of a new key.
pub(super) fn generate() -> Vec<u8> {
    let key = EcdsaSigningKey::generate_pkcs8(Algorithm::ECDSAP256SHA256).unwrap();
    key.secret_pkcs8_der().to_vec()
}

fn signer(key: &[u8]) -> EcdsaSigningKey {
    EcdsaSigningKey::from_pkcs8(&key.to_vec().into(), Algorithm::ECDSAP256SHA256).unwrap()
}

pub(super) fn public(key: &[u8]) -> DNSKEY {
    DNSKEY::with_flags(257, signer(key).to_public_key().unwrap())
}

/// A signature of records of `example.org` that holds from and until so many seconds from now.
pub(super) fn sign(key: &[u8], owner: &Name, records: &[Record], valid: (i64, i64)) -> Record {
    let now = Clock::system().now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let at = |offset: i64| {
        let seconds = i64::try_from(now).unwrap() + offset;
        SerialNumber::new(u32::try_from(seconds).unwrap())
    };
    let input = SigInput {
        type_covered: records[0].record_type(),
        algorithm: Algorithm::ECDSAP256SHA256,
        num_labels: owner.num_labels(),
        original_ttl: 60,
        sig_expiration: at(valid.1),
        sig_inception: at(valid.0),
        key_tag: public(key).calculate_key_tag().unwrap(),
        signer_name: Name::from_ascii("example.org.").unwrap(),
    };
    let tbs = TBS::from_input(owner, DNSClass::IN, &input, records.iter()).unwrap();
    let signature = RRSIG::from_sig(input, signer(key).sign(&tbs).unwrap());
    Record::from_rdata(owner.clone(), 60, RData::DNSSEC(DNSSECRData::RRSIG(signature)))
}

/// A zone `example.org` that is signed when it is asked, and its parent, on one server.
#[derive(Debug)]
struct Signed {
    key: Vec<u8>,
    ds: Option<Ds>,
    /// Seconds from now at which the signatures begin and end.
    valid: (i64, i64),
    forged: bool,
    unsigned: bool,
    keyless: bool,
}

pub(super) const DAY: i64 = 86_400;

impl Signed {
    fn new() -> Self {
        let key = generate();
        let mut signed =
            Self { key, ds: None, valid: (-DAY, DAY), forged: false, unsigned: false, keyless: false };
        let public = signed.public().to_string();
        signed.ds = Some(Ds::from_dnskey(&zone("example.org"), &dnskey(&public)));
        signed
    }

    fn public(&self) -> DNSKEY {
        public(&self.key)
    }

    fn records(&self, owner: &Name, kind: WireType) -> Vec<Record> {
        let name = |text| Name::from_ascii(text).unwrap();
        let data = match kind {
            WireType::DNSKEY if !self.keyless => RData::DNSSEC(DNSSECRData::DNSKEY(self.public())),
            WireType::SOA => {
                RData::SOA(SOA::new(name("ns1.example.org."), name("h.example.org."), 7, 1, 1, 1, 60))
            }
            WireType::A => RData::A(A::new(192, 0, 2, 1)),
            _ => return Vec::new(),
        };
        vec![Record::from_rdata(owner.clone(), 60, data)]
    }
}

#[async_trait]
impl DnsClient for Signed {
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        if server.port() == 54 {
            return Ok(DnsAnswer::empty(ResponseCode::Refused));
        }
        if question.kind() == RecordType::Ds {
            let mut answer = DnsAnswer::empty(ResponseCode::NoError);
            answer.authoritative = true;
            answer.answers.extend(self.ds.iter().map(|ds| crate::query::AnswerRecord {
                name: question.name().clone(),
                ttl: Ttl::HOUR,
                data: RecordData::Ds(ds.clone()),
            }));
            return Ok(answer);
        }
        let (owner, kind) =
            (Name::from_ascii(question.name().as_str()).unwrap(), question.kind().code().unwrap());
        let kind = WireType::from(kind);
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.metadata.authoritative = true;
        message.add_query(Query::query(owner.clone(), kind));
        let mut records = self.records(&owner, kind);
        if let (false, [_, ..]) = (self.unsigned, &records[..]) {
            message.add_answer(sign(&self.key, &owner, &records, self.valid));
        }
        if self.forged && kind == WireType::A {
            records[0].data = RData::A(A::new(192, 0, 2, 66));
        }
        message.add_answers(records);
        DnsAnswer::from_wire(&message.to_vec().unwrap())
    }
}

pub(super) fn at(address: &str) -> Vec<NameServer> {
    vec![NameServer::new("ns1.example.org".parse().unwrap(), [address.parse().unwrap()])]
}

/// What a validator says about `www.example.org A`.
async fn verdict(signed: Signed) -> Validation {
    let validator = Validator::new(Arc::new(signed), Clock::system());
    let www = RecordKey { name: "www.example.org".parse().unwrap(), kind: RecordType::A };
    let (parents, servers) = (at("192.0.2.53:53"), at("192.0.2.53:53"));
    validator.validate_set(&zone("example.org"), &www, &parents, &servers).await.unwrap()
}

fn shown(found: &Validation) -> String {
    found.servers[0].2.to_string()
}

#[tokio::test]
async fn a_chain_that_holds_is_secure_until_its_first_signature_ends() {
    let found = verdict(Signed::new()).await;
    assert!(found.is_secure() && !found.is_bogus(), "{found}");
    let left = Clock::system().until(found.secure_until().unwrap());
    assert!(left > Duration::from_secs(86_300) && left <= Duration::from_secs(86_400), "{left:?}");
    let validator = Validator::new(Arc::new(Signed::new()), Clock::system());
    let (parents, servers) = (at("192.0.2.53:53"), at("192.0.2.53:53"));
    assert!(validator.validate(&zone("example.org"), &parents, &servers).await.unwrap().is_secure());
}

#[tokio::test]
async fn each_break_of_the_chain_has_its_name() {
    let other = ds("55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17");
    let cases = [
        (Signed { ds: Some(other), ..Signed::new() }, Bogus::NoMatchingKey),
        (Signed { keyless: true, ..Signed::new() }, Bogus::NoKey),
        (Signed { unsigned: true, ..Signed::new() }, Bogus::NoSignature(RecordType::Dnskey)),
        (Signed { forged: true, ..Signed::new() }, Bogus::BadSignature(RecordType::A)),
        (Signed { valid: (-2 * DAY, -DAY), ..Signed::new() }, Bogus::Expired(RecordType::Dnskey)),
        (Signed { valid: (DAY, 2 * DAY), ..Signed::new() }, Bogus::NotYetValid(RecordType::Dnskey)),
    ];
    for (signed, expected) in cases {
        let found = verdict(signed).await;
        assert!(found.is_bogus() && !found.is_secure(), "{expected}");
        assert_eq!(shown(&found), format!("bogus: {expected}"));
    }
}

#[tokio::test]
async fn a_zone_whose_parent_says_nothing_that_is_known_is_insecure() {
    let sha1 = Ds { digest_type: 1, digest: vec![0; 20], ..ds(NET_DS) };
    for parent in [None, Some(sha1)] {
        let found = verdict(Signed { ds: parent, ..Signed::new() }).await;
        assert!(!found.is_bogus() && !found.is_secure());
        assert!(shown(&found).starts_with("insecure"), "{found}");
    }
}

#[tokio::test]
async fn the_clock_decides_which_signatures_hold() {
    let (clock, hand) = Clock::manual();
    hand.advance(Duration::from_secs(2 * 86_400));
    let validator = Validator::new(Arc::new(Signed::new()), clock);
    let (parents, servers) = (at("192.0.2.53:53"), at("192.0.2.53:53"));
    let found = validator.validate(&zone("example.org"), &parents, &servers).await.unwrap();
    assert_eq!(shown(&found), "bogus: the signature of DNSKEY has ended");
}

#[tokio::test]
async fn servers_that_do_not_answer_for_the_zone_are_told_from_broken_chains() {
    let validator = Validator::new(Arc::new(Signed::new()), Clock::system());
    let org = zone("example.org");
    let found = validator.validate(&org, &at("192.0.2.53:53"), &at("192.0.2.53:54")).await.unwrap();
    assert!(!found.is_bogus() && !found.is_secure());
    assert!(shown(&found).starts_with("no answer"), "{found}");
    let error = validator.validate(&org, &at("192.0.2.53:54"), &at("192.0.2.53:53")).await.unwrap_err();
    assert_eq!(error.code(), Some("not_the_parent"));
    let error = validator.validate(&org, &[], &at("192.0.2.53:53")).await.unwrap_err();
    assert_eq!(error.code(), Some("not_the_parent"));
    let foreign = RecordKey { name: "www.example.net".parse().unwrap(), kind: RecordType::A };
    let error = validator.validate_set(&org, &foreign, &[], &[]).await.unwrap_err();
    assert_eq!(error.code(), Some("not_in_zone"));
}

/// Asks nobody: gives what PowerDNS 4.7.3 answered.
fn recorded() -> Vec<(RecordKey, DnsAnswer)> {
    let lines =
        include_str!("../../tests/recorded/dns/signed.txt").lines().filter(|line| !line.starts_with('#'));
    let octets = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    lines
        .map(|line| {
            let [name, kind, message] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let key = RecordKey { name: name.parse().unwrap(), kind: kind.parse().unwrap() };
            (key, DnsAnswer::from_wire(&octets(message)).unwrap())
        })
        .collect()
}

#[test]
fn what_powerdns_signs_is_verified_for_every_type_and_through_a_wildcard() {
    let (child, now) = (zone("c.h5-p.test"), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_791_600));
    let answers = recorded();
    let keys: Vec<crate::Dnskey> = answers
        .iter()
        .flat_map(|(_, answer)| answer.data(RecordType::Dnskey))
        .filter_map(|data| match data {
            RecordData::Dnskey(key) => Some(key.clone()),
            _ => None,
        })
        .collect();
    let parent = ds("20008 13 2 9056af31ff0858095bc4e1c2754c70b44773cd11127f810aabcbd103b402400a");
    assert_eq!(keys.iter().map(|key| Ds::from_dnskey(&child, key)).collect::<Vec<_>>(), [parent]);
    assert_eq!(answers.len(), 13);
    for (key, answer) in &answers {
        let find = || {
            let code = crate::query::type_code(key.kind).unwrap();
            super::signature::SignedSet::find(answer, &key.name, key.kind, code).unwrap()
        };
        assert!(find().verify(&child, &keys, now).is_ok(), "{key}");
        assert_eq!(find().verify(&zone("h5-p.test"), &keys, now), Err(Bogus::NoSignature(key.kind)));
        assert_eq!(
            find().verify(&child, &keys, now + Duration::from_secs(1_500_000)),
            Err(Bogus::Expired(key.kind))
        );
        assert_eq!(
            find().verify(&child, &keys, now - Duration::from_secs(1_000_000)),
            Err(Bogus::NotYetValid(key.kind))
        );
    }
}
