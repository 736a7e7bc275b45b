//! Messages: a question as it goes out, an answer as it comes in.

use catalyst_core::{Error, ErrorKind, Result};
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode as WireCode};
use hickory_proto::rr::{DNSClass, Name, Record, RecordType as WireType};

use super::rdata::{answer_record, garbage};
use super::{AnswerRecord, DnsAnswer, Question, ResponseCode, types};

/// What fits through every path without fragments (DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;
/// The most records of one answer. A set has at most 1,000, with signatures and addresses.
const MAX_RECORDS: usize = 8192;

/// A question, ready to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) id: u16,
    pub(crate) octets: Vec<u8>,
    query: Query,
}

/// What a message that came in is, for somebody who waits for an answer.
pub(crate) enum Incoming {
    /// The answer.
    Answer(Box<DnsAnswer>),
    /// The beginning of an answer that is too large for a datagram.
    Truncated,
    /// Something else, which an outsider may have sent.
    Foreign,
}

impl Outgoing {
    pub(crate) fn new(question: &Question, id: u16) -> Result<Self> {
        let kind = WireType::from(types::code(question.kind)?);
        let query = Query::query(types::to_wire(&question.name)?, kind);
        let mut message = Message::query();
        message.metadata.id = id;
        message.metadata.recursion_desired = question.recursive;
        message.add_query(query.clone());
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD).set_version(0).set_dnssec_ok(question.dnssec);
        message.set_edns(edns);
        let octets = message.to_vec().map_err(|_invalid| {
            Error::new(ErrorKind::Config, "ask a name server")
                .with_code("invalid_question")
                .with_target(question.to_string())
                .with_help("the question does not fit into a message")
        })?;
        Ok(Self { id, octets, query })
    }

    /// Reads what came in.
    ///
    /// # Errors
    /// `Decode` for what answers this question and cannot be read. What does not is `Foreign`: to refuse it would let
    /// outsiders end the wait.
    pub(crate) fn read(&self, octets: &[u8]) -> Result<Incoming> {
        let Some(head) = octets.first_chunk::<12>() else { return Ok(Incoming::Foreign) };
        let (id, is_answer, truncated) = (u16::from_be_bytes([head[0], head[1]]), head[2] >> 7, head[2] & 2);
        if id != self.id || is_answer == 0 {
            return Ok(Incoming::Foreign);
        }
        if truncated != 0 {
            // What is cut need not be whole records: only the question is looked at, by the message over TCP.
            return Ok(Incoming::Truncated);
        }
        let message = parse(octets)?;
        if !self.answered_by(&message) {
            return Ok(Incoming::Foreign);
        }
        Ok(Incoming::Answer(Box::new(convert(&message, octets)?)))
    }

    /// Servers that refuse may leave the question out; all others repeat it.
    fn answered_by(&self, message: &Message) -> bool {
        match &message.queries[..] {
            [query] => {
                query.query_type == self.query.query_type
                    && query.query_class == DNSClass::IN
                    && same_name(&query.name, &self.query.name)
            }
            [] => !matches!(message.metadata.response_code, WireCode::NoError | WireCode::NXDomain),
            _ => false,
        }
    }
}

fn same_name(one: &Name, other: &Name) -> bool {
    one.len() == other.len()
        && one.iter().zip(other.iter()).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// The message, if it is one.
pub(crate) fn parse(octets: &[u8]) -> Result<Message> {
    Message::from_vec(octets)
        .map_err(|error| garbage("the message breaks the rules of the protocol").with_source(error))
}

/// The answer in a message, whoever asked.
pub(crate) fn convert(message: &Message, octets: &[u8]) -> Result<DnsAnswer> {
    if message.metadata.message_type != MessageType::Response {
        return Err(garbage("the message is no answer"));
    }
    let count = message.answers.len() + message.authorities.len() + message.additionals.len();
    if count > MAX_RECORDS {
        return Err(garbage("the answer has more than 8,192 records"));
    }
    let records = |section: &[Record]| -> Result<Vec<AnswerRecord>> {
        section.iter().filter(|record| record.dns_class == DNSClass::IN).map(answer_record).collect()
    };
    Ok(DnsAnswer {
        code: code(message.metadata.response_code),
        authoritative: message.metadata.authoritative,
        authentic: message.metadata.authentic_data,
        answers: records(&message.answers)?,
        authority: records(&message.authorities)?,
        additional: records(&message.additionals)?,
        wire: octets.to_vec(),
    })
}

fn code(code: WireCode) -> ResponseCode {
    match code {
        WireCode::NoError => ResponseCode::NoError,
        WireCode::FormErr => ResponseCode::FormErr,
        WireCode::ServFail => ResponseCode::ServFail,
        WireCode::NXDomain => ResponseCode::NxDomain,
        WireCode::NotImp => ResponseCode::NotImp,
        WireCode::Refused => ResponseCode::Refused,
        other => ResponseCode::Other(other.into()),
    }
}
