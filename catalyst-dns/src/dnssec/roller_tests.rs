//! Rollovers in a zone that is really signed, with a process that ends after each step.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalyst_core::{Clock, Error, ErrorKind, Result};
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::{Message, MessageType, OpCode};
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::{Name, RData, Record};

use super::chain_tests::{DAY, at, generate, public, sign};
use super::tests::{dnskey, zone};
use super::*;
use crate::query::{AnswerRecord, DnsAnswer, DnsClient, Question, ResponseCode};
use crate::{Ds, RecordData, RecordType, Ttl, ZoneName};

/// A signed zone `example.org` and its parent.
#[derive(Debug)]
struct Server {
    keys: Mutex<Vec<(ZoneKey, Vec<u8>)>>,
    ds: Mutex<Vec<Ds>>,
    /// The server loses the answers to writes.
    lossy: bool,
    /// New keys are published and do not sign.
    mute: bool,
    made: Mutex<u32>,
}

impl Server {
    fn new() -> Self {
        let (first, private) = Self::key(1, KeySpec::new(KeyRole::Csk));
        let ds = Ds::from_dnskey(&zone("example.org"), &first.dnskey);
        let (keys, ds) = (Mutex::new(vec![(first, private)]), Mutex::new(vec![ds]));
        Self { keys, ds, lossy: false, mute: false, made: Mutex::new(0) }
    }

    fn key(id: u32, spec: KeySpec) -> (ZoneKey, Vec<u8>) {
        let private = generate();
        let dnskey = dnskey(&public(&private).to_string());
        let (active, published) = (spec.is_active(), spec.is_published());
        (ZoneKey::new(KeyId(id), spec.role(), active, published, dnskey, Vec::new()), private)
    }

    fn ids(&self) -> Vec<u32> {
        self.keys.lock().unwrap().iter().map(|(key, _)| key.id.0).collect()
    }

    fn done<T>(&self, value: T) -> Result<T> {
        if self.lossy {
            Err(Error::new(ErrorKind::Timeout, "write").with_outcome_unknown())
        } else {
            Ok(value)
        }
    }
}

#[async_trait]
impl ZoneSecurity for Server {
    async fn keys(&self, _zone: &ZoneName) -> Result<Vec<ZoneKey>> {
        Ok(self.keys.lock().unwrap().iter().map(|(key, _)| key.clone()).collect())
    }

    async fn add_key(&self, _zone: &ZoneName, spec: KeySpec) -> Result<ZoneKey> {
        let key = Self::key(2, spec);
        *self.made.lock().unwrap() += 1;
        self.keys.lock().unwrap().push(key.clone());
        self.done(key.0)
    }

    async fn change_key(&self, _zone: &ZoneName, id: KeyId, active: bool, published: bool) -> Result<()> {
        for (key, _) in self.keys.lock().unwrap().iter_mut().filter(|(key, _)| key.id == id) {
            (key.active, key.published) = (active, published);
        }
        self.done(())
    }

    async fn remove_key(&self, _zone: &ZoneName, id: KeyId) -> Result<()> {
        self.keys.lock().unwrap().retain(|(key, _)| key.id != id);
        self.done(())
    }

    async fn set_dnssec(&self, _zone: &ZoneName, _signed: bool) -> Result<()> {
        panic!("signing is switched")
    }
}

#[async_trait]
impl DsPublisher for Server {
    async fn set_ds(&self, _child: &ZoneName, ds: &[Ds]) -> Result<()> {
        *self.ds.lock().unwrap() = ds.to_vec();
        self.done(())
    }
}

#[async_trait]
impl DnsClient for Server {
    async fn ask(&self, _server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        if question.kind() == RecordType::Ds {
            let mut answer = DnsAnswer::empty(ResponseCode::NoError);
            answer.authoritative = true;
            answer.answers.extend(self.ds.lock().unwrap().iter().map(|ds| AnswerRecord {
                name: question.name().clone(),
                ttl: Ttl::MINUTE,
                data: RecordData::Ds(ds.clone()),
            }));
            return Ok(answer);
        }
        let owner = Name::from_ascii("example.org.").unwrap();
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.metadata.authoritative = true;
        let keys = self.keys.lock().unwrap();
        let records: Vec<Record> = if question.kind() == RecordType::Dnskey {
            let published = keys.iter().filter(|(key, _)| key.published);
            let data = published.map(|(_, private)| RData::DNSSEC(DNSSECRData::DNSKEY(public(private))));
            data.map(|data| Record::from_rdata(owner.clone(), 60, data)).collect()
        } else {
            let soa = SOA::new(owner.clone(), owner.clone(), 7, 1, 1, 1, 60);
            vec![Record::from_rdata(owner.clone(), 60, RData::SOA(soa))]
        };
        for (_, private) in keys.iter().filter(|(key, _)| key.active && !(self.mute && key.id.0 > 1)) {
            message.add_answer(sign(private, &owner, &records, (-DAY, 9 * DAY)));
        }
        message.add_answers(records);
        DnsAnswer::from_wire(&message.to_vec().unwrap())
    }
}

/// Goes on until nothing more is to be done; each step is another process, which has only the checkpoint.
async fn roll(server: &Arc<Server>, publish: bool) -> Result<Vec<String>> {
    let (clock, hand) = Clock::manual();
    let org = zone("example.org");
    let parents = at("192.0.2.53:53");
    let mut roller = Roller::new(
        Arc::clone(server) as _,
        Arc::clone(server) as _,
        clock.clone(),
        parents.clone(),
        parents.clone(),
    );
    if publish {
        roller = roller.publisher(Arc::clone(server) as _);
    }
    let validator = Validator::new(Arc::clone(server) as _, clock.clone());
    let old = server.keys.lock().unwrap()[0].0.clone();
    let timing = Timing::new(Ttl::MINUTE, Ttl::HOUR, Ttl::HOUR);
    let (mut seen, mut checkpoint) = (Vec::new(), None::<String>);
    for _ in 0..40 {
        let mut rollover = Rollover::new(org.clone(), old.clone(), timing);
        if let Some(text) = &checkpoint {
            rollover = rollover.resume(text.parse().unwrap());
        }
        let progress = roller.advance(&mut rollover).await;
        let found = validator.validate(&org, &parents, &parents).await.unwrap();
        assert!(found.is_secure(), "{seen:?}: {found}");
        checkpoint = rollover.checkpoint().map(|checkpoint| checkpoint.to_string());
        match progress {
            Ok(Progress::Done) => return Ok(seen),
            Ok(Progress::WaitUntil(end)) => hand.advance(clock.until(end)),
            Ok(Progress::Took(step)) => seen.push(step.to_string()),
            Ok(Progress::ParentMustHave(ds)) => *server.ds.lock().unwrap() = ds,
            Ok(Progress::Propagating) => {}
            Err(error) if error.outcome_unknown() => {}
            Err(error) => return Err(error),
        }
    }
    panic!("does not end: {seen:?}")
}

#[tokio::test]
async fn a_key_is_replaced_and_the_zone_is_secure_all_the_time() {
    let server = Arc::new(Server::new());
    let before = server.ds.lock().unwrap().clone();
    let steps = roll(&server, true).await.unwrap();
    assert_eq!(steps.len(), 4, "a key, both DS, one DS, the old key: {steps:?}");
    assert_eq!(server.ids(), [2]);
    let after = server.ds.lock().unwrap().clone();
    assert!(after.len() == 1 && after != before);
}

#[tokio::test]
async fn answers_that_are_lost_make_no_second_key() {
    let server = Arc::new(Server { lossy: true, ..Server::new() });
    roll(&server, true).await.unwrap();
    assert_eq!((server.ids(), *server.made.lock().unwrap()), (vec![2], 1));
}

#[tokio::test]
async fn a_parent_that_somebody_else_writes_is_asked_for() {
    let server = Arc::new(Server::new());
    let steps = roll(&server, false).await.unwrap();
    assert_eq!(steps.len(), 2, "the caller did the rest: {steps:?}");
    assert_eq!(server.ids(), [2]);
}

#[tokio::test]
async fn a_new_key_that_does_not_sign_never_takes_the_old_ones_place() {
    let server = Arc::new(Server { mute: true, ..Server::new() });
    let error = roll(&server, true).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("chain_would_break")));
    assert_eq!(server.ids(), [1, 2]);
    assert_eq!(server.ds.lock().unwrap().len(), 2, "the old DS stands");
}
