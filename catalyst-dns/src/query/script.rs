//! Name servers that answer what a test says, in virtual time.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};

use super::{AnswerRecord, DnsAnswer, DnsClient, Question, ResponseCode};
use crate::{RecordData, RecordKey, RecordType, Ttl};

type Rule = Box<dyn Fn(&Question, u32) -> Option<DnsAnswer> + Send + Sync>;

/// Servers by address; each has a rule that sees the question and how often it was asked before. What has no rule,
/// or whose rule says nothing, is silent for two seconds.
#[derive(Default)]
pub(crate) struct Script {
    servers: HashMap<SocketAddr, Rule>,
    asked: Mutex<Vec<(SocketAddr, Question)>>,
}

impl Script {
    pub(crate) fn server(
        mut self,
        address: &str,
        rule: impl Fn(&Question, u32) -> Option<DnsAnswer> + Send + Sync + 'static,
    ) -> Self {
        self.servers.insert(address.parse().unwrap(), Box::new(rule));
        self
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

#[async_trait]
impl DnsClient for Script {
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let same = asked.iter().filter(|(at, other)| *at == server && other == question).count();
            asked.push((server, question.clone()));
            u32::try_from(same).unwrap()
        };
        if let Some(answer) = self.servers.get(&server).and_then(|rule| rule(question, before)) {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        Err(Error::new(ErrorKind::Timeout, "ask a name server").with_code("no_answer"))
    }
}

/// An authoritative answer with these records, which are the owner's: `("A", "192.0.2.1")`.
pub(crate) fn served(question: &Question, ttl: u32, records: &[(&str, &str)]) -> DnsAnswer {
    let mut answer = DnsAnswer::empty(ResponseCode::NoError);
    answer.authoritative = true;
    for (kind, content) in records {
        let kind: RecordType = kind.parse().unwrap();
        let data = RecordData::parse(kind, content).unwrap();
        if kind == question.kind() || kind == RecordType::Cname {
            answer.answers.push(AnswerRecord {
                name: question.name().clone(),
                ttl: Ttl::from_secs(ttl).unwrap(),
                data,
            });
        }
    }
    answer
}

/// The SOA of a zone with this serial.
pub(crate) fn soa(serial: u32) -> String {
    format!("ns1.example.org. hostmaster.example.org. {serial} 3600 600 86400 300")
}

pub(crate) fn key(name: &str, kind: RecordType) -> RecordKey {
    RecordKey { name: name.parse().unwrap(), kind }
}
