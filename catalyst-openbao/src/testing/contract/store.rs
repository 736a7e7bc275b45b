//! KV version 2.

use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::{done, fresh, refused};
use crate::{MetadataUpdate, SecretData, SecretPath, SecretStore, WriteMode};

/// All checks of this module, one after the other.
pub async fn all(store: &dyn SecretStore) {
    values_come_back_as_they_were(store).await;
    each_write_makes_a_version_and_each_version_can_be_read(store).await;
    check_and_set_lets_one_writer_through(store).await;
    what_is_missing_is_told_from_what_is_deleted_and_what_is_destroyed(store).await;
    a_deleted_version_comes_back_and_a_destroyed_one_does_not(store).await;
    writing_goes_on_after_a_deletion(store).await;
    a_patch_merges_and_removes(store).await;
    a_patch_needs_something_to_change(store).await;
    lists_show_names_and_folders(store).await;
    metadata_says_what_is_kept(store).await;
    old_versions_are_dropped(store).await;
    a_store_can_demand_check_and_set(store).await;
    versions_can_end_by_themselves(store).await;
    removing_what_is_not_there_is_a_success(store).await;
}

fn path(name: &str) -> SecretPath {
    done(fresh(name).parse(), "a path for the contract")
}

fn pair(value: &str) -> SecretData {
    SecretData::from([("user", "orders"), ("password", value)])
}

fn text<'d>(data: &'d SecretData, name: &str) -> Option<&'d str> {
    data.get(name).map(Secret::expose)
}

/// Texts, also odd ones, and values that are no texts come back unchanged; a path may hold spaces.
pub async fn values_come_back_as_they_were(store: &dyn SecretStore) {
    let path = path("odd name/ü");
    let mut data = SecretData::from([("empty", ""), ("odd", "a\n\"b\" \u{1f511} <&>")]);
    for (name, json) in [("number", "7"), ("flag", "true"), ("nested", r#"{"a":[1,"x",null]}"#)] {
        done(data.insert_json(name, json), "set a JSON value");
    }
    done(store.write(&path, &data, WriteMode::Overwrite).await, "write");
    let read = done(store.read(&path, None).await, "read");
    assert_eq!(read.data, data, "what was written is what is read");
    assert!(read.data.is_json("nested") && !read.data.is_json("odd"));
}

/// Versions count from 1; the newest is read unless one is named.
pub async fn each_write_makes_a_version_and_each_version_can_be_read(store: &dyn SecretStore) {
    let path = path("versions");
    let first = done(store.write(&path, &pair("one"), WriteMode::Overwrite).await, "write");
    let second = done(store.write(&path, &pair("two"), WriteMode::Overwrite).await, "write");
    assert_eq!((first.version, second.version), (1, 2));
    assert!(first.created_at <= second.created_at && first.deleted_at.is_none() && !first.destroyed);
    for (version, expected) in [(None, "two"), (Some(1), "one"), (Some(2), "two")] {
        let read = done(store.read(&path, version).await, "read");
        assert_eq!(text(&read.data, "password"), Some(expected), "version {version:?}");
        assert_eq!(read.metadata.version, version.unwrap_or(2));
    }
    refused(store.read(&path, Some(3)).await, ErrorKind::NotFound, "secret_not_found");
}

/// A check names the version that is to be replaced, and none for a first one; a mismatch changes nothing.
pub async fn check_and_set_lets_one_writer_through(store: &dyn SecretStore) {
    let path = path("cas");
    let create = WriteMode::CreateOnly;
    let mismatch = |result| refused(result, ErrorKind::Conflict, "cas_mismatch");
    mismatch(store.write(&path, &pair("x"), WriteMode::IfVersion(1)).await);
    done(store.write(&path, &pair("one"), create).await, "create");
    mismatch(store.write(&path, &pair("x"), create).await);
    done(store.write(&path, &pair("two"), WriteMode::IfVersion(1)).await, "replace version 1");
    mismatch(store.write(&path, &pair("x"), WriteMode::IfVersion(1)).await);
    mismatch(store.patch(&path, &pair("x"), Some(1)).await);
    let read = done(store.read(&path, None).await, "read");
    assert_eq!((read.metadata.version, text(&read.data, "password")), (2, Some("two")));
}

/// Nothing there, there but deleted, and gone for ever are three different errors.
pub async fn what_is_missing_is_told_from_what_is_deleted_and_what_is_destroyed(store: &dyn SecretStore) {
    let path = path("gone");
    refused(store.read(&path, None).await, ErrorKind::NotFound, "secret_not_found");
    refused(store.metadata(&path).await, ErrorKind::NotFound, "secret_not_found");
    done(store.write(&path, &pair("one"), WriteMode::Overwrite).await, "write");
    done(store.delete(&path, &[]).await, "delete the newest version");
    refused(store.read(&path, None).await, ErrorKind::NotFound, "version_deleted");
    done(store.destroy(&path, &[1]).await, "destroy");
    refused(store.read(&path, None).await, ErrorKind::NotFound, "version_destroyed");
    refused(store.read(&path, Some(1)).await, ErrorKind::NotFound, "version_destroyed");
    done(store.delete_metadata(&path).await, "delete all");
    refused(store.read(&path, Some(1)).await, ErrorKind::NotFound, "secret_not_found");
}

/// Deletion can be taken back for the versions named; destruction cannot.
pub async fn a_deleted_version_comes_back_and_a_destroyed_one_does_not(store: &dyn SecretStore) {
    let path = path("undelete");
    for value in ["one", "two", "three"] {
        done(store.write(&path, &pair(value), WriteMode::Overwrite).await, "write");
    }
    done(store.delete(&path, &[1, 2]).await, "delete two versions");
    refused(store.read(&path, Some(1)).await, ErrorKind::NotFound, "version_deleted");
    assert!(store.read(&path, None).await.is_ok(), "the newest was not deleted");
    done(store.destroy(&path, &[2]).await, "destroy");
    done(store.undelete(&path, &[1, 2]).await, "undelete");
    let back = done(store.read(&path, Some(1)).await, "read what came back");
    assert_eq!((text(&back.data, "password"), back.metadata.deleted_at), (Some("one"), None));
    refused(store.read(&path, Some(2)).await, ErrorKind::NotFound, "version_destroyed");
}

/// After the newest version was deleted, it still counts: creating fails, the next write is the next version.
pub async fn writing_goes_on_after_a_deletion(store: &dyn SecretStore) {
    let path = path("again");
    done(store.write(&path, &pair("one"), WriteMode::CreateOnly).await, "create");
    done(store.delete(&path, &[]).await, "delete");
    let created = store.write(&path, &pair("x"), WriteMode::CreateOnly).await;
    refused(created, ErrorKind::Conflict, "cas_mismatch");
    let next = done(store.write(&path, &pair("two"), WriteMode::IfVersion(1)).await, "write version 2");
    assert_eq!(next.version, 2);
}

/// RFC 7396: a null removes, however deep; objects are merged; everything else replaces. The result is a new version.
pub async fn a_patch_merges_and_removes(store: &dyn SecretStore) {
    let path = path("patch");
    let mut data = pair("one");
    done(data.insert_json("nested", r#"{"a":1,"b":2}"#), "set a JSON value");
    done(store.write(&path, &data, WriteMode::Overwrite).await, "write");
    let mut change = SecretData::from([("password", "two")]);
    for (name, json) in [("user", "null"), ("nested", r#"{"a":null,"c":3}"#), ("new", r#"{"d":null}"#)] {
        done(change.insert_json(name, json), "set a JSON value");
    }
    let patched = done(store.patch(&path, &change, Some(1)).await, "patch");
    assert_eq!(patched.version, 2);
    let read = done(store.read(&path, None).await, "read").data;
    let shown: Vec<_> = read.iter().map(|(name, value)| (name, value.expose())).collect();
    assert_eq!(shown, [("nested", r#"{"b":2,"c":3}"#), ("new", "{}"), ("password", "two")]);
}

/// There is nothing to merge into where nothing is, or where the newest version is deleted.
pub async fn a_patch_needs_something_to_change(store: &dyn SecretStore) {
    let path = path("patch-nothing");
    refused(store.patch(&path, &pair("x"), None).await, ErrorKind::NotFound, "secret_not_found");
    done(store.write(&path, &pair("one"), WriteMode::Overwrite).await, "write");
    done(store.delete(&path, &[]).await, "delete");
    refused(store.patch(&path, &pair("x"), None).await, ErrorKind::NotFound, "secret_not_found");
}

/// Names directly below, in order, folders with a slash; a name can be both. Nothing there is an empty list.
pub async fn lists_show_names_and_folders(store: &dyn SecretStore) {
    let folder = fresh("list");
    for name in ["b", "a", "a/deep", "c/deep/er"] {
        let path = done(format!("{folder}/{name}").parse(), "a path for the contract");
        done(store.write(&path, &pair("x"), WriteMode::Overwrite).await, "write");
    }
    let folder: SecretPath = done(folder.parse(), "a path for the contract");
    let names = done(store.list(Some(&folder)).await, "list");
    assert_eq!(names, ["a", "a/", "b", "c/"]);
    let all = done(store.list(None).await, "list all");
    assert!(all.iter().any(|name| name == "contract/"), "the root shows the folder: {all:?}");
    assert!(done(store.list(Some(&path("nothing"))).await, "list nothing").is_empty());
}

/// Settings that are not named stay as they are; versions are listed without values.
pub async fn metadata_says_what_is_kept(store: &dyn SecretStore) {
    let path = path("metadata");
    let update = MetadataUpdate::new().custom([("owner", "orders"), ("stage", "test")]).max_versions(5);
    done(store.write_metadata(&path, &update).await, "write metadata before there is a version");
    let empty = done(store.metadata(&path).await, "read metadata");
    assert_eq!((empty.current_version, empty.versions.len()), (0, 0));
    refused(store.read(&path, None).await, ErrorKind::NotFound, "secret_not_found");
    done(store.write(&path, &pair("one"), WriteMode::Overwrite).await, "write");
    done(store.write(&path, &pair("two"), WriteMode::Overwrite).await, "write");
    done(store.delete(&path, &[1]).await, "delete");
    let later = MetadataUpdate::new().delete_version_after(Duration::from_secs(3700));
    done(store.write_metadata(&path, &later).await, "write metadata");
    let metadata = done(store.metadata(&path).await, "read metadata");
    assert_eq!((metadata.current_version, metadata.max_versions), (2, 5));
    assert_eq!(metadata.delete_version_after, Duration::from_secs(3700));
    assert_eq!(metadata.custom.get("owner").map(String::as_str), Some("orders"));
    assert_eq!(metadata.versions.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert!(metadata.versions[&1].deleted_at.is_some() && metadata.versions[&2].deleted_at.is_none());
    let read = done(store.read(&path, None).await, "read");
    assert_eq!(read.metadata.custom.get("stage").map(String::as_str), Some("test"));
}

/// Versions beyond the maximum are dropped, oldest first, and are then as if they had never been.
pub async fn old_versions_are_dropped(store: &dyn SecretStore) {
    let path = path("maximum");
    done(store.write_metadata(&path, &MetadataUpdate::new().max_versions(2)).await, "write metadata");
    for value in ["one", "two", "three", "four"] {
        done(store.write(&path, &pair(value), WriteMode::Overwrite).await, "write");
    }
    let metadata = done(store.metadata(&path).await, "read metadata");
    assert_eq!((metadata.oldest_version, metadata.current_version), (3, 4));
    assert_eq!(metadata.versions.keys().copied().collect::<Vec<_>>(), [3, 4]);
    refused(store.read(&path, Some(2)).await, ErrorKind::NotFound, "secret_not_found");
}

/// Where check-and-set is demanded, a write without it is refused, and is told from one with the wrong version.
pub async fn a_store_can_demand_check_and_set(store: &dyn SecretStore) {
    let path = path("cas-required");
    done(store.write_metadata(&path, &MetadataUpdate::new().cas_required(true)).await, "write metadata");
    let without = store.write(&path, &pair("x"), WriteMode::Overwrite).await;
    refused(without, ErrorKind::InvalidRequest, "cas_required");
    done(store.write(&path, &pair("one"), WriteMode::CreateOnly).await, "create");
    refused(store.patch(&path, &pair("x"), None).await, ErrorKind::InvalidRequest, "cas_required");
    done(store.patch(&path, &pair("two"), Some(1)).await, "patch version 1");
}

/// A version with an end announces it, and counts as deleted from then on.
pub async fn versions_can_end_by_themselves(store: &dyn SecretStore) {
    let path = path("ending");
    let update = MetadataUpdate::new().delete_version_after(Duration::from_secs(1));
    done(store.write_metadata(&path, &update).await, "write metadata");
    let written = done(store.write(&path, &pair("one"), WriteMode::Overwrite).await, "write");
    assert!(written.deleted_at.is_some_and(|end| end > written.created_at));
    assert!(store.read(&path, None).await.is_ok(), "it has not ended yet");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    refused(store.read(&path, None).await, ErrorKind::NotFound, "version_deleted");
}

/// Deleting, destroying and undeleting what is not there are successes, and make nothing.
pub async fn removing_what_is_not_there_is_a_success(store: &dyn SecretStore) {
    let path = path("nothing");
    done(store.delete(&path, &[]).await, "delete the newest of nothing");
    done(store.delete(&path, &[1]).await, "delete a version of nothing");
    done(store.undelete(&path, &[1]).await, "undelete nothing");
    done(store.destroy(&path, &[1]).await, "destroy nothing");
    done(store.delete_metadata(&path).await, "delete nothing");
    refused(store.metadata(&path).await, ErrorKind::NotFound, "secret_not_found");
}
