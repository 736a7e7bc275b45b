//! Every answer that a real PowerDNS 4.7.3 was recorded to give is read as what it is, by the call that asks for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use catalyst_core::RetryConfig;
use catalyst_dns::dnssec::{KeyId, KeyRole, KeySpec};
use catalyst_dns::{
    Change, ChangeSet, DnsZones, PowerDns, RecordKey, RecordType, Result, Secret, SoaEditApi, TsigAlgorithm,
    ZoneName, ZoneSecurity, ZoneSpec, ZoneUpdate,
};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// What each refusal means. A recording that is not here was a success.
const CODES: [(&str, &str); 35] = [
    ("18-patch-same-rrset-twice", "duplicate_change"),
    ("42-tsig-allow-axfr", "unsupported_metadata"),
    ("43-axfr-retrieve-error", "not_a_secondary"),
    ("err-400-bad-json", "invalid_request"),
    ("err-401-bad-key", "bad_api_key"),
    ("err-401-no-key", "bad_api_key"),
    ("err-404-accept-None", "zone_not_found"),
    ("err-404-accept-application_json", "zone_not_found"),
    ("err-404-accept-text_html", "zone_not_found"),
    ("err-404-patch-zone", "zone_not_found"),
    ("err-404-path", "not_powerdns"),
    ("err-404-zone", "zone_not_found"),
    ("err-405", "invalid_request"),
    ("err-409-accept-None", "zone_exists"),
    ("err-409-accept-application_json", "zone_exists"),
    ("err-409-accept-text_html", "zone_exists"),
    ("err-409-tsig-exists", "key_exists"),
    ("err-409-zone-exists", "zone_exists"),
    ("err-422-atomic", "invalid_record"),
    ("err-422-bad-content", "invalid_record"),
    ("err-422-changetype-extend", "unsupported_by_version"),
    ("err-422-changetype-prune", "unsupported_by_version"),
    ("err-422-cname-and-a", "cname_conflict"),
    ("err-422-cname-conflict", "cname_conflict"),
    ("err-422-duplicate-record", "duplicate_record"),
    ("err-422-lua-noquotes", "invalid_record"),
    ("err-422-master-tsig-unknown", "key_not_found"),
    ("err-422-metadata-kind", "unsupported_metadata"),
    ("err-422-missing-name", "invalid_request"),
    ("err-422-no-changetype", "invalid_record"),
    ("err-422-out-of-zone", "out_of_zone"),
    ("err-422-search-no-q", "invalid_request"),
    ("err-422-statistic", "invalid_request"),
    ("err-422-tsig-alg", "invalid_request"),
    ("err-500-locked", "database_locked"),
];

/// Refusals without a record in their words, which only a body that this crate never writes would meet.
const MORE_CODES: [(&str, &str); 4] = [
    ("err-422-no-ttl", "invalid_record"),
    ("err-422-not-canonical", "invalid_request"),
    ("err-422-patch-no-rrsets", "invalid_record"),
    ("err-422-txt-unquoted", "invalid_record"),
];

/// The record that a refusal names.
const TARGETS: [(&str, &str); 7] = [
    ("err-422-atomic", "bad.example.test. A"),
    ("err-422-bad-content", "b.example.test. A"),
    ("err-422-cname-conflict", "a.example.test. CNAME"),
    ("err-422-duplicate-record", "d.example.test. A"),
    ("err-422-lua-noquotes", "bad.lua.test. LUA"),
    ("err-422-out-of-zone", "x.other.test. A"),
    ("err-422-txt-unquoted", "_acme-challenge.example.test. TXT"),
];

#[tokio::test]
async fn every_recorded_answer_is_what_it_says() {
    let codes: BTreeMap<_, _> = CODES.into_iter().chain(MORE_CODES).collect();
    let recordings = recordings();
    assert!(recordings.len() > 100, "all recordings are there");
    let mut faults = Vec::new();
    for (name, record) in &recordings {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(template(&record["response"])).mount(&server).await;
        let dns =
            PowerDns::builder(&server.uri()).unwrap().api_key(Secret::new("k")).retry(RetryConfig::never());
        let dns = dns.build().unwrap();
        let result = ask(&dns, &record["request"]).await;
        match (codes.get(name.as_str()), result) {
            (None, Ok(())) => {}
            (Some(code), Err(error)) if error.code() == Some(code) => {
                let target = TARGETS.iter().find(|(known, _)| known == name);
                if target.is_some_and(|(_, target)| error.target() != Some(target)) {
                    faults.push(format!("{name}: {:?} is not the record", error.target()));
                }
            }
            (expected, result) => faults.push(format!("{name}: {expected:?}, and it is {result:?}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn a_recorded_zone_has_its_settings_and_its_records() {
    let dns = Replayed::of("03-zone-get").await;
    let zone = dns.client.zone(&zone()).await.unwrap();
    assert_eq!((zone.soa_edit_api, zone.serial.0, zone.dnssec), (Some(SoaEditApi::Increase), 1, false));
    let sets = dns.client.record_sets(&zone.name).await.unwrap();
    let shown: Vec<_> = sets.iter().map(ToString::to_string).collect();
    assert_eq!(shown[1], "example.test 60 NS ns1.example.test., ns2.example.test.");
}

#[tokio::test]
async fn recorded_keys_have_their_digests_and_not_their_private_half() {
    let dns = Replayed::of("50-cryptokeys").await;
    let keys = dns.client.keys(&zone()).await.unwrap();
    assert_eq!((keys[0].role, keys[0].dnskey.algorithm, keys[0].ds.len()), (KeyRole::Csk, 13, 3));
    let dns = Replayed::of("52-cryptokey-create").await;
    let made = dns.client.add_key(&zone(), KeySpec::new(KeyRole::Zsk).inactive()).await.unwrap();
    assert_eq!((made.role, made.active, made.id), (KeyRole::Zsk, false, KeyId(2)));
    assert!(!format!("{made:?}").contains("CKDm4uEvn6"));
}

#[tokio::test]
async fn a_tsig_key_is_hidden_in_lists_and_in_debug() {
    let listed = Replayed::of("41-tsig-list").await.client.tsig_keys().await.unwrap();
    assert!(listed[0].secret.is_none());
    let read = Replayed::of("41-tsig-get").await.client.tsig_key(&"rotkey".parse().unwrap()).await.unwrap();
    assert!(read.secret.as_ref().unwrap().expose().starts_with("a8P/HSSP7qe6"));
    assert!(!format!("{read:?}").contains("a8P"));
}

/// A client of a server that gives one recorded answer to everything.
struct Replayed {
    client: PowerDns,
    _server: MockServer,
}

impl Replayed {
    async fn of(name: &str) -> Self {
        let record = &recordings()[name];
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(template(&record["response"])).mount(&server).await;
        let client = PowerDns::builder(&server.uri()).unwrap().api_key(Secret::new("k")).build().unwrap();
        Self { client, _server: server }
    }
}

fn zone() -> ZoneName {
    "example.test".parse().unwrap()
}

/// Makes the call that asks what was recorded; what this crate would never send, such as a body that is no JSON, is
/// stood for by the call of the same method and path.
async fn ask(dns: &PowerDns, request: &Value) -> Result<()> {
    let (path, query) = split(request["path"].as_str().unwrap());
    let rest: Vec<&str> = path.split('/').collect();
    let name = |text: &str| text.parse().unwrap();
    match (request["method"].as_str().unwrap(), &rest[..]) {
        ("GET", ["zones"]) => dns.zones().await.map(drop),
        ("POST", ["zones"]) => {
            let named = request["body"]["name"].as_str().unwrap_or("x.test");
            dns.create_zone(&ZoneSpec::new(named.parse().unwrap(), [])).await.map(drop)
        }
        ("GET", ["zones", zone]) if query.contains("rrset_name") => {
            let found = dns.find(&zone.parse().unwrap(), &name("h.example.test"), None).await?;
            assert_eq!(found.len(), 1);
            Ok(())
        }
        ("GET", ["zones", zone]) => {
            let zone = zone.parse().unwrap();
            dns.zone(&zone).await?;
            if query.is_empty() { dns.record_sets(&zone).await.map(drop) } else { Ok(()) }
        }
        ("PATCH", ["zones", zone]) => {
            let zone: ZoneName = zone.parse().unwrap();
            let gone = RecordKey { name: zone.child("gone").unwrap(), kind: RecordType::A };
            dns.apply(&zone, &ChangeSet::new([Change::Delete(gone)]).unwrap()).await.map(drop)
        }
        ("PUT", ["zones", zone]) => dns.update_zone(&zone.parse().unwrap(), &ZoneUpdate::new()).await,
        ("DELETE", ["zones", zone]) => dns.delete_zone(&zone.parse().unwrap()).await,
        (_, ["zones", zone, rest @ ..]) => below_zone(dns, request, &zone.parse().unwrap(), rest).await,
        (method, rest) => elsewhere(dns, method, rest).await,
    }
}

async fn below_zone(dns: &PowerDns, request: &Value, zone: &ZoneName, rest: &[&str]) -> Result<()> {
    match (request["method"].as_str().unwrap(), rest) {
        (_, ["export"]) => {
            assert!(dns.export(zone).await?.contains("\tSOA\t"));
            Ok(())
        }
        (_, ["rectify"]) => dns.rectify(zone).await,
        (_, ["notify"]) => dns.notify(zone).await,
        (_, ["axfr-retrieve"]) => dns.retrieve(zone).await,
        ("GET", ["metadata"]) => dns.metadata(zone).await.map(drop),
        ("GET" | "PUT" | "POST", ["metadata", ..]) => {
            dns.set_metadata(zone, &"X-A".parse()?, &["a".to_owned()]).await
        }
        ("DELETE", ["metadata", kind]) => dns.remove_metadata(zone, &kind.parse()?).await,
        ("GET", ["cryptokeys"]) => dns.keys(zone).await.map(drop),
        ("POST", ["cryptokeys"]) => dns.add_key(zone, KeySpec::new(KeyRole::Zsk)).await.map(drop),
        ("PUT", ["cryptokeys", id]) => dns.change_key(zone, KeyId(id.parse().unwrap()), true, true).await,
        (_, ["cryptokeys", id]) => dns.remove_key(zone, KeyId(id.parse().unwrap())).await,
        other => panic!("no call for {other:?}"),
    }
}

async fn elsewhere(dns: &PowerDns, method: &str, rest: &[&str]) -> Result<()> {
    match (method, rest) {
        ("GET", ["tsigkeys"]) => dns.tsig_keys().await.map(drop),
        ("POST", ["tsigkeys"]) => {
            let made = dns.create_tsig_key(&"rotkey".parse()?, TsigAlgorithm::HmacSha256, None).await?;
            assert!(made.secret.is_some());
            Ok(())
        }
        ("GET", ["tsigkeys", key]) => dns.tsig_key(&key.parse()?).await.map(drop),
        ("PUT", ["tsigkeys", key]) => dns.set_tsig_secret(&key.parse()?, &Secret::new("YQ==")).await,
        ("DELETE", ["tsigkeys", key]) => dns.remove_tsig_key(&key.parse()?).await,
        (_, ["search-data"]) => dns.search("a*", 10).await.map(drop),
        (_, ["statistics"]) => {
            assert!(dns.statistics().await?.contains_key("uptime"));
            Ok(())
        }
        (_, ["config"]) => {
            assert_eq!(dns.configuration().await?["api-key"], "***");
            Ok(())
        }
        (_, ["cache", "flush"]) => dns.flush_cache(&"example.test".parse()?).await.map(drop),
        (_, ["autoprimaries"]) => dns.autoprimaries().await.map(drop),
        (_, ["nosuch"]) => dns.version().await.map(drop),
        ("PUT", ["zones"]) => dns.update_zone(&zone(), &ZoneUpdate::new()).await,
        // The versions of the API and its list of servers, which nothing of this crate asks for.
        (_, ["", "api", ..]) => Ok(()),
        other => panic!("no call for {other:?}"),
    }
}

/// The path within the server, and the query.
fn split(path: &str) -> (&str, &str) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path.strip_prefix("/api/v1/servers/localhost/").unwrap_or(path), query)
}

fn recordings() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/powerdns");
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // The others are what was answered over DNS, and the page for Prometheus.
    files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).map(read).collect()
}

fn template(response: &Value) -> ResponseTemplate {
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let body = match &response["body"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        json => serde_json::to_vec(json).unwrap(),
    };
    let content_type = response["headers"]["Content-Type"].as_str().unwrap_or("text/plain");
    let template = ResponseTemplate::new(status).set_body_raw(body, content_type);
    match response["headers"]["Www-Authenticate"].as_str() {
        Some(challenge) => template.insert_header("www-authenticate", challenge),
        None => template,
    }
}
