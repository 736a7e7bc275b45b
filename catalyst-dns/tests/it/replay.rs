//! Each request that was recorded from a PowerDNS 4.7.3 gets the recorded answer from the fake: the same status and the
//! same body, but for values that differ each time.

use std::fs;
use std::path::{Path, PathBuf};

use catalyst_dns::Secret;
use catalyst_dns::mock::FaultRule;
use catalyst_dns::testing::FakePowerDns;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The key that the recordings were made with.
const KEY: &str = "proof-pdns-key";
const ZONES: &str = "/api/v1/servers/localhost/zones";

/// Members whose values are made anew each time; that they are there counts.
const OF_THE_MOMENT: &[&str] =
    &["serial", "edited_serial", "modified_at", "key", "privatekey", "dnskey", "ds", "notified_serial"];

#[derive(Debug)]
struct Recorded {
    name: String,
    request: Value,
    response: Value,
}

struct Answer {
    status: u64,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What was done on the server before `sample` was recorded, as far as its answer depends on it: recordings, and what
/// was not recorded.
fn before(sample: &str) -> Vec<&'static str> {
    let (example, signed) = ("01-zone-create", "50-zone-create-dnssec");
    match sample {
        "01-zone-create"
        | "50-zone-create-dnssec"
        | "44-slave-create"
        | "err-422-bad-kind"
        | "41-tsig-create"
        | "err-404-zone-delete" => vec![],
        "02-zone-list" => vec![example, "err-422-bad-kind"],
        "11-get-one-rrset-query" => vec![example, "17-more-types", "43-kind-master"],
        "12-patch-comment-only" | "err-422-cname-conflict" => {
            vec![example, "10-patch-replace-with-comment"]
        }
        "15-patch-delete" => vec![example, "13-patch-acme-txt"],
        "20-search-comment" | "20-search-data" => {
            vec![example, "10-patch-replace-with-comment", "12-patch-comment-only"]
        }
        "21-export-axfr" | "21-export-axfr-json" => {
            vec![example, "10-patch-replace-with-comment", "16-disabled", "(a wildcard)"]
        }
        "40-metadata-get" | "40-metadata-delete" => vec![example, "40-metadata-custom-put"],
        "44-axfr-retrieve" | "44-patch-slave-zone" => vec!["44-slave-create"],
        "45-zones-dnssec-false" => {
            vec!["err-422-bad-kind", example, "43-kind-master", "44-slave-create"]
        }
        "52-cryptokey-activate" | "52-cryptokey-delete" => vec![signed, "52-cryptokey-create"],
        "54-dnssec-disable" => vec![example, "54-dnssec-enable-existing"],
        _ if sample.starts_with("41-") || sample.starts_with("42-") || sample == "err-409-tsig-exists" => {
            vec![example, "41-tsig-create"]
        }
        _ => vec![example, signed, "(a zone for LUA)"],
    }
}

/// What no recording does.
fn unrecorded(step: &str) -> Value {
    let request = match step {
        "(a wildcard)" => {
            let records = json!([{ "content": "127.0.0.6", "disabled": false }]);
            let set = json!({ "name": "*.w.example.test.", "type": "A", "ttl": 60, "changetype": "REPLACE",
                              "records": records });
            ("PATCH", format!("{ZONES}/example.test."), json!({ "rrsets": [set] }))
        }
        "(a zone for LUA)" => ("POST", ZONES.to_owned(), json!({ "name": "lua.test.", "kind": "Native" })),
        _ => panic!("{step} is neither recorded nor known"),
    };
    let (method, path, body) = request;
    json!({ "method": method, "path": path, "headers": { "X-API-Key": KEY }, "body": body })
}

#[tokio::test]
async fn every_recorded_request_gets_the_recorded_answer() {
    let recorded = recordings();
    assert_eq!(recorded.len(), 105, "how many are replayed");
    let mut faults = Vec::new();
    for sample in &recorded {
        let fake = FakePowerDns::start().await;
        fake.set_api_key(Secret::new(KEY));
        for step in before(&sample.name) {
            let known = recorded.iter().find(|other| other.name == step);
            let request = known.map_or_else(|| unrecorded(step), |known| known.request.clone());
            let answer = send(&fake, &request).await;
            assert!(answer.status < 300, "{}: {step}: {} {}", sample.name, answer.status, answer.body);
        }
        if sample.name == "err-500-locked" {
            fake.faults().inject(FaultRule::locked());
        }
        let answer = send(&fake, &sample.request).await;
        if let Err(fault) = compare(sample, &answer) {
            faults.push(format!("{}: {fault}", sample.name));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), recorded.len(), faults.join("\n"));
}

/// Three hundred requests that were sent to one server one after the other: contents of each type in good and in bad
/// form, rules of serials, what a CNAME may stand beside, keys, metadata, settings.
#[tokio::test]
async fn a_recorded_sequence_is_answered_step_by_step() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/powerdns-sequence.json");
    let steps: Vec<Value> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let fake = FakePowerDns::start().await;
    fake.set_api_key(Secret::new(KEY));
    let mut faults = Vec::new();
    for mut step in steps {
        let (request, response) = (step["request"].take(), step["response"].take());
        let name = format!("{} {} {}", request["method"], request["path"], request["body"]);
        let answer = send(&fake, &request).await;
        if let Err(fault) = compare(&Recorded { name: name.clone(), request, response }, &answer) {
            faults.push(format!("{name}: {fault}"));
        }
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

fn recordings() -> Vec<Recorded> {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/powerdns");
    let mut recorded = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (request, response) = (document["request"].take(), document["response"].take());
        recorded.push(Recorded { name, request, response });
    }
    recorded.sort_by(|one, other| one.name.cmp(&other.name));
    recorded
}

fn compare(sample: &Recorded, answer: &Answer) -> Result<(), String> {
    let wanted = &sample.response;
    if wanted["status"] != answer.status {
        return Err(format!("status {} in place of {}: {}", answer.status, wanted["status"], answer.body));
    }
    for header in ["X-Pdns-Old-Serial", "X-Pdns-New-Serial"] {
        let there = answer.header(&header.to_ascii_lowercase()).is_some();
        if wanted["headers"].get(header).is_some() != there {
            return Err(format!("the header {header}: {there}"));
        }
    }
    if !answer.body.is_empty() && wanted["headers"]["Content-Type"].as_str() != answer.header("content-type")
    {
        return Err(format!("content type {:?}", answer.header("content-type")));
    }
    let body = serde_json::from_str(&answer.body).unwrap_or_else(|_text| match answer.body.as_str() {
        "" => Value::Null,
        text => text.into(),
    });
    let statistics = sample.name.starts_with("30-statistics");
    let (wanted, got) = (normal(&wanted["body"], statistics), normal(&body, statistics));
    if wanted == got { Ok(()) } else { Err(format!("\n  recorded {wanted}\n  answered {got}")) }
}

/// Lists in one order, and what differs each time left out.
fn normal(value: &Value, statistics: bool) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let moment = OF_THE_MOMENT.contains(&name.as_str()) || (statistics && name == "value");
                let hidden = moment && value != "";
                (name.clone(), if hidden { "…".into() } else { normal(value, statistics) })
            })
            .collect(),
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|value| normal(value, statistics)).collect();
            list.sort_by_key(ToString::to_string);
            list.into()
        }
        Value::String(text) => {
            let text = without_serial(text);
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.sort_unstable();
            lines.concat().into()
        }
        value => value.clone(),
    }
}

/// An SOA without its serial.
fn without_serial(text: &str) -> String {
    let Some(at) = text.find(" hostmaster.") else { return text.to_owned() };
    let start = at + 1 + text[at + 1..].find(' ').unwrap() + 1;
    let end = start + text[start..].find(' ').unwrap();
    format!("{}…{}", &text[..start], &text[end..])
}

async fn send(fake: &FakePowerDns, request: &Value) -> Answer {
    let address = fake.address();
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap();
    let body = match &request["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: fake\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in request["headers"].as_object().unwrap() {
        text.extend([name, ": ", value.as_str().unwrap(), "\r\n"]);
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).await.unwrap();
    // The server ends the connection after its answer.
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}
