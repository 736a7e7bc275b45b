//! DS records: one request sets one record, one removes all.

use catalyst_core::http::Method;
use catalyst_core::{Error, Result};
use serde_json::json;

use super::Dynadot;
use super::answer::{self, Dnssec, DsInfo, number};
use super::client::{Ask, path_of};
use super::refusal::SERVICE;
use crate::registrar::RegisteredDomain;
use crate::registrar::cause::{Cause, unreadable};
use crate::registrar::wire::Call;
use crate::{Ds, RecordData, RecordType};

/// More keys than any domain has; each is a request.
const MAX_DS: usize = 16;

/// What leads from the records that are there to those that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DsSteps {
    /// All go first, for Dynadot cannot remove one: without any the domain is unsigned for a moment, and not broken.
    pub(super) clear: bool,
    pub(super) set: Vec<Ds>,
}

pub(super) fn steps(present: &[Ds], wanted: &[Ds]) -> DsSteps {
    let clear = present.iter().any(|ds| !wanted.contains(ds));
    let missing = wanted.iter().filter(|ds| clear || !present.contains(ds));
    DsSteps { clear, set: missing.cloned().collect() }
}

impl Dynadot {
    pub(super) async fn read_ds(&self, domain: &RegisteredDomain) -> Result<Vec<Ds>> {
        let operation = "read DS records";
        let call = Call::read(operation, domain.as_str());
        let path = path_of(domain, "dnssec");
        let told: Dnssec =
            self.ask(call, Ask::get(&path), |response| answer::data(operation, response)).await?;
        told.dnssec_info_list.iter().map(|info| ds(operation, info)).collect()
    }

    pub(super) async fn write_ds(&self, domain: &RegisteredDomain, wanted: &[Ds]) -> Result<()> {
        let operation = "set DS records";
        if wanted.len() > MAX_DS {
            let help = format!("at most {MAX_DS} DS records");
            return Err(Cause::Refused.unasked(SERVICE, operation, domain).with_help(help));
        }
        if let Some(tag) = repeated_tag(wanted) {
            let help =
                format!("Dynadot keeps one DS record for each key, and key {tag} has two; give SHA-256 only");
            return Err(Cause::Unsupported.unasked(SERVICE, operation, domain).with_help(help));
        }
        let steps = steps(&self.read_ds(domain).await?, wanted);
        let path = path_of(domain, "dnssec");
        let call = Call::write(operation, domain.as_str());
        if steps.clear {
            let ask = Ask { method: Method::Delete, path: &path, query: None, body: "" };
            self.ask(call, ask, |response| answer::accepted(operation, response)).await?;
        }
        for ds in &steps.set {
            let content = ds.to_string();
            let digest = content.rsplit(' ').next().unwrap_or_default();
            let body = json!({
                "key_tag": ds.key_tag,
                "algorithm": ds.algorithm.to_string(),
                "digest_type": ds.digest_type.to_string(),
                "digest": digest,
            })
            .to_string();
            let ask = Ask { method: Method::Put, path: &path, query: None, body: &body };
            self.ask(call, ask, |response| answer::accepted(operation, response)).await.map_err(between)?;
        }
        Ok(())
    }
}

/// Some of the records may be there and others not; who reads them back knows.
fn between(error: Error) -> Error {
    error.with_outcome_unknown()
}

fn repeated_tag(wanted: &[Ds]) -> Option<u16> {
    let mut tags: Vec<u16> = wanted.iter().map(|ds| ds.key_tag).collect();
    tags.sort_unstable();
    tags.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

fn ds(operation: &'static str, info: &DsInfo) -> Result<Ds> {
    let bad = || unreadable(operation, "a DS record has fields that are none");
    let algorithm = number(&info.algorithm).ok_or_else(bad)?;
    let digest_type = number(&info.digest_type).ok_or_else(bad)?;
    let content = format!("{} {algorithm} {digest_type} {}", info.key_tag, info.digest.trim());
    match RecordData::parse(RecordType::Ds, &content) {
        Ok(RecordData::Ds(ds)) => Ok(ds),
        _ => Err(bad()),
    }
}
