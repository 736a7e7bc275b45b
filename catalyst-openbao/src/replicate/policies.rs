//! Policies, by their text.

use std::collections::{BTreeMap, BTreeSet};

use catalyst_core::http::path_segment;
use catalyst_core::{ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::operation::Subject;
use crate::region::records;
use crate::{Kv2, OpenBao, SecretData, SecretStore, WriteMode};

/// Nobody can write it.
const ROOT: &str = "root";

/// A policy as a server has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Policy {
    #[serde(rename = "policy", default)]
    text: String,
    #[serde(default)]
    version: i64,
}

/// Which texts the replicator wrote, by their fingerprints: the last one, and the one before until that is certain.
type Written = BTreeMap<String, BTreeSet<String>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// In the place of this version; -1 means that there must be none.
    Write(String, i64),
    Remove(String),
    /// Somebody else changed it.
    Refused(String),
}

/// What is to be done, in the order of the names. Policies that only the secondary has, and that we did not write,
/// are its own.
fn plan(
    source: &BTreeMap<String, Policy>,
    target: &BTreeMap<String, Policy>,
    written: &Written,
) -> Vec<Step> {
    let ours = |name: &str, policy: &Policy| {
        written.get(name).is_some_and(|prints| prints.contains(&fingerprint(&policy.text)))
    };
    let names: BTreeSet<&String> = source.keys().chain(target.keys()).collect();
    let step = |name: &String| match (source.get(name), target.get(name)) {
        (Some(_), None) => Some(Step::Write(name.clone(), -1)),
        (Some(source), Some(target)) if source.text == target.text => None,
        (Some(_), Some(target)) if ours(name, target) => Some(Step::Write(name.clone(), target.version)),
        (None, Some(target)) if ours(name, target) => Some(Step::Remove(name.clone())),
        (None, Some(_)) if !written.contains_key(name) => None,
        (_, Some(_)) => Some(Step::Refused(name.clone())),
        (None, None) => None,
    };
    names.into_iter().filter(|name| *name != ROOT).filter_map(step).collect()
}

/// Copies what differs, and says what was done.
pub(super) async fn bring(source: &OpenBao, target: &OpenBao, records: &Kv2) -> Result<Vec<Step>> {
    let (here, there, (mut written, version)) =
        tokio::try_join!(list(source), list(target), read_written(records))?;
    let mut steps = plan(&here, &there, &written);
    // What we are about to write is on record before it is written, and what was before stays until after.
    let before = written.clone();
    for (name, policy) in here.iter().filter(|(name, _)| *name != ROOT) {
        let refused = steps.contains(&Step::Refused(name.clone()));
        if !refused && (steps.contains(&write_of(name, &there)) || there.contains_key(name)) {
            written.entry(name.clone()).or_default().insert(fingerprint(&policy.text));
        }
    }
    let version = if written == before { version } else { write_written(records, &written, version).await? };
    for step in &mut steps {
        match step {
            Step::Write(name, cas) => {
                let Some(policy) = here.get(name) else { continue };
                if !put(target, name, &policy.text, *cas).await? {
                    *step = Step::Refused(name.clone());
                }
            }
            Step::Remove(name) => remove(target, name).await?,
            Step::Refused(_) => {}
        }
    }
    let refused = |name: &String| steps.contains(&Step::Refused(name.clone()));
    let last: Written = written
        .iter()
        .filter_map(|(name, prints)| match here.get(name) {
            Some(policy) if !refused(name) => {
                Some((name.clone(), BTreeSet::from([fingerprint(&policy.text)])))
            }
            None if !refused(name) => None,
            _ => Some((name.clone(), prints.clone())),
        })
        .collect();
    if last != written {
        write_written(records, &last, version).await?;
    }
    Ok(steps)
}

fn write_of(name: &str, there: &BTreeMap<String, Policy>) -> Step {
    Step::Write(name.to_owned(), there.get(name).map_or(-1, |policy| policy.version))
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    key_info: BTreeMap<String, Policy>,
}

async fn list(bao: &OpenBao) -> Result<BTreeMap<String, Policy>> {
    let path = ["sys/policies/detailed/acl?list=true"];
    let listed: Listed = bao.api.at(Subject::System, "list policies", &path).read().await?;
    Ok(listed.key_info)
}

#[derive(Serialize)]
struct Put<'a> {
    policy: &'a str,
    cas: i64,
}

/// Whether it was written; if not, somebody else was first.
async fn put(bao: &OpenBao, name: &str, text: &str, cas: i64) -> Result<bool> {
    let name = path_segment(name);
    let path = ["sys/policies/acl/", &name];
    let call = bao.api.at(Subject::System, "write policy", &path).once();
    match call.write(&Put { policy: text, cas }).await {
        Ok(()) => Ok(true),
        Err(error) if error.server_message().is_some_and(|said| said.contains("check-and-set")) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn remove(bao: &OpenBao, name: &str) -> Result<()> {
    let name = path_segment(name);
    let path = ["sys/policies/acl/", &name];
    bao.api.at(Subject::System, "delete policy", &path).delete().await
}

async fn read_written(records: &Kv2) -> Result<(Written, u64)> {
    match records.read(&records::policies()?, None).await {
        Ok(found) => {
            let prints = |text: &str| text.split(' ').map(str::to_owned).collect();
            let written =
                found.data.iter().map(|(name, value)| (name.to_owned(), prints(value.expose()))).collect();
            Ok((written, found.metadata.version))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((Written::new(), 0)),
        Err(error) => Err(error),
    }
}

async fn write_written(records: &Kv2, written: &Written, version: u64) -> Result<u64> {
    let data: SecretData = written
        .iter()
        .map(|(name, prints)| (name.clone(), prints.iter().cloned().collect::<Vec<_>>().join(" ")))
        .collect();
    let mode = if version == 0 { WriteMode::CreateOnly } else { WriteMode::IfVersion(version) };
    Ok(records.write(&records::policies()?, &data, mode).await?.version)
}

/// FNV-1a of the text, and its length. It tells an edit apart; it is no protection against a forger, who could write
/// the record too.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}-{}", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::support::recorded;

    fn policies(all: &[(&str, &str)]) -> BTreeMap<String, Policy> {
        let policy = |text: &str| Policy { text: text.to_owned(), version: 3 };
        all.iter().map(|(name, text)| ((*name).to_owned(), policy(text))).collect()
    }

    fn written(all: &[(&str, &str)]) -> Written {
        all.iter().map(|(name, text)| ((*name).to_owned(), BTreeSet::from([fingerprint(text)]))).collect()
    }

    #[test]
    fn what_we_wrote_follows_the_primary_and_what_others_wrote_is_left() {
        let source =
            policies(&[("same", "s"), ("new", "n"), ("edited", "2"), ("fought", "2"), ("root", "x")]);
        let target = policies(&[
            ("same", "s"),
            ("edited", "1"),
            ("fought", "theirs"),
            ("gone", "g"),
            ("own", "o"),
            ("touched", "t2"),
        ]);
        let written = written(&[("edited", "1"), ("fought", "1"), ("gone", "g"), ("touched", "t")]);
        let name = str::to_owned;
        assert_eq!(
            plan(&source, &target, &written),
            [
                Step::Write(name("edited"), 3),
                Step::Refused(name("fought")),
                Step::Remove(name("gone")),
                Step::Write(name("new"), -1),
                Step::Refused(name("touched")),
            ]
        );
    }

    #[test]
    fn the_recorded_list_is_read() {
        let (_, body) = recorded("sys-policies-detailed");
        let listed: Listed = serde_json::from_value(body["data"].clone()).unwrap();
        let reader = &listed.key_info["reader"];
        assert_eq!((reader.version, reader.text.contains("secret/data/*")), (1, true));
        assert_eq!(listed.key_info["root"].text, "");
    }
}
