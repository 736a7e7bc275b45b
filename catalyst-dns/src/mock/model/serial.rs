//! How serials move (`pdns/serialtweaker.cc`).

use time::OffsetDateTime;

/// The serial in the database after a change, by the zone's `SOA-EDIT-API` and `SOA-EDIT`. Words that are not known
/// leave it where it is, the empty one too.
pub(super) fn increased(old: u32, api: &str, edit: &str, now: u32) -> u32 {
    match api.to_ascii_uppercase().as_str() {
        "SOA-EDIT-INCREASE" => {
            let new = match edit.to_ascii_uppercase().as_str() {
                "" => old,
                "INCEPTION-EPOCH" => now,
                _ => edited(old, edit, now),
            };
            if new <= old { old.wrapping_add(1) } else { new }
        }
        "SOA-EDIT" => edited(old, edit, now),
        "INCREASE" => old.wrapping_add(1),
        "EPOCH" => now,
        "DEFAULT" => {
            let today = dated(now, 1);
            if today <= old { old.wrapping_add(1) } else { today }
        }
        _ => old,
    }
}

/// The serial that is served, by the zone's `SOA-EDIT`.
pub(super) fn edited(old: u32, edit: &str, now: u32) -> u32 {
    const WEEK: u32 = 7 * 86_400;
    let inception = now - now % WEEK;
    match edit.to_ascii_uppercase().as_str() {
        "INCEPTION-INCREMENT" => {
            let first = dated(inception, 1);
            match old {
                _ if old < first - 1 => first,
                _ if old < first + 1 => first + 1,
                _ if old <= dated(inception + 2 * 86_400, 99) => old + 1,
                _ => old,
            }
        }
        "INCREMENT-WEEKS" => old.wrapping_add(inception / WEEK),
        "EPOCH" => now,
        "INCEPTION-EPOCH" => old.max(inception),
        _ => old,
    }
}

/// `YYYYMMDDnn` of the day in UTC.
fn dated(seconds: u32, number: u32) -> u32 {
    let date = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(i64::from(seconds));
    let year = u32::try_from(date.year()).unwrap_or(0);
    year * 1_000_000 + u32::from(u8::from(date.month())) * 10_000 + u32::from(date.day()) * 100 + number
}
