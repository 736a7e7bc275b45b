//! No text leaves its place in a LUA snippet, and no snippet breaks the reader.
#![no_main]

use catalyst_dns::lua::{AddressSets, CheckOptions, HealthCheck, Lua, Selector, quote};
use catalyst_dns::{LuaRecord, RecordType};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let quoted = quote(octets);
    assert!(quoted.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'));
    let Ok(text) = std::str::from_utf8(octets) else { return };

    // What somebody wrote into a zone: read or not, but read only if it is what we would write.
    if let Ok(record) = LuaRecord::from_snippet(RecordType::A, text) {
        if let Some(lua) = Lua::read(&record) {
            assert_eq!(Lua::read(&lua.record().unwrap()), Some(lua));
        }
    }

    // What somebody asks for: read back as it was asked for.
    let Ok(options) = CheckOptions::new().string_match(text).and_then(|options| options.user_agent(text)) else {
        return;
    };
    let url = "https://app.example.org/healthz".parse().unwrap();
    let sets = AddressSets::by_priority([["192.0.2.1".parse().unwrap()], ["192.0.2.2".parse().unwrap()]]).unwrap();
    let lua = Lua::failover(HealthCheck::url(url, options).unwrap(), sets, Selector::All).unwrap();
    assert_eq!(Lua::read(&lua.record().unwrap()), Some(lua));
});
