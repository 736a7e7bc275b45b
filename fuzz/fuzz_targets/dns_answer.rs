//! No message breaks the reader of DNS answers, and what was read can be shown.
#![no_main]

use catalyst_dns::query::DnsAnswer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &[u8]| {
    if let Ok(answer) = DnsAnswer::from_wire(message) {
        for record in answer.answers.iter().chain(&answer.authority).chain(&answer.additional) {
            assert!(record.ttl.as_secs() < 1 << 31);
            assert!(!format!("{} {}", record.name, record.data).is_empty());
        }
    }
});
