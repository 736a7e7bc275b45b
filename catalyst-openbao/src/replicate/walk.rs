//! All secrets of one engine, with what is known of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalyst_core::{Error, ErrorKind, Result};
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::refusal::SERVICE;
use crate::region::records;
use crate::{Kv2, SecretMetadata, SecretPath};

/// Names asked for at once: 100 secrets are some 40 KB, and an answer has 4 MB at most.
const PAGE: usize = 500;
/// Folders listed at once.
const WIDTH: usize = 16;
/// More secrets are refused: a sweep would hold them all in memory, at some 1 KB each.
const MAX_SECRETS: usize = 1_000_000;

/// What a walk found: by path, those that are no path for us apart.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) secrets: BTreeMap<Arc<str>, SecretMetadata>,
}

/// Walks all folders but ours. What is written meanwhile may or may not be seen.
pub(super) async fn walk(kv: &Kv2) -> Result<Found> {
    let mut found = Found::default();
    let mut waiting: Vec<Option<String>> = vec![None];
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < WIDTH {
            let Some(folder) = waiting.pop() else { break };
            running.push(folder_of(kv, folder));
        }
        let Some(listed) = running.next().await else { return Ok(found) };
        let (folders, secrets) = listed?;
        waiting.extend(folders.into_iter().map(Some));
        found.secrets.extend(secrets);
        if found.secrets.len() > MAX_SECRETS {
            return Err(Error::new(ErrorKind::InvalidRequest, "walk secrets")
                .with_service(SERVICE)
                .with_code("too_many_secrets")
                .with_help("an engine with more than a million secrets cannot be replicated; split it"));
        }
    }
}

type Listed = (Vec<String>, Vec<(Arc<str>, SecretMetadata)>);

/// One folder, page by page; smaller pages where the answer is too large.
async fn folder_of(kv: &Kv2, folder: Option<String>) -> Result<Listed> {
    let prefix: Option<SecretPath> = match &folder {
        Some(folder) => Some(folder.parse()?),
        None => None,
    };
    let base = folder.map_or_else(String::new, |folder| format!("{}/", folder.trim_end_matches('/')));
    let (mut folders, mut secrets) = (Vec::new(), Vec::new());
    let (mut after, mut limit) = (None::<String>, PAGE);
    loop {
        let page = match kv.list_detailed(prefix.as_ref(), after.as_deref(), limit).await {
            Err(error) if error.kind() == ErrorKind::Decode && limit > 1 => {
                limit /= 8;
                limit = limit.max(1);
                continue;
            }
            page => page?,
        };
        let short = page.len() < limit;
        for name in page.folders {
            let path = format!("{base}{}", name.trim_end_matches('/'));
            if !records::is_ours(&path) {
                folders.push(path);
            }
        }
        for (name, about) in page.secrets {
            secrets.push((format!("{base}{name}").into(), about));
        }
        after = page.last;
        if short || after.is_none() {
            return Ok((folders, secrets));
        }
    }
}
