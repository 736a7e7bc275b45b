//! No text breaks the reader of names; what it read is read the same from what is shown, and belongs to its parent.
#![no_main]

use catalyst_dns::{DomainName, ZoneMatcher, ZoneName};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(name) = text.parse::<DomainName>() else { return };
    assert!(name.as_str().is_ascii() && name.as_str().ends_with('.'));
    let again: Option<DomainName> = name.to_string().parse().ok();
    assert_eq!(again.as_ref(), Some(&name));
    let Some(parent) = name.parent() else { return };
    assert!(parent < name && name.is_within(&parent) && !parent.is_within(&name));
    if let Ok(zone) = ZoneName::try_from(parent) {
        let matcher = ZoneMatcher::new([zone.clone()]);
        assert_eq!(matcher.find(&name), Some(&zone));
    }
});
