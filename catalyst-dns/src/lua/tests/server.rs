//! What servers make of a record, and the first question.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use catalyst_core::{Error, ErrorKind, Result};
use proptest::prelude::*;

use super::super::*;
use super::meaning::{check, ip, two_sets};
use super::strategies::any_lua;
use crate::query::{DnsAnswer, Question, ResponseCode};
use crate::{Capabilities, DnsClient, RecordType, Version};

pub(crate) fn capabilities(version: Version) -> Capabilities {
    Capabilities {
        version,
        lua_records: true,
        lua_record_updates: true,
        geoip: true,
        edns_client_subnet: true,
        dnssec: true,
        health_check_interval: 5,
        health_check_expire_delay: 3600,
        lua_insert_whitespace: version < Version(5, 0, 0),
    }
}

fn warnings(lua: &Lua, capabilities: &Capabilities) -> Vec<LuaWarning> {
    lua.check(capabilities, &"app.example.test".parse().unwrap()).unwrap()
}

#[test]
fn a_server_that_cannot_have_the_record_is_refused() {
    let lua = Lua::failover(check(), two_sets(), Selector::All).unwrap();
    let owner = "app.example.test".parse().unwrap();
    let code = |capabilities: Capabilities, lua: &Lua| lua.check(&capabilities, &owner).unwrap_err().code();
    let five = capabilities(Version(5, 1, 0));
    assert_eq!(code(Capabilities { lua_records: false, ..five }, &lua), Some("lua_records_off"));
    assert_eq!(code(Capabilities { lua_record_updates: false, ..five }, &lua), Some("lua_updates_off"));
    let ports = HealthCheck::port(443, CheckOptions::new()).unwrap();
    let sets = Lua::if_up(ports, two_sets()).build().unwrap();
    assert_eq!(code(capabilities(Version(4, 7, 3)), &sets), Some("lua_version"));
    let accepted = check().with_options(CheckOptions::new().http_code(204).unwrap()).unwrap();
    let accepted = Lua::failover(accepted, two_sets(), Selector::All).unwrap();
    assert_eq!(code(capabilities(Version(4, 9, 0)), &accepted), Some("lua_version"));
    assert!(accepted.check(&capabilities(Version(5, 0, 3)), &owner).is_ok());
}

#[test]
fn what_a_server_does_otherwise_is_said() {
    let owner = "*.example.test".parse().unwrap();
    let lua = Lua::failover(check(), two_sets(), Selector::PickClosest).unwrap();
    let blind = Capabilities { geoip: false, edns_client_subnet: false, ..capabilities(Version(5, 0, 3)) };
    assert_eq!(
        lua.check(&blind, &owner).unwrap(),
        [LuaWarning::WildcardOwner, LuaWarning::NoGeoDatabase, LuaWarning::NoClientSubnet]
    );
    let standby = Lua::if_up(check(), two_sets()).build().unwrap();
    assert_eq!(warnings(&standby, &capabilities(Version(5, 0, 3))), [LuaWarning::StandbyAnswersUnchecked]);
    assert_eq!(warnings(&standby, &capabilities(Version(5, 1, 0))), []);
    let empty = Lua::if_up(check(), AddressSets::one([ip("192.0.2.1")]).unwrap());
    let empty = empty.backup_selector(Selector::Empty).build().unwrap();
    assert_eq!(warnings(&empty, &capabilities(Version(5, 1, 0))), [LuaWarning::FailsClosed]);
}

#[test]
fn options_of_the_record_are_known_to_be_ignored_before_5_0() {
    let options = CheckOptions::new().interval(Duration::from_secs(7)).unwrap().minimum_failures(4).unwrap();
    let lua =
        Lua::failover(check().with_options(options.clone()).unwrap(), two_sets(), Selector::All).unwrap();
    let since = Version(5, 0, 0);
    assert_eq!(
        warnings(&lua, &capabilities(Version(4, 7, 3))),
        ["interval", "minimumFailures"].map(|option| LuaWarning::OptionIgnored { option, since })
    );
    let old = options.effective(&capabilities(Version(4, 7, 3)));
    assert_eq!((old.interval.as_secs(), old.failures), (5, 1));
    assert_eq!((old.detection().as_secs(), old.slowest_detection().as_secs()), (7, 7));
    let new = options.effective(&capabilities(Version(5, 0, 3)));
    assert_eq!((new.interval.as_secs(), new.failures, new.detection().as_secs()), (7, 4, 30));
    let rounded = options.effective(&capabilities(Version(5, 1, 0)));
    assert_eq!(rounded.interval.as_secs(), 10, "a multiple of the server's own");
    let interval = Duration::from_secs(10);
    assert_eq!(warnings(&lua, &capabilities(Version(5, 1, 0))), [LuaWarning::IntervalRounded { interval }]);
}

#[test]
fn failures_that_take_longer_than_the_check_lives_are_warned_of() {
    let options =
        CheckOptions::new().interval(Duration::from_secs(600)).unwrap().minimum_failures(7).unwrap();
    let lua = Lua::failover(check().with_options(options).unwrap(), two_sets(), Selector::All).unwrap();
    let [LuaWarning::OutlivesExpiry { needed, expires }] =
        warnings(&lua, &capabilities(Version(5, 0, 3)))[..]
    else {
        panic!("one warning")
    };
    assert_eq!((needed.as_secs(), expires.as_secs()), (4200, 3600));
}

proptest! {
    #[test]
    fn every_warning_says_something(lua in any_lua(), minor in 0..3_u16, major in 4..6_u16) {
        let capabilities = Capabilities { geoip: false, ..capabilities(Version(major, 7 * (5 - major) + minor, 0)) };
        if let Ok(warnings) = lua.check(&capabilities, &"*.example.test".parse().unwrap()) {
            prop_assert!(warnings.iter().all(|warning| warning.to_string().len() > 20));
        }
    }
}

/// Answers once asked, but not at port 9.
#[derive(Debug, Default)]
struct Scripted(Mutex<Vec<(SocketAddr, String)>>);

#[async_trait]
impl DnsClient for Scripted {
    async fn ask(&self, server: SocketAddr, question: &Question) -> Result<DnsAnswer> {
        self.0.lock().unwrap().push((server, question.to_string()));
        match server.port() {
            9 => Err(Error::new(ErrorKind::Connect, "ask")),
            10 => std::future::pending().await,
            _ => Ok(DnsAnswer::empty(ResponseCode::NoError)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_server_is_asked_once_and_the_silent_ones_are_named() {
    let client = Scripted::default();
    let servers: Vec<SocketAddr> = [53, 9, 10].iter().map(|port| ([127, 0, 0, 1], *port).into()).collect();
    let name = "app.example.test".parse().unwrap();
    let primed = prime(&client, &servers, &name, RecordType::A).await.unwrap();
    let asked: Vec<_> = client.0.lock().unwrap().iter().map(|(server, _)| *server).collect();
    assert_eq!(asked, servers);
    assert_eq!(client.0.lock().unwrap()[0].1, "app.example.test A");
    let failed: Vec<_> = primed.failed().map(|(server, error)| (server.port(), error.kind())).collect();
    assert_eq!(failed, [(9, ErrorKind::Connect), (10, ErrorKind::Timeout)]);
    assert!(prime(&client, &[servers[0]; 65], &name, RecordType::A).await.is_err());
}
