//! A record as named texts, which is what secret stores keep.

use std::collections::BTreeMap;
use std::time::SystemTime;

use catalyst_core::{Error, ErrorKind, Result, Secret};

use super::dates;
use super::record::{Lock, Outcome, Phase, Reason, Record};

impl Record {
    /// The name under which applications find their secret.
    pub const SECRET: &'static str = "client_secret";
    /// The name of the secret before it.
    pub const PREVIOUS_SECRET: &'static str = "previous_client_secret";

    /// The record as named texts. Dates are RFC 3339.
    pub fn to_fields(&self) -> BTreeMap<String, Secret> {
        let mut fields = self.other.clone();
        let mut put = |name: &str, value: Secret| drop(fields.insert(name.to_owned(), value));
        let text = |text: &str| Secret::new(text);
        let date = |date: SystemTime| Secret::from(dates::write(date));
        put(Self::SECRET, self.current.clone());
        put("secret_number", Secret::from(self.number.to_string()));
        put("issued_at", date(self.issued_at));
        put("expires_at", date(self.expires_at));
        put("rotation_phase", text(word(&PHASES, self.phase)));
        put("rotation_reason", text(word(&REASONS, self.reason)));
        if let Some(previous) = &self.previous {
            put(Self::PREVIOUS_SECRET, previous.clone());
        }
        if let Some(at) = self.rotated_at {
            put("rotated_at", date(at));
        }
        if let Some(at) = self.grace_ends_at {
            put("grace_ends_at", date(at));
        }
        if let Some(lock) = &self.lock {
            put("lock_holder", text(&lock.holder));
            put("lock_ends_at", date(lock.ends_at));
        }
        if let Some(outcome) = self.outcome {
            put("rotation_outcome", text(word(&OUTCOMES, outcome)));
        }
        fields
    }

    /// Reads what [`to_fields`](Self::to_fields) wrote. Names that are not ours are kept in
    /// [`other`](Self::other).
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] with code `unreadable_record`, naming the field at fault and not its value.
    pub fn from_fields(fields: impl IntoIterator<Item = (String, Secret)>) -> Result<Self> {
        let mut fields = Fields(fields.into_iter().collect());
        let current = fields.0.remove(Self::SECRET).filter(|secret| !secret.is_empty());
        let lock = match (fields.text("lock_holder"), fields.date("lock_ends_at")?) {
            (Some(holder), Some(ends_at)) => Some(Lock { holder, ends_at }),
            (None, None) => None,
            _ => return Err(unreadable("lock_holder")),
        };
        let number = fields.text("secret_number").map_or(Some(1), |text| text.parse().ok());
        Ok(Self {
            current: current.ok_or_else(|| unreadable(Self::SECRET))?,
            previous: fields.0.remove(Self::PREVIOUS_SECRET).filter(|secret| !secret.is_empty()),
            number: number.ok_or_else(|| unreadable("secret_number"))?,
            issued_at: fields.date("issued_at")?.ok_or_else(|| unreadable("issued_at"))?,
            expires_at: fields.date("expires_at")?.ok_or_else(|| unreadable("expires_at"))?,
            phase: fields.word("rotation_phase", &PHASES)?.unwrap_or_default(),
            reason: fields.word("rotation_reason", &REASONS)?.unwrap_or_default(),
            rotated_at: fields.date("rotated_at")?,
            grace_ends_at: fields.date("grace_ends_at")?,
            lock,
            outcome: fields.word("rotation_outcome", &OUTCOMES)?,
            other: fields.0,
        })
    }
}

const PHASES: [(&str, Phase); 5] = [
    ("idle", Phase::Idle),
    ("regenerating", Phase::Regenerating),
    ("verifying", Phase::Verifying),
    ("grace", Phase::Grace),
    ("ending", Phase::Ending),
];
const REASONS: [(&str, Reason); 4] =
    [("due", Reason::Due), ("asked", Reason::Asked), ("leaked", Reason::Leaked), ("drift", Reason::Drift)];
const OUTCOMES: [(&str, Outcome); 3] =
    [("rotated", Outcome::Rotated), ("cut_over", Outcome::CutOver), ("adopted", Outcome::Adopted)];

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
}

struct Fields(BTreeMap<String, Secret>);

impl Fields {
    fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).map(|value| value.expose().to_owned())
    }

    fn date(&mut self, name: &'static str) -> Result<Option<SystemTime>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        dates::read(&text).map(Some).ok_or_else(|| unreadable(name))
    }

    fn word<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, value)| Some(*value)).ok_or_else(|| unreadable(name))
    }
}

fn unreadable(field: &'static str) -> Error {
    Error::new(ErrorKind::Decode, "read the record of a client secret")
        .with_code("unreadable_record")
        .with_help(format!(
            "the field `{field}` is missing or not what the SDK wrote; restore an earlier version of it"
        ))
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, dates::whole};
    use super::*;
    use proptest::option;
    use proptest::prelude::*;
    use std::time::Duration;

    fn date() -> impl Strategy<Value = SystemTime> {
        (0u64..=253_402_300_799).prop_map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    prop_compose! {
        fn records()(
            secret in "\\PC{1,90}", previous in option::of("\\PC{1,90}"), number: u64, dates in (date(), date()),
            phase in 0usize..5, reason in 0usize..4, outcome in option::of(0usize..3), more in option::of((date(), date())),
            lock in option::of(("\\PC{1,20}", date())), other in proptest::collection::btree_map("x-[a-z]{1,8}", "\\PC{0,20}", 0..4)
        ) -> Record {
            let mut record = Record::first(Secret::from(secret), dates.0, &Policy::default());
            record.previous = previous.map(Secret::from);
            record.number = number;
            record.expires_at = dates.1;
            record.phase = PHASES[phase].1;
            record.reason = REASONS[reason].1;
            record.outcome = outcome.map(|at| OUTCOMES[at].1);
            record.rotated_at = more.map(|dates| dates.0);
            record.grace_ends_at = more.map(|dates| dates.1);
            record.lock = lock.map(|(holder, ends_at)| Lock { holder, ends_at });
            record.other = other.into_iter().map(|(name, value)| (name, Secret::from(value))).collect();
            record
        }
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was(record in records()) {
            prop_assert_eq!(Record::from_fields(record.to_fields()).unwrap(), record);
        }

        #[test]
        fn any_fields_are_read_or_refused_by_name(record in records(), field in 0usize..12, text in "\\PC{0,40}|2[0-9]{3}-[0-9]{2}-[0-9]{2}T00:00:00Z") {
            let mut fields = record.to_fields();
            let name = fields.keys().nth(field % fields.len()).unwrap().clone();
            fields.insert(name, Secret::new(format!("{text}canary")));
            match Record::from_fields(fields) {
                Ok(_) => {}
                Err(error) => {
                    let shown = format!("{error:?}");
                    prop_assert!(!shown.contains("canary"));
                }
            }
        }

        #[test]
        fn dates_never_panic(seconds: u64, text in "\\PC{0,40}") {
            let date = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            if let Some(date) = date {
                prop_assert_eq!(dates::read(&dates::write(date)), Some(whole(date)));
            }
            let _ = dates::read(&text);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut record = Record::first(Secret::new("canary-1"), SystemTime::UNIX_EPOCH, &Policy::default());
        record.previous = Some(Secret::new("canary-2"));
        record.other.insert("key".into(), Secret::new("canary-3"));
        assert!(!format!("{record:?}{:?}", record.to_fields()).contains("canary"));
    }

    #[test]
    fn a_record_without_its_secret_is_refused_by_name() {
        let error = Record::from_fields([("issued_at".to_owned(), Secret::new("x"))]).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, Some("unreadable_record")));
        let error = Record::from_fields([("client_id".to_owned(), Secret::new("x"))]).unwrap_err();
        assert!(error.to_string().contains("client_secret"), "{error}");
    }
}
