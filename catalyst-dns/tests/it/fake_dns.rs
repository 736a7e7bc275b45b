//! What is written by the API is answered by DNS at once, LUA records and signatures included.

use std::net::SocketAddr;
use std::time::Duration;

use catalyst_dns::testing::FakePowerDns;
use catalyst_dns::{
    Change, ChangeSet, DnsZones, PowerDns, RecordData, RecordKey, RecordSet, RecordType, Ttl, ZoneName,
    ZoneSecurity,
};
use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType as WireType};
use tokio::net::{TcpListener, UdpSocket};

fn zone() -> ZoneName {
    "acme.test".parse().unwrap()
}

async fn write(client: &PowerDns, name: &str, kind: RecordType, content: &str) {
    let data = RecordData::parse(kind, content).unwrap();
    let set = RecordSet::new(zone().child(name).unwrap(), Ttl::MINUTE, [data]).unwrap();
    client.apply(&zone(), &ChangeSet::new([Change::Replace(set)]).unwrap()).await.unwrap();
}

async fn ask(server: SocketAddr, name: &str, kind: WireType, signed: bool) -> Message {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut question = Message::query();
    question.add_query(Query::query(Name::from_ascii(format!("{name}.acme.test.")).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_dnssec_ok(signed);
    question.edns = Some(edns);
    socket.send_to(&question.to_vec().unwrap(), server).await.unwrap();
    let mut buffer = [0; 4096];
    let answer = tokio::time::timeout(Duration::from_secs(5), socket.recv(&mut buffer)).await;
    Message::from_vec(&buffer[..answer.unwrap().unwrap()]).unwrap()
}

fn data(answer: &Message) -> Vec<String> {
    answer.answers.iter().map(|record| record.data.to_string()).collect()
}

#[tokio::test]
async fn an_answer_follows_each_change() {
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    let (client, dns) = (fake.client().unwrap(), fake.dns_address().await.unwrap());
    assert_eq!(ask(dns, "www", WireType::A, false).await.response_code, ResponseCode::NXDomain);
    for address in ["192.0.2.1", "192.0.2.2"] {
        write(&client, "www", RecordType::A, address).await;
        assert_eq!(data(&ask(dns, "www", WireType::A, false).await), [address]);
    }
    let key = RecordKey { name: zone().child("www").unwrap(), kind: RecordType::A };
    client.apply(&zone(), &ChangeSet::new([Change::Delete(key)]).unwrap()).await.unwrap();
    assert_eq!(ask(dns, "www", WireType::A, false).await.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn a_signed_zone_is_answered_with_signatures_of_the_key_that_the_api_shows() {
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    let (client, dns) = (fake.client().unwrap(), fake.dns_address().await.unwrap());
    write(&client, "www", RecordType::A, "192.0.2.1").await;
    assert_eq!(ask(dns, "www", WireType::A, true).await.answers.len(), 1);
    client.set_dnssec(&zone(), true).await.unwrap();
    let answer = ask(dns, "www", WireType::A, true).await;
    assert_eq!(answer.answers.len(), 2, "with a signature");
    let key = client.keys(&zone()).await.unwrap().remove(0);
    let tag = key.ds[0].key_tag.to_string();
    assert!(data(&answer)[1].contains(&tag), "{answer}: by the key {tag}");
}

#[tokio::test]
async fn a_lua_record_follows_the_health_of_its_addresses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let fake = FakePowerDns::start().await;
    fake.model().set_zone(&zone());
    let (client, dns) = (fake.client().unwrap(), fake.dns_address().await.unwrap());
    let content = format!("A \"ifportup({port}, {{'127.0.0.1', '127.0.0.9'}}, {{selector='all'}})\"");
    write(&client, "app", RecordType::Lua, &content).await;
    let until = async |address: &str| {
        for _ in 0..200 {
            if data(&ask(dns, "app", WireType::A, false).await) == [address] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {address}");
    };
    until("127.0.0.1").await;
    fake.dns().await.unwrap().set_up("127.0.0.9".parse().unwrap(), Some(true));
    drop(listener);
    until("127.0.0.9").await;
}
