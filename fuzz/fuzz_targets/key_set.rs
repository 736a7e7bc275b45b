//! No key set breaks the parser, and one that was read stays within its limits.
#![no_main]

use catalyst_keycloak::jose::KeySet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    if let Ok(keys) = KeySet::parse(json) {
        assert!((1..=64).contains(&keys.keys().len()));
    }
});
