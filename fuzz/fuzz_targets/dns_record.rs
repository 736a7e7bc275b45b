//! No content breaks the readers of record data, and what they read is read the same from what is written.
#![no_main]

use catalyst_dns::{RecordData, RecordSet, RecordType, Ttl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (kind, content) = input;
    let kinds = RecordType::KNOWN;
    let kind = kinds[usize::from(kind) % kinds.len()];
    let Ok(data) = RecordData::parse(kind, content) else { return };
    assert_eq!(data.kind(), kind);
    let written = data.to_string();
    let again = RecordData::parse(kind, &written).ok();
    assert_eq!(again.as_ref(), Some(&data), "{written}");
    assert_eq!(again.map(|again| again.to_string()), Some(written));
    if let Ok(owner) = "www.example.org".parse() {
        // Whatever it says about the set, it says without a panic.
        let _checked = RecordSet::new(owner, Ttl::MINUTE, [data]);
    }
});
