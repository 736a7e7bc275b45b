//! How the client of PowerDNS behaves towards a server that is scripted: what it sends, how often, in which order, and
//! what never shows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::testing::LogCapture;
use catalyst_core::{Backoff, RetryConfig};
use catalyst_dns::{
    ApiKeySource, Change, ChangeSet, DnsZones, ErrorKind, PowerDns, PowerDnsBuilder, RecordData, RecordKey,
    RecordSet, RecordType, Result, Secret, Ttl, ZoneName, ZoneSpec,
};
use serde_json::{Value, json};
use wiremock::matchers::{any, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const KEY: &str = "canary-api-key";
const PASSWORD: &str = "canary-password";
const SERVER: &str = "/api/v1/servers/localhost";

fn builder(server: &MockServer) -> PowerDnsBuilder {
    let quick = Backoff::new(Duration::from_millis(1), Duration::from_millis(5));
    PowerDns::builder(&server.uri())
        .unwrap()
        .api_key(Secret::new(KEY))
        .retry(RetryConfig::new(4, Duration::from_secs(10)).backoff(quick))
}

fn zone() -> ZoneName {
    "z.test".parse().unwrap()
}

fn address_set(name: &str, last: u8) -> RecordSet {
    let record = RecordData::parse(RecordType::A, &format!("192.0.2.{last}")).unwrap();
    RecordSet::new(zone().child(name).unwrap(), Ttl::MINUTE, [record]).unwrap()
}

fn lua_set(name: &str) -> RecordSet {
    let record = RecordData::parse(RecordType::Lua, "A \"ifportup(443, {'192.0.2.1'})\"").unwrap();
    RecordSet::new(zone().child(name).unwrap(), Ttl::MINUTE, [record]).unwrap()
}

fn replace(name: &str) -> ChangeSet {
    ChangeSet::new([Change::Replace(address_set(name, 1))]).unwrap()
}

fn error(status: u16, said: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": said }))
}

async fn patches(server: &MockServer) -> Vec<Request> {
    let requests = server.received_requests().await.unwrap();
    requests.into_iter().filter(|request| request.method.as_str() == "PATCH").collect()
}

/// A server of this version, with these settings.
async fn mount_version(server: &MockServer, version: &str, settings: &[(&str, &str)]) {
    let about =
        json!({ "type": "Server", "daemon_type": "authoritative", "id": "localhost", "version": version });
    Mock::given(method("GET"))
        .and(path(SERVER))
        .respond_with(ResponseTemplate::new(200).set_body_json(about))
        .mount(server)
        .await;
    let settings: Vec<Value> = settings
        .iter()
        .map(|(name, value)| json!({ "name": name, "type": "ConfigSetting", "value": value }))
        .collect();
    Mock::given(method("GET"))
        .and(path(format!("{SERVER}/config")))
        .respond_with(ResponseTemplate::new(200).set_body_json(settings).set_delay(Duration::from_millis(20)))
        .mount(server)
        .await;
}

async fn mount_patch(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(method("PATCH")).respond_with(answer).mount(server).await;
}

#[tokio::test]
async fn changes_are_one_request_with_the_key_and_the_proxys_password() {
    let server = MockServer::start().await;
    Mock::given(method("PATCH"))
        .and(path(format!("{SERVER}/zones/z.test.")))
        .and(header("x-api-key", KEY))
        .and(header("authorization", "Basic b3BlcmF0b3I6Y2FuYXJ5LXBhc3N3b3Jk"))
        .and(header("accept", "application/json"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let dns = builder(&server).basic_auth("operator", Secret::new(PASSWORD)).build().unwrap();
    let gone = RecordKey { name: zone().child("www").unwrap(), kind: RecordType::Cname };
    let changes = ChangeSet::new([Change::Replace(address_set("www", 1)), Change::Delete(gone)]).unwrap();
    let applied = dns.apply(&zone(), &changes).await.unwrap();
    assert_eq!((applied.requests, applied.changes), (1, 2));
    let sent = &patches(&server).await[0];
    assert_eq!(applied.bytes, sent.body.len() as u64);
    let dry = dns.requests(&zone(), &changes).unwrap();
    assert_eq!((dry.len(), dry[0].method, dry[0].path.as_str()), (1, "PATCH", sent.url.path()));
    assert_eq!(dry[0].body.as_bytes(), sent.body, "a dry run shows what is sent, byte for byte");
}

#[tokio::test]
async fn no_changes_are_no_request() {
    let server = MockServer::start().await;
    let applied = builder(&server).build().unwrap().apply(&zone(), &ChangeSet::default()).await.unwrap();
    assert_eq!((applied.requests, server.received_requests().await.unwrap().len()), (0, 0));
}

#[tokio::test]
async fn a_refused_record_is_sent_once_and_named() {
    let server = MockServer::start().await;
    mount_patch(&server, error(422, "Record www.z.test./A 'x': Parsing record content")).await;
    let refused = builder(&server).build().unwrap().apply(&zone(), &replace("www")).await.unwrap_err();
    assert_eq!((refused.code(), refused.target()), (Some("invalid_record"), Some("www.z.test. A")));
    assert_eq!(patches(&server).await.len(), 1);
}

#[tokio::test]
async fn a_locked_database_is_tried_again_until_it_takes_the_write() {
    let server = MockServer::start().await;
    let locked = Mock::given(method("PATCH")).respond_with(error(500, "Internal Server Error"));
    locked.up_to_n_times(2).mount(&server).await;
    mount_patch(&server, ResponseTemplate::new(204)).await;
    builder(&server).build().unwrap().apply(&zone(), &replace("www")).await.unwrap();
    assert_eq!(patches(&server).await.len(), 3);
}

#[tokio::test]
async fn a_database_that_stays_locked_is_an_error_with_the_number_of_tries() {
    let server = MockServer::start().await;
    mount_patch(&server, ResponseTemplate::new(500).set_body_string("Internal Server Error")).await;
    let locked = builder(&server).build().unwrap().apply(&zone(), &replace("www")).await.unwrap_err();
    assert_eq!(
        (locked.code(), locked.attempts(), locked.outcome_unknown()),
        (Some("database_locked"), 4, false)
    );
    assert_eq!(patches(&server).await.len(), 4);
}

#[tokio::test]
async fn a_refused_key_is_sent_once() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(error(401, "Unauthorized")).mount(&server).await;
    let refused = builder(&server).build().unwrap().zones().await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unauthenticated, Some("bad_api_key")));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

/// Gives the first key until it is refused.
#[derive(Debug)]
struct Rotated {
    keys: Mutex<Vec<&'static str>>,
    refusals: AtomicUsize,
}

#[async_trait]
impl ApiKeySource for Rotated {
    async fn api_key(&self) -> Result<Secret> {
        Ok(Secret::new(*self.keys.lock().unwrap().first().unwrap()))
    }

    fn refused(&self, key: &Secret) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        let mut keys = self.keys.lock().unwrap();
        if keys.len() > 1 && keys.first() == Some(&key.expose()) {
            keys.remove(0);
        }
    }
}

#[tokio::test]
async fn a_source_of_keys_is_asked_once_more_after_a_refusal() {
    let server = MockServer::start().await;
    Mock::given(header("x-api-key", "new"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(error(401, "Unauthorized")).mount(&server).await;
    let source = |keys| Arc::new(Rotated { keys: Mutex::new(keys), refusals: AtomicUsize::default() });
    let replaced = source(vec!["old", "new"]);
    let dns = builder(&server).api_key_source(Arc::clone(&replaced) as _).build().unwrap();
    assert!(dns.zones().await.unwrap().is_empty());
    assert_eq!(server.received_requests().await.unwrap().len(), 2);

    server.reset().await;
    Mock::given(any()).respond_with(error(401, "Unauthorized")).mount(&server).await;
    let both_bad = source(vec!["old", "older"]);
    let dns = builder(&server).api_key_source(Arc::clone(&both_bad) as _).build().unwrap();
    assert_eq!(dns.zones().await.unwrap_err().code(), Some("bad_api_key"));
    assert_eq!(server.received_requests().await.unwrap().len(), 2);

    server.reset().await;
    Mock::given(any()).respond_with(error(401, "Unauthorized")).mount(&server).await;
    let same = source(vec!["old"]);
    let dns = builder(&server).api_key_source(Arc::clone(&same) as _).build().unwrap();
    assert_eq!(dns.zones().await.unwrap_err().code(), Some("bad_api_key"));
    let sent = server.received_requests().await.unwrap().len();
    assert_eq!((sent, same.refusals.load(Ordering::Relaxed)), (1, 1), "the same key is not sent again");
}

#[tokio::test]
async fn a_proxy_that_refuses_the_user_is_told_apart_from_the_server() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(401)
        .insert_header("www-authenticate", "Basic realm=\"traefik\"")
        .set_body_string("401 Unauthorized\n");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let refused = builder(&server).build().unwrap().zones().await.unwrap_err();
    assert_eq!(refused.code(), Some("bad_basic_auth"));
}

#[tokio::test]
async fn what_does_not_fit_is_cut_between_names_and_tells_how_far_it_came() {
    let server = MockServer::start().await;
    let first = Mock::given(method("PATCH")).respond_with(ResponseTemplate::new(204));
    first.up_to_n_times(1).mount(&server).await;
    mount_patch(&server, error(422, "RRset n7.z.test. IN A: Conflicts with pre-existing RRset")).await;
    let changes = (0..30).map(|n| Change::Replace(address_set(&format!("n{n}"), 1)));
    let changes = ChangeSet::new(changes).unwrap();
    let dns = builder(&server).body_limit(1_500).build().unwrap();
    let planned = dns.requests(&zone(), &changes).unwrap();
    assert!(planned.len() == 3 && planned.iter().all(|request| request.body.len() <= 1_500));
    let failed = dns.apply(&zone(), &changes).await.unwrap_err();
    assert_eq!((failed.code(), failed.target()), (Some("partly_applied"), Some("n7.z.test. A")));
    let done = format!("1 of 3 requests were applied ({} of 30 changes)", planned[0].changes);
    assert!(failed.help().unwrap().contains(&done), "{failed}");
    assert_eq!(patches(&server).await.len(), 2);
}

#[tokio::test]
async fn a_limit_that_was_raised_here_is_compared_with_the_servers() {
    let server = MockServer::start().await;
    mount_version(&server, "5.0.3", &[("webserver-max-bodysize", "2")]).await;
    let changes = (0..20_000).map(|n| Change::Replace(address_set(&format!("n{n}"), 1)));
    let changes = ChangeSet::new(changes).unwrap();
    let dns = builder(&server).body_limit(4_000_000).build().unwrap();
    assert!(dns.requests(&zone(), &changes).unwrap()[0].body.len() > 2 << 20);
    let refused = dns.apply(&zone(), &changes).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::InvalidRequest, Some("body_too_large")));
    assert!(patches(&server).await.is_empty());
}

#[tokio::test]
async fn writes_of_one_zone_follow_each_other_and_reads_do_not_wait() {
    let server = MockServer::start().await;
    let slow = Duration::from_millis(300);
    mount_patch(&server, ResponseTemplate::new(204).set_delay(slow)).await;
    let list = ResponseTemplate::new(200).set_body_json(json!([{ "name": "z.test." }]));
    Mock::given(method("GET")).respond_with(list).mount(&server).await;
    let dns = builder(&server).build().unwrap();
    let (first, second) = (replace("a"), replace("b"));
    let zone = zone();
    let start = tokio::time::Instant::now();
    let read = async {
        dns.zones().await.unwrap();
        start.elapsed()
    };
    let (one, two, read) = tokio::join!(dns.apply(&zone, &first), dns.apply(&zone, &second), read);
    assert!(one.is_ok() && two.is_ok());
    assert!(start.elapsed() >= 2 * slow, "one after the other");
    assert!(read < slow, "the read did not wait");
}

#[tokio::test]
async fn zones_are_written_at_the_same_time_until_the_database_refuses_a_second_writer() {
    let server = MockServer::start().await;
    let slow = Duration::from_millis(300);
    mount_patch(&server, ResponseTemplate::new(204).set_delay(slow)).await;
    let dns = builder(&server).build().unwrap();
    let zones = ["a.test", "b.test", "c.test"].map(|name| name.parse::<ZoneName>().unwrap());
    let write = async |zone: &ZoneName| {
        let key = RecordKey { name: zone.apex().clone(), kind: RecordType::A };
        dns.apply(zone, &ChangeSet::new([Change::Delete(key)]).unwrap()).await.unwrap();
    };
    let start = tokio::time::Instant::now();
    tokio::join!(write(&zones[0]), write(&zones[1]), write(&zones[2]));
    assert!(start.elapsed() < 3 * slow, "zones do not wait for each other");

    server.reset().await;
    let locked = Mock::given(method("PATCH")).respond_with(error(500, "Internal Server Error"));
    locked.up_to_n_times(1).mount(&server).await;
    mount_patch(&server, ResponseTemplate::new(204).set_delay(slow)).await;
    write(&zones[0]).await;
    let start = tokio::time::Instant::now();
    tokio::join!(write(&zones[0]), write(&zones[1]), write(&zones[2]));
    assert!(start.elapsed() >= 3 * slow, "one writer at a time");
}

/// Never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl ApiKeySource for Silent {
    async fn api_key(&self) -> Result<Secret> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_source_of_keys_that_never_answers_is_a_timeout() {
    let server = MockServer::start().await;
    let short = RetryConfig::new(1, Duration::from_millis(100));
    let dns = builder(&server).api_key_source(Arc::new(Silent)).retry(short).build().unwrap();
    let late = dns.zones().await.unwrap_err();
    assert_eq!(
        (late.kind(), late.code(), late.outcome_unknown()),
        (ErrorKind::Timeout, Some("no_api_key"), false)
    );
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_server_can_do_is_asked_once_however_many_ask() {
    let server = MockServer::start().await;
    mount_version(&server, "5.0.3", &[("enable-lua-records", "yes"), ("gpgsql-dnssec", "yes")]).await;
    let dns = builder(&server).build().unwrap();
    let (one, two) = tokio::join!(dns.capabilities(), dns.capabilities());
    assert_eq!(one.unwrap(), two.unwrap());
    let known = dns.capabilities().await.unwrap();
    assert!(known.extend_and_prune() && known.lua_records && known.lua_record_updates && known.dnssec);
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_old_server_is_not_asked_to_extend_a_set() {
    let server = MockServer::start().await;
    mount_version(&server, "4.9.11", &[]).await;
    let changes = ChangeSet::new([Change::Extend(address_set("www", 1))]).unwrap();
    let refused = builder(&server).build().unwrap().apply(&zone(), &changes).await.unwrap_err();
    assert_eq!((refused.code(), refused.target()), (Some("unsupported_by_version"), Some("www.z.test. A")));
    assert!(patches(&server).await.is_empty());
}

#[tokio::test]
async fn lua_records_that_a_server_would_refuse_are_refused_here_with_the_setting() {
    let server = MockServer::start().await;
    mount_version(&server, "5.1.0", &[("enable-lua-records", "yes")]).await;
    let key = RecordKey { name: zone().child("app").unwrap(), kind: RecordType::Lua };
    let dns = builder(&server).build().unwrap();
    for change in [Change::Replace(lua_set("app")), Change::Delete(key)] {
        let refused = dns.apply(&zone(), &ChangeSet::new([change]).unwrap()).await.unwrap_err();
        assert_eq!(refused.code(), Some("lua_updates_disabled"));
        assert!(refused.help().unwrap().contains("enable-lua-record-updates=yes"));
    }
    assert!(patches(&server).await.is_empty());
    mount_patch(&server, ResponseTemplate::new(204)).await;
    dns.apply(&zone(), &replace("www")).await.unwrap();
}

#[tokio::test]
async fn something_else_at_the_address_is_told_apart() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    let recursor = ResponseTemplate::new(200)
        .set_body_json(json!({ "type": "Server", "daemon_type": "recursor", "version": "5.1.0" }));
    for answer in [page.clone(), recursor, error(404, "Not Found")] {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let refused = builder(&server).build().unwrap().capabilities().await.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Config, Some("not_powerdns")));
    }
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(page).mount(&server).await;
    let refused = builder(&server).build().unwrap().zones().await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Decode, Some("unreadable_answer")));
    assert!(refused.help().unwrap().contains("web page"));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_hide_its_zone() {
    let server = MockServer::start().await;
    let set = |name: &str, kind: &str, ttl: u32, content: &str| {
        let record = json!({ "content": content, "disabled": false });
        json!({ "name": name, "type": kind, "ttl": ttl, "records": [record], "comments": [] })
    };
    let sets = [
        set("odd.z.test.", "A", 60, "not an address"),
        set("huge.z.test.", "A", 4_294_967_291, "192.0.2.1"),
        set("loc.z.test.", "LOC", 60, "51 56 0.123 N 5 54 0.000 E 4.00m 1.00m"),
    ];
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "name": "z.test.", "rrsets": sets }));
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let sets = builder(&server).build().unwrap().record_sets(&zone()).await.unwrap();
    assert_eq!(
        (sets[0].kind(), sets[0].records()[0].to_string().as_str()),
        (RecordType::A, "not an address")
    );
    assert_eq!((sets[1].ttl(), sets.len()), (Ttl::ZERO, 3));
}

#[tokio::test]
async fn one_name_is_a_small_read() {
    let server = MockServer::start().await;
    let set = |name| json!({ "name": name, "type": "TXT", "ttl": 60, "records": [{ "content": "\"a\"", "disabled": false }] });
    let answer = json!({ "rrsets": [set("_acme-challenge.z.test."), set("other.z.test.")] });
    Mock::given(query_param("rrset_name", "_acme-challenge.z.test."))
        .and(query_param("rrset_type", "TXT"))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    let name = zone().child("_acme-challenge").unwrap();
    let found = builder(&server).build().unwrap().find(&zone(), &name, Some(RecordType::Txt)).await.unwrap();
    assert_eq!(found.len(), 1, "what a proxy adds by dropping the query is left out");
}

/// As 4.7 answers a filtered read of a zone with comments in it.
#[tokio::test]
async fn comments_without_records_are_no_record_sets() {
    let server = MockServer::start().await;
    let comment = json!({ "content": "c", "account": "a", "modified_at": 1 });
    let bare = |name| json!({ "name": name, "type": "A", "ttl": 0, "records": [], "comments": [comment] });
    let hidden = json!({ "content": "192.0.2.1", "disabled": true });
    let disabled =
        json!({ "name": "d.z.test.", "type": "A", "ttl": 60, "records": [hidden], "comments": [] });
    let answer = json!({ "rrsets": [bare("www.z.test."), bare("other.z.test."), disabled] });
    let answer = ResponseTemplate::new(200).set_body_json(answer);
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let dns = builder(&server).build().unwrap();
    assert!(dns.find(&zone(), &zone().child("www").unwrap(), None).await.unwrap().is_empty());
    let sets = dns.record_sets(&zone()).await.unwrap();
    assert_eq!((sets.len(), sets[0].records().len(), sets[0].disabled().len()), (1, 0, 1));
}

#[tokio::test]
async fn an_overloaded_proxy_says_when_to_come_back() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429)
        .insert_header("retry-after", "1")
        .set_body_string("<html>slow down</html>");
    Mock::given(any()).respond_with(busy).up_to_n_times(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let start = tokio::time::Instant::now();
    builder(&server).build().unwrap().apply(&zone(), &replace("www")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn answers_are_bounded_and_whole() {
    let server = MockServer::start().await;
    let address = json!({ "content": "192.0.2.1", "disabled": false });
    let sets: Vec<_> = (0..25_000)
        .map(|n| json!({ "name": format!("n{n}.z.test."), "type": "A", "ttl": 60, "records": [address] }))
        .collect();
    let body = serde_json::to_vec(&json!({ "rrsets": sets })).unwrap();
    assert!(body.len() > 2_000_000);
    let whole = ResponseTemplate::new(200).set_body_raw(body.clone(), "application/json");
    Mock::given(path(format!("{SERVER}/zones/z.test."))).respond_with(whole).mount(&server).await;
    let cut = ResponseTemplate::new(200).set_body_raw(&body[..body.len() - 100], "application/json");
    Mock::given(path(format!("{SERVER}/zones/cut.test."))).respond_with(cut).mount(&server).await;
    assert_eq!(builder(&server).build().unwrap().record_sets(&zone()).await.unwrap().len(), 25_000);
    let small = builder(&server).max_body(1_000_000).build().unwrap();
    let over = small.record_sets(&zone()).await.unwrap_err();
    assert_eq!((over.kind(), over.code()), (ErrorKind::Decode, Some("answer_too_large")));
    let cut = builder(&server).build().unwrap().record_sets(&"cut.test".parse().unwrap()).await.unwrap_err();
    assert_eq!((cut.kind(), cut.code()), (ErrorKind::Decode, Some("unreadable_answer")));
}

#[tokio::test]
async fn a_slow_server_is_a_timeout_within_the_limit() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(30));
    Mock::given(any()).respond_with(slow).mount(&server).await;
    let dns = builder(&server).timeout(Duration::from_millis(50)).build().unwrap();
    let late = dns.apply(&zone(), &replace("www")).await.unwrap_err();
    assert_eq!((late.kind(), late.outcome_unknown(), late.attempts()), (ErrorKind::Timeout, true, 4));
    let unread = dns.zone(&zone()).await.unwrap_err();
    assert_eq!(
        (unread.kind(), unread.outcome_unknown()),
        (ErrorKind::Timeout, false),
        "a read leaves no doubt"
    );
}

#[tokio::test]
async fn a_new_zone_whose_outcome_is_unknown_is_not_asked_for_twice() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(502)).mount(&server).await;
    let dns = builder(&server).build().unwrap();
    let lost = dns.create_zone(&ZoneSpec::new(zone(), [])).await.unwrap_err();
    assert_eq!((lost.code(), lost.outcome_unknown()), (Some("bad_gateway"), true));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_zone_that_an_earlier_try_made_is_said_to_be_perhaps_ours() {
    let server = MockServer::start().await;
    let locked = Mock::given(method("POST")).respond_with(error(500, "Internal Server Error"));
    locked.up_to_n_times(1).mount(&server).await;
    Mock::given(method("POST")).respond_with(error(409, "Conflict")).mount(&server).await;
    let exists = builder(&server).build().unwrap().create_zone(&ZoneSpec::new(zone(), [])).await.unwrap_err();
    assert_eq!((exists.code(), exists.outcome_unknown()), (Some("zone_exists"), true));
}

#[tokio::test]
async fn what_is_to_be_removed_may_be_gone() {
    let server = MockServer::start().await;
    Mock::given(method("DELETE")).respond_with(error(404, "Not Found")).mount(&server).await;
    let dns = builder(&server).build().unwrap();
    assert!(dns.delete_zone(&zone()).await.is_ok());
    assert!(dns.remove_tsig_key(&"k.test".parse().unwrap()).await.is_ok());
}

#[tokio::test]
async fn a_serial_that_stands_still_is_a_warning() {
    let server = MockServer::start().await;
    let mut zone_json =
        json!({ "name": "z.test.", "kind": "Native", "serial": 1, "soa_edit_api": "INCEPTION-EPOCH" });
    for (word, warned) in
        [("INCEPTION-EPOCH", true), ("", true), ("DEFAULT", false), ("soa-edit-increase", false)]
    {
        server.reset().await;
        zone_json["soa_edit_api"] = word.into();
        let answer = ResponseTemplate::new(200).set_body_json(&zone_json);
        Mock::given(method("GET")).respond_with(answer).mount(&server).await;
        let read = builder(&server).build().unwrap().zone(&zone()).await.unwrap();
        assert_eq!(read.serial_warning().is_some(), warned, "{word}");
    }
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let logs = LogCapture::default();
    let _listening = logs.listen();
    let server = MockServer::start().await;
    let echo = error(422, &format!("Record www.z.test./A 'password={PASSWORD}': Parsing record content"));
    mount_patch(&server, echo).await;
    Mock::given(method("GET")).respond_with(error(401, "Unauthorized")).mount(&server).await;
    Mock::given(method("POST")).respond_with(error(409, "Conflict")).mount(&server).await;
    let setup = builder(&server).basic_auth("operator", Secret::new(PASSWORD));
    logs.add(&format!("{setup:?}"));
    let dns = setup.build().unwrap();
    logs.add(&format!("{dns:?}"));
    let tsig = Secret::new("canary-tsig");
    let algorithm = catalyst_dns::TsigAlgorithm::HmacSha256;
    let errors = [
        dns.apply(&zone(), &replace("www")).await.unwrap_err(),
        dns.zones().await.unwrap_err(),
        dns.create_tsig_key(&"k.test".parse().unwrap(), algorithm, Some(&tsig)).await.unwrap_err(),
    ];
    logs.add(&format!("{errors:?} {} {:?}", errors[0], dns.requests(&zone(), &replace("www"))));
    let basic = "b3BlcmF0b3I6Y2FuYXJ5LXBhc3N3b3Jk";
    logs.assert_absent(&[KEY, PASSWORD, basic, "canary-tsig"]);
    assert!(logs.text().contains("change record sets"), "the log is heard");
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let built = |address: &str| PowerDns::builder(address);
    assert_eq!(built("https://x.test").unwrap().build().unwrap_err().code(), Some("no_api_key"));
    assert!(built("pdns.test").is_err() && built("https://user:pw@pdns.test").is_err());
    let with = |user: &str| {
        built("https://x.test").unwrap().api_key(Secret::new("k")).basic_auth(user, Secret::new("p"))
    };
    assert_eq!(with("a:b").build().unwrap_err().code(), Some("bad_basic_auth"));
    assert!(with("a").server_id("../x").build().is_err());
    let unsendable = built("http://127.0.0.1:9").unwrap().api_key(Secret::new("a\nb")).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(unsendable.zones()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
}
