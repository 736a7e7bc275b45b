//! What must be remembered of a flip that is under way, so that another process can end it.

use std::fmt;
use std::str::FromStr;

use catalyst_core::{Error, ErrorKind, Result};

use crate::registrar::{NameServers, RegisteredDomain, TaskId};
use crate::{DomainName, Ds, RecordData, RecordType};

/// How far a flip had come when it was last heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlipPhase {
    /// The DS in the parent is being changed; the name servers are not touched yet.
    ChangingDs,
    /// The new set is being written or waits to be seen.
    Writing,
    /// The old set is being written back.
    Restoring,
}

/// A flip that is under way. It is saved before anything is changed, and holds no secret.
///
/// It is text on one line for journals that keep text:
///
/// ```
/// use catalyst_dns::registrar::flip::FlipRecord;
///
/// let text = "v1 writing omani.works before=a.test.,b.test. after=c.test.,d.test. ds= task=";
/// assert_eq!(text.parse::<FlipRecord>()?.to_string(), text);
/// # Ok::<(), catalyst_dns::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlipRecord {
    pub(crate) phase: FlipPhase,
    pub(crate) domain: RegisteredDomain,
    pub(crate) before: NameServers,
    pub(crate) after: NameServers,
    pub(crate) ds_before: Vec<Ds>,
    /// Whether the DS in the parent was or may have been changed.
    pub(crate) ds_changed: bool,
    /// The registrar's task that writes the new set, once it has said so.
    pub(crate) task: Option<TaskId>,
}

impl FlipRecord {
    /// How far it had come.
    pub fn phase(&self) -> FlipPhase {
        self.phase
    }

    /// The domain.
    pub fn domain(&self) -> &RegisteredDomain {
        &self.domain
    }

    /// The name servers that it had.
    pub fn before(&self) -> &NameServers {
        &self.before
    }

    /// The name servers that it shall have.
    pub fn after(&self) -> &NameServers {
        &self.after
    }

    /// The DS that the parent had.
    pub fn ds_before(&self) -> &[Ds] {
        &self.ds_before
    }

    /// The registrar's task that writes the new set, once it has said so.
    pub fn task(&self) -> Option<&TaskId> {
        self.task.as_ref()
    }

    pub(crate) fn at(&self, phase: FlipPhase) -> Self {
        Self { phase, ..self.clone() }
    }
}

impl FlipPhase {
    fn as_str(self) -> &'static str {
        match self {
            Self::ChangingDs => "changing-ds",
            Self::Writing => "writing",
            Self::Restoring => "restoring",
        }
    }
}

impl fmt::Display for FlipRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1 {} {}", self.phase.as_str(), self.domain.as_str())?;
        for (word, set) in [("before", &self.before), ("after", &self.after)] {
            let names: Vec<_> = set.iter().map(DomainName::as_str).collect();
            write!(f, " {word}={}", names.join(","))?;
        }
        let ds: Vec<_> = self.ds_before.iter().map(|ds| ds.to_string().replace(' ', "/")).collect();
        write!(f, " ds={}{}", if self.ds_changed { "changed:" } else { "" }, ds.join(","))?;
        let task = self.task.as_ref().map_or("", |task| &task.0);
        // As hexadecimal digits, for it is the registrar's and may be any text.
        f.write_str(" task=")?;
        task.bytes().take(MAX_TASK).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for FlipRecord {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Decode`] with code `invalid_record` unless it is what `Display` writes.
    fn from_str(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| {
            Error::new(ErrorKind::Decode, "read a flip's record")
                .with_code("invalid_record")
                .with_help("this is no record of a flip, or one of a newer version")
        })
    }
}

/// Longer than any record: 26 names and a few DS.
const MAX_TEXT: usize = 16 << 10;
/// The longest name of a task that is kept, in bytes.
const MAX_TASK: usize = 256;

fn read(text: &str) -> Option<FlipRecord> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut words = text.trim_end().split(' ');
    let (version, phase, domain) = (words.next()?, words.next()?, words.next()?);
    let (before, after, ds, task) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if version != "v1" || words.next().is_some() {
        return None;
    }
    let phases = [FlipPhase::ChangingDs, FlipPhase::Writing, FlipPhase::Restoring];
    let phase = phases.into_iter().find(|known| known.as_str() == phase)?;
    let ds = ds.strip_prefix("ds=")?;
    let (ds_changed, ds) = ds.strip_prefix("changed:").map_or((false, ds), |rest| (true, rest));
    let task = match task.strip_prefix("task=")? {
        "" => None,
        digits => Some(task_id(digits)?),
    };
    Some(FlipRecord {
        phase,
        domain: domain.parse().ok()?,
        before: names(before.strip_prefix("before=")?)?,
        after: names(after.strip_prefix("after=")?)?,
        ds_before: list(ds).map(digest).collect::<Option<_>>()?,
        ds_changed,
        task,
    })
}

fn task_id(digits: &str) -> Option<TaskId> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    String::from_utf8(bytes?).ok().map(TaskId)
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|item| !item.is_empty())
}

fn names(text: &str) -> Option<NameServers> {
    let names: Result<Vec<_>> = list(text).map(DomainName::from_server).collect();
    names.ok().filter(|names| !names.is_empty()).map(NameServers::from_registrar)
}

fn digest(text: &str) -> Option<Ds> {
    match RecordData::parse(RecordType::Ds, &text.replace('/', " ")).ok()? {
        RecordData::Ds(ds) => Some(ds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_with_a_ds_reads_back() {
        let digest = "ab".repeat(32);
        let text = format!(
            "v1 changing-ds omani.works before=a.test.,b.test. after=c.test.,d.test. ds=changed:7/13/2/{digest},8/13/2/{digest} task=612062"
        );
        let record: FlipRecord = text.parse().unwrap();
        assert_eq!((record.ds_before.len(), record.ds_changed), (2, true));
        assert_eq!(record.task, Some(TaskId("a b".into())));
        assert_eq!(record.to_string(), text);
    }

    proptest! {
        #[test]
        fn any_text_is_a_record_or_an_error(text in "(v1 )?[a-z.=,:/ -]{0,80}") {
            if let Ok(record) = text.parse::<FlipRecord>() {
                prop_assert_eq!(record.to_string().parse::<FlipRecord>().unwrap(), record);
            }
        }
    }
}
