//! Dates as they are written down: RFC 3339, whole seconds.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second of the year 9999, which is the last that RFC 3339 can write.
const LAST: u64 = 253_402_300_799;

/// `date` in words. What lies before 1970 or after 9999 is written as the nearest date that can be.
pub(super) fn write(date: SystemTime) -> String {
    let seconds = date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().min(LAST);
    let date =
        i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_default()
}

/// A date that [`write`] wrote, or that a person did.
pub(super) fn read(text: &str) -> Option<SystemTime> {
    let seconds = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp();
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// `date` without what [`write`] drops.
pub(super) fn whole(date: SystemTime) -> SystemTime {
    let since = date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs().min(LAST))
}

/// `date` and `span` more; as far as dates go.
pub(super) fn later(date: SystemTime, span: Duration) -> SystemTime {
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(LAST);
    date.checked_add(span).map_or(last, |date| date.min(last))
}
