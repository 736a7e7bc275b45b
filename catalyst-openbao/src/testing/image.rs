//! What a KV engine holds, to be compared with what another one holds; and a writer that does everything at random.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::{ErrorKind, Result};

use crate::{Kv2, MetadataUpdate, SecretData, SecretPath, SecretStore, WriteMode};

/// The folder of regions, which differs by intent.
const OURS: &str = "catalyst-regions";
/// The mark of a copy.
const MARK: &str = "catalyst-replica";

/// All that readers and writers of a secret can tell it by, but for times. A version that is destroyed counts as one
/// that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretImage {
    /// The newest version.
    pub current: u64,
    /// The values of each version that is left; none where it is deleted.
    pub versions: BTreeMap<u64, Option<SecretData>>,
    /// How many versions are kept.
    pub max_versions: u64,
    /// Whether writes must name a version.
    pub cas_required: bool,
    /// When versions are deleted.
    pub delete_version_after: Duration,
    /// The owner's notes.
    pub custom: BTreeMap<String, String>,
}

/// Everything in an engine, by path.
///
/// # Errors
/// Those of the calls it makes.
///
/// # Cancel safety
/// It changes nothing.
pub async fn image(kv: &Kv2) -> Result<BTreeMap<String, SecretImage>> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![None::<SecretPath>]);
    while let Some(folder) = folders.pop() {
        let page = kv.list_detailed(folder.as_ref(), None, 100_000).await?;
        let base = folder.map_or_else(String::new, |folder| format!("{folder}/"));
        for name in page.folders {
            let path = format!("{base}{name}");
            if path.trim_end_matches('/') != OURS {
                folders.push(Some(path.parse()?));
            }
        }
        for name in page.secrets.keys() {
            let path = format!("{base}{name}");
            if let Some(image) = secret_image(kv, &path.parse()?).await? {
                all.insert(path, image);
            }
        }
    }
    Ok(all)
}

/// One secret; none if there is none.
///
/// # Errors
/// Those of the calls it makes.
///
/// # Cancel safety
/// It changes nothing.
pub async fn secret_image(kv: &Kv2, path: &SecretPath) -> Result<Option<SecretImage>> {
    let about = match kv.metadata(path).await {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut versions = BTreeMap::new();
    for &version in about.versions.keys() {
        match kv.read(path, Some(version)).await {
            Ok(found) => drop(versions.insert(version, Some(found.data))),
            Err(error) if error.code() == Some("version_deleted") => drop(versions.insert(version, None)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let mut custom = about.custom;
    custom.remove(MARK);
    Ok(Some(SecretImage {
        current: about.current_version,
        versions,
        max_versions: about.max_versions,
        cas_required: about.cas_required,
        delete_version_after: about.delete_version_after,
        custom,
    }))
}

/// Changes one of `secrets` secrets in one of the ways there are, chosen by `random`: writes, deletes, undeletes,
/// destroys, changes settings, removes. Returns its path.
///
/// # Errors
/// Those of the calls it makes.
///
/// # Cancel safety
/// The change may or may not have happened.
pub async fn change_at_random(
    store: &dyn SecretStore,
    secrets: usize,
    random: &mut fastrand::Rng,
) -> Result<SecretPath> {
    let name = random.usize(..secrets);
    let path: SecretPath = match name % 3 {
        0 => format!("app{name}").parse()?,
        1 => format!("app{}/db", name - 1).parse()?,
        _ => format!("deep/er/app{name}").parse()?,
    };
    let current = match store.metadata(&path).await {
        Ok(about) => about.current_version,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    let some = [random.u64(1..=current.max(1)), random.u64(1..=current.max(1))];
    match random.u8(..20) {
        0 => store.delete(&path, &some).await?,
        1 if current > 0 => store.delete(&path, &[]).await?,
        2 => store.undelete(&path, &some).await?,
        3 => store.destroy(&path, &some[..1]).await?,
        4 => {
            let notes = [("owner", random.alphanumeric().to_string())];
            let update = MetadataUpdate::new().custom(notes).max_versions(random.u64(..5) * 4);
            store.write_metadata(&path, &update).await?;
        }
        5 => store.write_metadata(&path, &MetadataUpdate::new().cas_required(random.bool())).await?,
        6 if current > 0 => store.delete_metadata(&path).await?,
        _ => {
            let data = SecretData::from([("value", random.u64(..).to_string())]);
            store.write(&path, &data, WriteMode::IfVersion(current)).await.map(drop)?;
        }
    }
    Ok(path)
}
