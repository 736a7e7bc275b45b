use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::dnssec::Verifier as _;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType as WireType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::{DnsResponder, DnsSettings, SigningKey, ZoneKeyState, ZoneSnapshot, ZoneView};
use crate::dnssec::KeyRole;
use crate::{DomainName, RecordData, RecordKey, RecordSet, Ttl, Version, ZoneMatcher, ZoneName};

/// Zones that are written as a list of `name type content`.
struct Zones {
    matcher: ZoneMatcher,
    zones: Mutex<BTreeMap<ZoneName, ZoneSnapshot>>,
}

impl ZoneView for Zones {
    fn zone_of(&self, name: &DomainName) -> Option<ZoneSnapshot> {
        self.zones.lock().unwrap().get(self.matcher.find(name)?).cloned()
    }
}

fn zone(name: &str, lines: &[&str]) -> ZoneSnapshot {
    let name: ZoneName = name.parse().unwrap();
    let soa = format!("@ SOA ns1.{name} host.{name} 7 10800 3600 604800 60");
    let mut sets = BTreeMap::<RecordKey, Vec<RecordData>>::new();
    for line in [soa.as_str(), "@ NS ns1.example."].iter().chain(lines) {
        let (owner, rest) = line.split_once(' ').unwrap();
        let (kind, content) = rest.split_once(' ').unwrap();
        let (name, kind) = (name.child(owner).unwrap(), kind.parse().unwrap());
        sets.entry(RecordKey { name, kind }).or_default().push(RecordData::parse(kind, content).unwrap());
    }
    let set = |(key, records): (RecordKey, Vec<RecordData>)| {
        (key.clone(), RecordSet::from_server(key.name, key.kind, Ttl::HOUR, records, Vec::new()))
    };
    ZoneSnapshot::new(name, Arc::new(sets.into_iter().map(set).collect()))
}

const LINES: [&str; 22] = [
    "www A 192.0.2.1",
    "www A 192.0.2.2",
    "@ MX 10 www.example.org.",
    "alias CNAME www.example.org.",
    "far CNAME www.example.com.",
    "lost CNAME nothing.example.org.",
    "loop CNAME loop.example.org.",
    "*.wild TXT \"a \\\"wild\\\" one\"",
    "x.y.wild A 192.0.2.3",
    "sub NS ns.sub.example.org.",
    "sub NS ns.example.net.",
    "ns.sub A 192.0.2.9",
    "*.away CNAME sub.example.org.",
    "apex ALIAS www.example.com.",
    "web HTTPS 1 . alpn=h2 port=8443 ipv6hint=2001:db8::1 key667=\"x\"",
    "safe NS ns.safe.example.org.",
    "safe DS 12345 13 2 abababababababababababababababababababababababababababababababab",
    "loc LOC 51 56 0.123 N 5 54 0.000 E 4.00m 1.00m 10000.00m 10.00m",
    "naptr NAPTR 100 50 \"s\" \"http+I2L\" \"\" _http._tcp.example.org.",
    "odd TYPE65534 \\# 4 aabbccdd",
    "_443._tcp TLSA 3 1 1 abababababababababababababababababababababababababababababababab",
    "ca CAA 0 issue \"ca.example\"",
];

fn key(role: KeyRole) -> ZoneKeyState {
    ZoneKeyState { key: SigningKey::generate(role).unwrap(), active: true, published: true }
}

async fn serve_with(settings: DnsSettings, zones: Vec<ZoneSnapshot>) -> DnsResponder {
    let matcher = zones.iter().map(|zone| zone.name().clone()).collect();
    let zones = zones.into_iter().map(|zone| (zone.name().clone(), zone)).collect();
    DnsResponder::start(Arc::new(Zones { matcher, zones: Mutex::new(zones) }), settings).await.unwrap()
}

async fn serve(lines: &[&str]) -> DnsResponder {
    let zones = vec![zone("example.org", lines), zone("example.com", &["www A 192.0.2.80"])];
    serve_with(DnsSettings::default(), zones).await
}

fn question(name: &str, kind: WireType, dnssec: bool) -> Message {
    let mut message = Message::query();
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    if dnssec {
        let mut edns = Edns::new();
        edns.set_max_payload(4096).set_dnssec_ok(true);
        message.set_edns(edns);
    }
    message
}

async fn over_udp(server: &DnsResponder, question: &Message) -> Message {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket.send_to(&question.to_vec().unwrap(), server.address()).await.unwrap();
    let mut buffer = vec![0; 65_535];
    let received = tokio::time::timeout(Duration::from_secs(5), socket.recv(&mut buffer)).await;
    let answer = Message::from_vec(&buffer[..received.unwrap().unwrap()]).unwrap();
    assert_eq!(answer.metadata.id, question.metadata.id);
    answer
}

async fn over_tcp(server: &DnsResponder, question: &Message) -> Message {
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let octets = question.to_vec().unwrap();
    connection.write_u16(u16::try_from(octets.len()).unwrap()).await.unwrap();
    connection.write_all(&octets).await.unwrap();
    let mut answer = vec![0; usize::from(connection.read_u16().await.unwrap())];
    connection.read_exact(&mut answer).await.unwrap();
    Message::from_vec(&answer).unwrap()
}

async fn ask(server: &DnsResponder, name: &str, kind: WireType) -> Message {
    over_udp(server, &question(name, kind, false)).await
}

fn written(records: &[Record]) -> Vec<String> {
    let mut lines: Vec<_> = records
        .iter()
        .map(|record| format!("{} {} {}", record.name, record.record_type(), record.data))
        .collect();
    lines.sort();
    lines
}

/// A question; its code, whether it is authoritative, its answers, and the types of its authority section.
type Case = (&'static str, WireType, ResponseCode, bool, &'static [&'static str], &'static [&'static str]);

#[tokio::test]
async fn it_answers_as_an_authoritative_server() {
    let server = serve(&LINES).await;
    let cases: [Case; 17] = [
        (
            "WWW.example.org.",
            WireType::A,
            ResponseCode::NoError,
            true,
            &["www.example.org. A 192.0.2.1", "www.example.org. A 192.0.2.2"],
            &[],
        ),
        (
            "example.org.",
            WireType::MX,
            ResponseCode::NoError,
            true,
            &["example.org. MX 10 www.example.org."],
            &[],
        ),
        ("www.example.org.", WireType::AAAA, ResponseCode::NoError, true, &[], &["SOA"]),
        ("nothing.example.org.", WireType::A, ResponseCode::NXDomain, true, &[], &["SOA"]),
        ("wild.example.org.", WireType::A, ResponseCode::NoError, true, &[], &["SOA"]),
        (
            "alias.example.org.",
            WireType::A,
            ResponseCode::NoError,
            true,
            &[
                "alias.example.org. CNAME www.example.org.",
                "www.example.org. A 192.0.2.1",
                "www.example.org. A 192.0.2.2",
            ],
            &[],
        ),
        (
            "alias.example.org.",
            WireType::CNAME,
            ResponseCode::NoError,
            true,
            &["alias.example.org. CNAME www.example.org."],
            &[],
        ),
        (
            "far.example.org.",
            WireType::A,
            ResponseCode::NoError,
            true,
            &["far.example.org. CNAME www.example.com.", "www.example.com. A 192.0.2.80"],
            &[],
        ),
        (
            "lost.example.org.",
            WireType::A,
            ResponseCode::NXDomain,
            true,
            &["lost.example.org. CNAME nothing.example.org."],
            &["SOA"],
        ),
        ("loop.example.org.", WireType::A, ResponseCode::ServFail, true, &[], &[]),
        ("any.wild.example.org.", WireType::A, ResponseCode::NoError, true, &[], &["SOA"]),
        ("y.wild.example.org.", WireType::TXT, ResponseCode::NoError, true, &[], &["SOA"]),
        ("q.y.wild.example.org.", WireType::TXT, ResponseCode::NXDomain, true, &[], &["SOA"]),
        ("a.sub.example.org.", WireType::A, ResponseCode::NoError, false, &[], &["NS", "NS"]),
        ("sub.example.org.", WireType::DS, ResponseCode::NoError, true, &[], &["SOA"]),
        (
            "a.away.example.org.",
            WireType::A,
            ResponseCode::NoError,
            true,
            &["a.away.example.org. CNAME sub.example.org."],
            &["NS", "NS"],
        ),
        ("apex.example.org.", WireType::A, ResponseCode::NoError, true, &[], &["SOA"]),
    ];
    for (name, kind, code, authoritative, answers, authority) in cases {
        let answer = ask(&server, name, kind).await;
        assert_eq!(answer.metadata.response_code, code, "{name} {kind}");
        assert_eq!(answer.metadata.authoritative, authoritative, "{name} {kind}");
        assert_eq!(
            written(&answer.answers),
            answers.iter().map(|line| line.replace("WWW", "www")).collect::<Vec<_>>()
        );
        let kinds: Vec<_> =
            answer.authorities.iter().map(|record| record.record_type().to_string()).collect();
        assert_eq!(kinds, authority, "{name} {kind}");
    }
    assert_eq!(server.questions(), 17);
}

#[tokio::test]
async fn referrals_bring_glue_and_foreign_names_are_refused() {
    let server = serve(&LINES).await;
    let referral = ask(&server, "a.sub.example.org.", WireType::A).await;
    assert_eq!(written(&referral.additionals), ["ns.sub.example.org. A 192.0.2.9"]);
    let mail = ask(&server, "example.org.", WireType::MX).await;
    assert_eq!(written(&mail.additionals), ["www.example.org. A 192.0.2.1", "www.example.org. A 192.0.2.2"]);
    let negative = ask(&server, "nothing.example.org.", WireType::A).await;
    assert_eq!(negative.authorities[0].ttl, 60, "the minimum of the SOA");
    for name in ["example.net.", "org.", "."] {
        let answer = ask(&server, name, WireType::A).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::Refused, "{name}");
        assert!(!answer.metadata.authoritative);
    }
    let transfer = ask(&server, "example.org.", WireType::AXFR).await;
    assert_eq!(transfer.metadata.response_code, ResponseCode::Refused);
}

#[tokio::test]
async fn data_of_every_type_is_on_the_wire() {
    let server = serve(&LINES).await;
    let cases = [
        ("any.wild.example.org.", WireType::TXT, "any.wild.example.org. TXT a \"wild\" one"),
        (
            "web.example.org.",
            WireType::HTTPS,
            "web.example.org. HTTPS 1 . alpn=h2 port=8443 ipv6hint=2001:db8::1",
        ),
        (
            "naptr.example.org.",
            WireType::NAPTR,
            "naptr.example.org. NAPTR 100 50 \"s\" \"http+I2L\" \"\" _http._tcp.example.org.",
        ),
        ("_443._tcp.example.org.", WireType::TLSA, "_443._tcp.example.org. TLSA 3 1 1 abab"),
        ("ca.example.org.", WireType::CAA, "ca.example.org. CAA 0 issue \"ca.example\""),
    ];
    for (name, kind, start) in cases {
        let answer = ask(&server, name, kind).await;
        let lines = written(&answer.answers);
        assert!(
            lines.len() == 1 && lines[0].replace(['\\', ','], "").starts_with(start),
            "{lines:?} {start}"
        );
    }
    let odd = ask(&server, "odd.example.org.", WireType::Unknown(65534)).await;
    assert!(
        matches!(&odd.answers[0].data, RData::Unknown { rdata, .. } if rdata.anything == [0xaa, 0xbb, 0xcc, 0xdd])
    );
}

#[tokio::test]
async fn what_does_not_fit_into_a_datagram_is_asked_for_over_tcp() {
    let lines: Vec<String> = (0..200).map(|n| format!("big A 192.0.2.{n}")).collect();
    let server = serve(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let short = ask(&server, "big.example.org.", WireType::A).await;
    assert!(short.metadata.truncation && short.answers.is_empty());
    let whole = over_tcp(&server, &question("big.example.org.", WireType::A, false)).await;
    assert!(!whole.metadata.truncation);
    assert_eq!(whole.answers.len(), 200);
    let any = question("example.org.", WireType::ANY, false);
    assert!(over_udp(&server, &any).await.metadata.truncation);
    assert_eq!(over_tcp(&server, &any).await.answers.len(), 2);
}

#[tokio::test]
async fn a_silent_server_hears_and_a_dropped_one_is_gone() {
    let server = serve(&LINES).await;
    server.set_silent(true);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    socket
        .send_to(&question("www.example.org.", WireType::A, false).to_vec().unwrap(), server.address())
        .await
        .unwrap();
    while server.questions() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(socket.try_recv(&mut [0; 10]).is_err());
    server.set_silent(false);
    assert_eq!(ask(&server, "www.example.org.", WireType::A).await.answers.len(), 2);
    let address = server.address();
    drop(server);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// Checks every signature of a section, and that each set has one; returns how many there were.
fn verify(keys: &[DNSKEY], records: &[Record]) -> usize {
    let mut verified = 0;
    let mut unsigned: Vec<_> = records.iter().filter(|record| record.record_type() != WireType::NS).collect();
    for record in records {
        let RData::DNSSEC(DNSSECRData::RRSIG(rrsig)) = &record.data else { continue };
        let covered = rrsig.input().type_covered;
        let belongs = |other: &&Record| other.name == record.name && other.record_type() == covered;
        let key = keys.iter().find(|key| key.calculate_key_tag().unwrap() == rrsig.input().key_tag).unwrap();
        let signed = verify_one(key, record, rrsig, records.iter().filter(belongs));
        assert!(signed, "{} {covered}", record.name);
        unsigned.retain(|other| !belongs(other) && other.record_type() != WireType::RRSIG);
        verified += 1;
    }
    assert!(unsigned.is_empty(), "{unsigned:?}");
    verified
}

fn verify_one<'a>(
    key: &DNSKEY,
    record: &Record,
    rrsig: &RRSIG,
    set: impl Iterator<Item = &'a Record>,
) -> bool {
    key.verify_rrsig(&record.name, DNSClass::IN, rrsig, set).is_ok()
}

async fn dnskeys(server: &DnsResponder) -> Vec<DNSKEY> {
    let answer = over_tcp(server, &question("example.org.", WireType::DNSKEY, true)).await;
    let keys = answer.answers.iter().filter_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Some(key.clone()),
        _ => None,
    });
    let keys: Vec<_> = keys.collect();
    verify(&keys, &answer.answers);
    keys
}

#[tokio::test]
async fn a_signed_zone_signs_what_is_there_and_proves_what_is_not() {
    let keys = [key(KeyRole::Ksk), key(KeyRole::Zsk)];
    let ds = keys[0].key.ds(&"example.org".parse().unwrap());
    let signed = zone("example.org", &LINES).with_keys(keys);
    let server = serve_with(DnsSettings::default(), vec![signed]).await;
    let keys = dnskeys(&server).await;
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().any(|key| key.calculate_key_tag().unwrap() == ds.key_tag));
    // The number of signatures in the answer, and of NSEC records in the authority section.
    let cases = [
        ("www.example.org.", WireType::A, 1, 0),
        ("example.org.", WireType::SOA, 1, 0),
        ("alias.example.org.", WireType::A, 2, 0),
        ("web.example.org.", WireType::HTTPS, 1, 0),
        ("x.wild.example.org.", WireType::TXT, 1, 1),
        ("www.example.org.", WireType::AAAA, 0, 1),
        ("nothing.example.org.", WireType::A, 0, 2),
        ("y.wild.example.org.", WireType::A, 0, 1),
        ("x.wild.example.org.", WireType::A, 0, 1),
        ("a.sub.example.org.", WireType::A, 0, 1),
        ("a.safe.example.org.", WireType::A, 0, 0),
        ("safe.example.org.", WireType::DS, 1, 0),
        ("sub.example.org.", WireType::DS, 0, 1),
    ];
    for (name, kind, signatures, proofs) in cases {
        let answer = over_tcp(&server, &question(name, kind, true)).await;
        assert_eq!(verify(&keys, &answer.answers), signatures, "{name} {kind}");
        verify(&keys, &answer.authorities);
        let nsec = answer.authorities.iter().filter(|record| record.record_type() == WireType::NSEC).count();
        assert_eq!(nsec, proofs, "{name} {kind}");
        let plain = over_tcp(&server, &question(name, kind, false)).await;
        assert!(
            plain
                .all_sections()
                .all(|record| !matches!(record.record_type(), WireType::RRSIG | WireType::NSEC))
        );
    }
}

#[test]
fn the_chain_of_nsec_visits_every_name_once() {
    let signed = zone("example.org", &LINES).with_keys([key(KeyRole::Csk)]);
    let mut seen = vec![signed.apex().clone()];
    loop {
        let nsec = signed.proof(&[seen.last().unwrap()]);
        assert_eq!(&nsec[0].owner, seen.last().unwrap());
        let next = super::wire::read_name(&nsec[0].data[0]).unwrap();
        if next == *signed.apex() {
            break;
        }
        seen.push(next);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    let mut owners: Vec<_> = signed.sets().keys().map(|key| key.name.clone()).collect();
    owners.dedup();
    owners.retain(|owner| owner.as_str() != "ns.sub.example.org.");
    assert_eq!(seen, owners, "all but the glue");
}

#[tokio::test]
async fn without_an_active_key_nothing_is_signed() {
    let mut key = key(KeyRole::Csk);
    key.active = false;
    let server = serve_with(DnsSettings::default(), vec![zone("example.org", &LINES).with_keys([key])]).await;
    let answer = over_tcp(&server, &question("www.example.org.", WireType::A, true)).await;
    assert_eq!(answer.answers.len(), 2);
    let published = over_tcp(&server, &question("example.org.", WireType::DNSKEY, true)).await;
    assert_eq!(published.answers.len(), 1, "published before it signs");
}

/// An HTTP server that answers every request alike; its port, and what it was asked.
async fn web(
    address: IpAddr,
    port: u16,
    answer: &'static str,
) -> (u16, Arc<Mutex<Vec<String>>>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind((address, port)).await.unwrap();
    let (port, seen) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<String>>>::default());
    let requests = Arc::clone(&seen);
    let task = tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 2000];
            let length = connection.read(&mut buffer).await.unwrap_or(0);
            requests.lock().unwrap().push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            drop(connection.write_all(answer.as_bytes()).await);
        }
    });
    (port, seen, task)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfine\n";

async fn addresses(server: &DnsResponder, name: &str) -> Vec<String> {
    let answer = ask(server, name, WireType::A).await;
    let mut found: Vec<_> = answer.answers.iter().map(|record| record.data.to_string()).collect();
    found.sort();
    found
}

/// Asks until the answer is `wanted`; a check takes real time.
async fn until(server: &DnsResponder, name: &str, wanted: &[&str]) {
    let asked = async {
        while addresses(server, name).await != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asked)
        .await
        .unwrap_or_else(|_| panic!("{name} never has {wanted:?}"));
}

fn quick() -> DnsSettings {
    DnsSettings::default().check_interval(Duration::from_millis(50))
}

#[tokio::test]
async fn a_failed_primary_gives_way_to_the_standby_and_takes_over_again() {
    let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
    let (port, seen, primary) = web(one, 0, OK).await;
    let (_, _, _standby) = web(two, port, OK).await;
    let line = format!(
        "app LUA A \"ifurlup('http://app.example.org:{port}/healthz?x=1',{{{{'{one}'}},{{'{two}'}}}},\
         {{selector='all',backupSelector='all',stringmatch='fine',useragent='checker'}})\""
    );
    let server = serve_with(quick(), vec![zone("example.org", &[&line])]).await;
    assert_eq!(
        addresses(&server, "app.example.org.").await,
        ["127.0.0.1", "127.0.0.2"],
        "nothing is known at first"
    );
    until(&server, "app.example.org.", &["127.0.0.1"]).await;
    let request = seen.lock().unwrap()[0].clone();
    assert!(request.starts_with("GET /healthz?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains(&format!("Host: app.example.org:{port}\r\n"))
            && request.contains("User-Agent: checker")
    );
    primary.abort();
    until(&server, "app.example.org.", &["127.0.0.2"]).await;
    let (_, _, _again) = web(one, port, OK).await;
    until(&server, "app.example.org.", &["127.0.0.1"]).await;
}

#[tokio::test]
async fn the_loops_that_the_builder_writes_are_run() {
    let one = IpAddr::from([127, 0, 0, 1]);
    let (port, _, _web) = web(one, 0, OK).await;
    let failover = format!(
        "f LUA A \";local t,o,s,r={port},{{selector='all',backupSelector='random'}},{{{{'127.0.0.9'}},{{'127.0.0.1'}}}} \
         for _,a in ipairs(s) do local u={{}} for _,x in ipairs(a) do if #ifportup(t,{{x,x}},o)>1 then u[#u+1]=x end end \
         if not r and #u>0 then r=u end end return all(r or s[1])--[[catalyst:1]]\""
    );
    let server = serve_with(quick(), vec![zone("example.org", &[&failover])]).await;
    assert_eq!(addresses(&server, "f.example.org.").await, ["127.0.0.9"]);
    until(&server, "f.example.org.", &["127.0.0.1"]).await;
}

#[tokio::test]
async fn addresses_elsewhere_are_what_the_test_says() {
    let lines = ["p LUA A \"ifportup(443,{'192.0.2.1','192.0.2.2'},{selector='all'})\""];
    let server = serve_with(quick(), vec![zone("example.org", &lines)]).await;
    server.set_up([192, 0, 2, 2].into(), Some(true));
    until(&server, "p.example.org.", &["192.0.2.2"]).await;
    server.set_up([192, 0, 2, 1].into(), Some(true));
    until(&server, "p.example.org.", &["192.0.2.1", "192.0.2.2"]).await;
}

#[tokio::test]
async fn a_minimum_of_failures_counts_from_5_0_on() {
    let one = IpAddr::from([127, 0, 0, 1]);
    for (version, failures) in [(Version(4, 7, 3), 1..=2), (Version(5, 0, 0), 3..=4)] {
        let (port, seen, _web) = web(one, 0, "HTTP/1.1 503 Sealed\r\nContent-Length: 0\r\n\r\n").await;
        let line = format!(
            "p LUA A \"ifurlup('http://x:{port}/',{{'127.0.0.1','192.0.2.2'}},\
             {{selector='all',minimumFailures='3'}})\""
        );
        let settings = DnsSettings::default().check_interval(Duration::from_millis(200)).version(version);
        let server = serve_with(settings, vec![zone("example.org", &[&line])]).await;
        server.set_up(one, Some(true));
        server.set_up([192, 0, 2, 2].into(), Some(true));
        until(&server, "p.example.org.", &["127.0.0.1", "192.0.2.2"]).await;
        server.set_up(one, None);
        until(&server, "p.example.org.", &["192.0.2.2"]).await;
        let checks = seen.lock().unwrap().len();
        assert!(failures.contains(&checks), "{version}: down after {checks}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_a_choice_from_5_1_on() {
    let lines = ["p LUA A \"ifportup(443,{'192.0.2.1'},{backupSelector='empty'})\""];
    for version in [Version(4, 7, 3), Version(5, 1, 0)] {
        let server = serve_with(quick().version(version), vec![zone("example.org", &lines)]).await;
        let answer = ask(&server, "p.example.org.", WireType::A).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
        assert_eq!(answer.answers.is_empty(), version >= Version(5, 1, 0), "{version}");
    }
}

#[tokio::test]
async fn snippets_that_fail_are_servfail_and_their_type_only_counts() {
    let lines = [
        "syntax LUA A \"ifurlup((('x'\"",
        "family LUA A \"pickrandom({'::1'})\"",
        "good LUA TXT \"'it'..string.char(39)..'s'\"",
        "all LUA A \";return {'192.0.2.1','192.0.2.2','192.0.2.1'}\"",
        "name LUA CNAME \"'www.example.com.'\"",
    ];
    let zones = vec![zone("example.org", &lines), zone("example.com", &["www A 192.0.2.80"])];
    let server = serve_with(quick(), zones).await;
    for name in ["syntax.example.org.", "family.example.org."] {
        assert_eq!(
            ask(&server, name, WireType::A).await.metadata.response_code,
            ResponseCode::ServFail,
            "{name}"
        );
        let other = ask(&server, name, WireType::TXT).await;
        assert_eq!((other.metadata.response_code, other.answers.len()), (ResponseCode::NoError, 0));
    }
    assert_eq!(
        written(&ask(&server, "good.example.org.", WireType::TXT).await.answers),
        ["good.example.org. TXT it's"]
    );
    assert_eq!(addresses(&server, "all.example.org.").await, ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(ask(&server, "name.example.org.", WireType::A).await.answers.len(), 2);
}
