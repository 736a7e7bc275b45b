//! The client against servers that misbehave on real sockets, and answers of every kind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use catalyst_core::ErrorKind;
use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::{CAA, NULL};
use hickory_proto::rr::{Name, RData, Record, RecordType as WireType};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::script::{Script, served};
use super::*;
use crate::{RecordData, RecordType};

fn question() -> Question {
    Question::new("www.example.org".parse().unwrap(), RecordType::A)
}

fn client() -> NameServerClient {
    NameServerClient::new().timeout(Duration::from_millis(300)).tries(1)
}

/// The answer to `request` with these addresses.
fn answer(request: &[u8], addresses: &[&str]) -> Message {
    let request = Message::from_vec(request).unwrap();
    let mut message = Message::new(request.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.authoritative = true;
    let name = request.queries[0].name.clone();
    message.add_queries(request.queries);
    for address in addresses {
        let data = RData::A(hickory_proto::rr::rdata::A(address.parse().unwrap()));
        message.add_answer(Record::from_rdata(name.clone(), 60, data));
    }
    message
}

/// A server that sends what `reply` makes of each datagram, one after the other.
async fn udp(reply: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            for datagram in reply(&buffer[..length]) {
                socket.send_to(&datagram, from).await.unwrap();
            }
        }
    });
    address
}

/// A server that says over UDP that the answer is too large, and gives it over TCP.
async fn truncating(reply: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> SocketAddr {
    let (address, listener) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if let Ok(socket) = UdpSocket::bind(address).await {
            tokio::spawn(async move {
                let mut buffer = [0; 2048];
                while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                    let mut message = answer(&buffer[..length], &[]);
                    message.metadata.truncation = true;
                    socket.send_to(&message.to_vec().unwrap(), from).await.unwrap();
                }
            });
            break (address, listener);
        }
    };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut request).await.unwrap();
            let answer = reply(&request);
            stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn an_answer_over_udp_is_read() {
    let server = udp(|request| vec![answer(request, &["192.0.2.7"]).to_vec().unwrap()]).await;
    let answer = client().ask(server, &question()).await.unwrap();
    assert!(answer.authoritative && answer.code == ResponseCode::NoError);
    let found: Vec<String> = answer.data(RecordType::A).map(ToString::to_string).collect();
    assert_eq!(found, ["192.0.2.7"]);
}

#[tokio::test]
async fn the_question_goes_out_with_its_bits_and_a_small_payload() {
    let server = udp(|request| {
        let message = Message::from_vec(request).unwrap();
        let edns = message.edns.clone().unwrap();
        assert!(message.metadata.recursion_desired && edns.flags().dnssec_ok && edns.max_payload() == 1232);
        vec![answer(request, &["192.0.2.7"]).to_vec().unwrap()]
    })
    .await;
    client().ask(server, &question().recursive().with_signatures()).await.unwrap();
}

#[tokio::test]
async fn what_does_not_fit_comes_over_tcp() {
    let server = truncating(|request| {
        let addresses: Vec<String> = (0..400).map(|n| format!("192.0.{}.{}", n / 200, n % 200)).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        answer(request, &addresses).to_vec().unwrap()
    })
    .await;
    assert_eq!(client().ask(server, &question()).await.unwrap().answers.len(), 400);
    let tcp_only = client().tcp_only();
    assert_eq!(tcp_only.ask(server, &question()).await.unwrap().answers.len(), 400);
}

#[tokio::test]
async fn a_server_sees_the_address_that_was_chosen() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let seen = from.ip().to_string();
            let answer = answer(&buffer[..length], &[&seen]).to_vec().unwrap();
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    let chosen = client().source([127, 0, 0, 9].into());
    let answer = chosen.ask(server, &question()).await.unwrap();
    let seen: Vec<String> = answer.data(RecordType::A).map(ToString::to_string).collect();
    assert_eq!(seen, ["127.0.0.9"]);

    let other_family = client().source(std::net::Ipv6Addr::LOCALHOST.into());
    for client in [other_family.clone(), other_family.tcp_only()] {
        assert_eq!(client.ask(server, &question()).await.unwrap_err().code(), Some("unreachable"));
    }
}

#[tokio::test]
async fn answers_with_another_number_or_question_are_not_seen() {
    let server = udp(|request| {
        let right = answer(request, &["192.0.2.1"]);
        let mut wrong_id = answer(request, &["192.0.2.66"]);
        wrong_id.metadata.id = right.metadata.id.wrapping_add(1);
        let mut wrong_question = answer(request, &["192.0.2.67"]);
        wrong_question.queries =
            vec![Query::query(Name::from_ascii("evil.example.org.").unwrap(), WireType::A)];
        let echo = request.to_vec();
        [wrong_id, wrong_question, right].iter().map(|message| message.to_vec().unwrap()).fold(
            vec![echo, b"x".to_vec()],
            |mut all, one| {
                all.push(one);
                all
            },
        )
    })
    .await;
    let answer = client().ask(server, &question()).await.unwrap();
    assert_eq!(answer.answers.len(), 1);
    assert_eq!(answer.answers[0].data.to_string(), "192.0.2.1");
}

#[tokio::test]
async fn answers_from_another_address_are_not_seen() {
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        let (length, from) = server.recv_from(&mut buffer).await.unwrap();
        let forged = answer(&buffer[..length], &["192.0.2.66"]).to_vec().unwrap();
        other.send_to(&forged, from).await.unwrap();
        let honest = answer(&buffer[..length], &["192.0.2.1"]).to_vec().unwrap();
        server.send_to(&honest, from).await.unwrap();
    });
    let answer = client().ask(address, &question()).await.unwrap();
    assert_eq!(answer.answers[0].data.to_string(), "192.0.2.1");
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_after_two_tries_and_names_the_question() {
    let server = udp(|_| Vec::new()).await;
    let error = client().tries(2).ask(server, &question()).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.attempts()), (ErrorKind::Timeout, Some("no_answer"), 2));
    assert_eq!(error.target(), Some(format!("www.example.org A @{server}").as_str()));
}

#[tokio::test]
async fn a_server_that_drops_the_first_question_answers_the_second() {
    let asked = std::sync::atomic::AtomicU32::new(0);
    let server = udp(move |request| {
        let first = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        if first { Vec::new() } else { vec![answer(request, &["192.0.2.1"]).to_vec().unwrap()] }
    })
    .await;
    assert!(client().tries(2).ask(server, &question()).await.is_ok());
}

#[tokio::test]
async fn nobody_there_is_no_connection() {
    let address = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for client in [client(), client().tcp_only()] {
        assert_eq!(client.ask(address, &question()).await.unwrap_err().kind(), ErrorKind::Connect);
    }
}

#[tokio::test]
async fn garbage_with_our_number_is_a_decode_error_that_is_not_tried_again() {
    let server = udp(|request| {
        let mut garbage = request[..12].to_vec();
        garbage[2] |= 0x80;
        garbage[7] = 9;
        garbage.extend([0xff; 30]);
        vec![garbage]
    })
    .await;
    let error = client().tries(3).ask(server, &question()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.attempts()),
        (ErrorKind::Decode, Some("invalid_answer"), 1)
    );
}

#[tokio::test]
async fn a_refusal_without_the_question_is_an_answer() {
    let server = udp(|request| {
        let mut message = answer(request, &[]);
        message.queries.clear();
        message.metadata.response_code = hickory_proto::op::ResponseCode::Refused;
        vec![message.to_vec().unwrap()]
    })
    .await;
    assert_eq!(client().ask(server, &question()).await.unwrap().code, ResponseCode::Refused);
}

/// What a record becomes on its way through the wire.
fn through_the_wire(kind: RecordType, content: &str) -> RecordData {
    let wire = WireType::from(types::code(kind).unwrap());
    let data = RData::try_from_str(wire, content).unwrap();
    converted(data).data
}

fn converted(data: RData) -> AnswerRecord {
    let mut message = Message::new(1, MessageType::Response, OpCode::Query);
    message.add_answer(Record::from_rdata(Name::from_ascii("www.example.org.").unwrap(), 60, data));
    DnsAnswer::from_wire(&message.to_vec().unwrap()).unwrap().answers.remove(0)
}

#[test]
fn records_of_every_type_equal_what_the_api_gives() {
    let digest = "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17";
    let cases = [
        (RecordType::Aaaa, "2001:db8::1".to_owned()),
        (RecordType::Cname, "other.example.org.".to_owned()),
        (RecordType::Txt, "\"v=spf1 -all\" \"second\"".to_owned()),
        (RecordType::Mx, "10 mail.example.org.".to_owned()),
        (RecordType::Ns, "ns1.example.org.".to_owned()),
        (RecordType::Srv, "1 2 443 _x.example.org.".to_owned()),
        (RecordType::Caa, "0 issue \"letsencrypt.org\"".to_owned()),
        (RecordType::Ptr, "host.example.org.".to_owned()),
        (RecordType::Ds, format!("55648 13 2 {digest}")),
        (RecordType::Tlsa, format!("3 1 1 {digest}")),
        (RecordType::Sshfp, format!("4 2 {digest}")),
        (RecordType::Soa, script::soa(2026)),
        (RecordType::Https, "1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1".to_owned()),
        (RecordType::Svcb, "0 other.example.org.".to_owned()),
    ];
    for (kind, content) in cases {
        let expected = RecordData::parse(kind, &content).unwrap();
        assert_eq!(through_the_wire(kind, &content), expected, "{kind}");
    }
}

#[test]
fn data_that_breaks_the_rules_of_its_type_is_kept_as_octets() {
    let caa = CAA::new_issue(false, None, Vec::new());
    assert_eq!(converted(RData::CAA(caa)).data.to_string(), "0 issue \";\"");
    let unknown = RData::Unknown { code: WireType::Unknown(65_280), rdata: NULL::with(vec![1, 0xab]) };
    let record = converted(unknown);
    assert_eq!((record.data.kind().as_str(), record.data.to_string().as_str()), ("TYPE65280", "\\# 2 01ab"));
    let mut empty = vec![0, 1, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    empty.extend([0xea, 0x60, 0, 1, 0, 0, 0, 60, 0, 0]);
    let error = DnsAnswer::from_wire(&empty).unwrap_err();
    assert_eq!(error.code(), Some("invalid_answer"), "data of no octets");
}

#[test]
fn names_keep_their_octets_on_the_way_out_and_in() {
    for text in ["www.example.org", "*.example.org", "_443._tcp.example.org", "a\\.b.example.org", "."] {
        let name = crate::DomainName::from_server(text).unwrap();
        assert_eq!(types::from_wire(&types::to_wire(&name).unwrap()).unwrap(), name, "{text}");
    }
    let odd = Name::from_labels([&b"\x00 *"[..], b"Org"]).unwrap();
    assert_eq!(types::from_wire(&odd).unwrap().as_str(), "\\000\\032*.org.");
}

#[test]
fn types_have_their_numbers_and_names() {
    for (text, number) in [("NAPTR", 35), ("TYPE65534", 65_534), ("RRSIG", 46), ("A", 1)] {
        let kind: RecordType = text.parse().unwrap();
        assert_eq!(types::code(kind).unwrap(), number);
        assert_eq!(types::kind(WireType::from(number)), kind);
    }
    let nonsense: RecordType = "NONSENSE".parse().unwrap();
    assert_eq!(types::code(nonsense).unwrap_err().code(), Some("unknown_type"));
}

proptest! {
    #[test]
    fn no_octets_break_the_reader(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(DnsAnswer::from_wire(&octets));
    }

    #[test]
    fn no_record_data_breaks_the_reader(kind in 0_u16..70, data in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut message = vec![0, 1, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, b'a', 0];
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0xff, 0xff, 0xff, 0xff]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(&data);
        if let Ok(answer) = DnsAnswer::from_wire(&message) {
            for record in answer.answers {
                prop_assert_eq!(record.ttl.as_secs(), 0);
                prop_assert!(!record.data.to_string().is_empty());
            }
        }
    }

    #[test]
    fn no_change_of_a_real_answer_breaks_the_reader(
        line in 1_usize..14,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        length in any::<proptest::sample::Index>(),
    ) {
        let line = include_str!("../../tests/recorded/dns/signed.txt").lines().nth(line).unwrap();
        let hex = line.rsplit(' ').next().unwrap();
        let octet = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let mut octets: Vec<u8> = (0..hex.len()).step_by(2).map(octet).collect();
        prop_assert!(DnsAnswer::from_wire(&octets).is_ok());
        for (place, value) in changes {
            let place = place.index(octets.len());
            octets[place] = value;
        }
        drop(DnsAnswer::from_wire(&octets));
        drop(DnsAnswer::from_wire(&octets[..length.index(octets.len())]));
    }

    #[test]
    fn no_message_with_our_number_breaks_the_client(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        let outgoing = message::Outgoing::new(&question(), 7).unwrap();
        let octets = [&[0, 7, 0x84, 0][..], &octets].concat();
        drop(outgoing.read(&octets));
    }
}

#[tokio::test(start_paused = true)]
async fn name_servers_are_found_through_the_second_resolver() {
    let records = [
        ("example.org", "NS", "ns2.example.net."),
        ("example.org", "NS", "ns1.example.net."),
        ("ns1.example.net", "A", "192.0.2.1"),
        ("ns1.example.net", "AAAA", "2001:db8::1"),
        ("ns2.example.net", "A", "192.0.2.2"),
    ];
    let script = Script::default()
        .server("127.0.0.1:53", |_, _| Some(DnsAnswer::empty(ResponseCode::ServFail)))
        .server("127.0.0.2:53", move |question, _| {
            let mine: Vec<(&str, &str)> = records
                .iter()
                .filter(|(name, ..)| question.name().without_dot() == *name)
                .map(|(_, kind, content)| (*kind, *content))
                .collect();
            Some(served(question, 60, &mine))
        });
    let resolvers = ["127.0.0.1:53", "127.0.0.2:53"].map(|text| text.parse().unwrap());
    let authorities = Authorities::resolved(Arc::new(script), resolvers);
    let zone = "example.org".parse().unwrap();
    let found: Vec<String> = authorities.of(&zone).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(found, ["ns1.example.net (192.0.2.1:53, [2001:db8::1]:53)", "ns2.example.net (192.0.2.2:53)"]);
    let ipv4 = authorities.ipv4_only().port(5353).of(&zone).await.unwrap();
    assert_eq!(ipv4[0].to_string(), "ns1.example.net (192.0.2.1:5353)");
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_servers_and_resolvers_that_fail_are_told_apart() {
    let script = Script::default()
        .server("127.0.0.1:53", |question, _| Some(served(question, 60, &[])))
        .server("127.0.0.2:53", |question, _| Some(served(question, 60, &[("NS", "lost.example.org.")])));
    let script = Arc::new(script);
    let code = async |resolver: &str| {
        let client: Arc<dyn DnsClient> = Arc::clone(&script) as Arc<dyn DnsClient>;
        let authorities = Authorities::resolved(client, [resolver.parse().unwrap()]);
        authorities.of(&"example.org".parse().unwrap()).await.unwrap_err().code()
    };
    assert_eq!(code("127.0.0.1:53").await, Some("no_name_servers"));
    assert_eq!(code("127.0.0.2:53").await, Some("no_address"));
    assert_eq!(code("127.0.0.9:53").await, Some("resolver_failed"));
}
