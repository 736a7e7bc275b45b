//! Mounts, namespaces, quotas, plugins, audit. For a server of its own, and a client that may do everything there.

use std::collections::BTreeMap;
use std::time::Duration;

use catalyst_core::{ErrorKind, Secret};

use super::{done, fresh_name, refused, until};
use crate::system::{
    MountSettings, MountTuning, NamespaceDeletion, PasswordPolicy, PluginKind, PluginProgram, RateLimit,
    RemountStatus,
};
use crate::{EngineType, Mount, Namespace, OpenBao, SecretData, SecretStore, WriteMode};

/// All checks of this module, one after the other.
pub async fn all(bao: &OpenBao) {
    an_engine_is_mounted_tuned_and_unmounted(bao).await;
    a_mount_moves_with_all_it_keeps(bao).await;
    what_is_mounted_wrongly_is_refused(bao).await;
    namespaces_come_and_go_and_are_locked(bao).await;
    a_rate_limit_refuses_what_is_too_much(bao).await;
    passwords_are_made_by_policies(bao).await;
    plugins_are_told(bao).await;
    the_audit_device_hashes_what_it_is_shown(bao).await;
    the_server_tells_how_it_is_doing(bao).await;
}

/// Mounts KV, version 2, and waits until it takes writes: it upgrades itself for a moment first.
pub(super) async fn mount_kv(bao: &OpenBao, mount: &Mount) {
    let settings = MountSettings::new().description("contract").option("version", "2");
    done(bao.system().enable(mount, &EngineType::Kv, &settings).await, "mount a KV engine");
    let kv = bao.kv(mount.clone());
    let (path, data) = (done("probe".parse(), "a path"), SecretData::from([("a", "b")]));
    until("the KV engine takes writes", || async { kv.write(&path, &data, WriteMode::Overwrite).await.ok() })
        .await;
}

/// It is there with what it was given, again is refused, and twice gone is gone.
pub async fn an_engine_is_mounted_tuned_and_unmounted(bao: &OpenBao) {
    let (system, mount) = (bao.system(), fresh_name::<Mount>("kv"));
    mount_kv(bao, &mount).await;
    let Some(read) = done(system.mount(&mount).await, "read the mount") else { panic!("it is not there") };
    assert_eq!((&read.kind, read.description.as_str()), (&EngineType::Kv, "contract"));
    assert_eq!(read.options.get("version").map(String::as_str), Some("2"));
    let listed = done(system.mounts().await, "list mounts");
    assert!(listed.iter().any(|one| one.path == mount && one.accessor == read.accessor));
    assert!(listed.iter().any(|one| one.kind == EngineType::System));
    let again = system.enable(&mount, &EngineType::Kv, &MountSettings::new().option("version", "2")).await;
    refused(again, ErrorKind::Conflict, "path_in_use");
    let tuning = MountTuning::new().default_lease_ttl(Duration::from_secs(61)).description("tuned");
    done(system.tune(&mount, &tuning).await, "tune");
    let tuned = done(system.tuning(&mount).await, "read tuning");
    assert!(tuning.is_met_by(&tuned), "{tuned:?}");
    assert!(tuned.max_lease_ttl > Some(Duration::ZERO), "the server's own term is shown");
    for _ in 0..2 {
        done(system.disable(&mount).await, "unmount");
    }
    assert!(done(system.mount(&mount).await, "read the mount").is_none());
    refused(system.tuning(&mount).await, ErrorKind::NotFound, "unknown_mount");
    refused(system.tune(&mount, &tuning).await, ErrorKind::NotFound, "unknown_mount");
}

/// The secret is at the new place, and nothing at the old one.
pub async fn a_mount_moves_with_all_it_keeps(bao: &OpenBao) {
    let (system, from, to) = (bao.system(), fresh_name::<Mount>("from"), fresh_name::<Mount>("to"));
    mount_kv(bao, &from).await;
    let remount = done(system.remount(&from, &to).await, "move");
    until("the move is done", || async {
        let status = done(system.remount_status(&remount).await, "read the status");
        assert!(matches!(status, RemountStatus::InProgress | RemountStatus::Success), "{status:?}");
        (status == RemountStatus::Success).then_some(())
    })
    .await;
    let path = done("probe".parse(), "a path");
    let kept =
        until("the secret is at the new place", || async { bao.kv(to.clone()).read(&path, None).await.ok() });
    assert_eq!(kept.await.data.get("a").map(Secret::expose), Some("b"));
    assert!(done(system.mount(&from).await, "read the old mount").is_none());
    let taken = done("secret".parse(), "a mount");
    refused(system.remount(&to, &taken).await, ErrorKind::Conflict, "path_in_use");
    let nowhere = fresh_name::<Mount>("nowhere");
    refused(system.remount(&from, &nowhere).await, ErrorKind::NotFound, "unknown_mount");
    done(system.disable(&to).await, "unmount");
}

/// An engine that the server does not have.
pub async fn what_is_mounted_wrongly_is_refused(bao: &OpenBao) {
    let engine = EngineType::Plugin("no-such-engine".to_owned());
    let made = bao.system().enable(&fresh_name("x"), &engine, &MountSettings::new()).await;
    refused(made, ErrorKind::NotFound, "unknown_plugin");
}

/// Also one that lies in another.
pub async fn namespaces_come_and_go_and_are_locked(bao: &OpenBao) {
    let (system, team) = (bao.system(), fresh_name::<Namespace>("team"));
    let metadata = BTreeMap::from([("owner".to_owned(), "shop".to_owned())]);
    let made = done(system.write_namespace(&team, &metadata).await, "make a namespace");
    assert_eq!((&made.path, &made.metadata, made.locked), (&team, &metadata, false));
    let again = done(system.write_namespace(&team, &metadata).await, "make it again");
    assert_eq!(again.id, made.id, "twice is the same as once");
    let dev: Namespace = done(format!("{team}/dev").parse(), "a name");
    let inner = done(system.write_namespace(&dev, &BTreeMap::new()).await, "make one in it");
    assert_eq!(inner.path, dev, "{inner:?}");
    let listed = done(system.namespaces(None).await, "list");
    assert!(listed.iter().any(|one| one.path == team) && !listed.iter().any(|one| one.path == dev));
    assert_eq!(done(system.namespaces(Some(&team)).await, "list in it").len(), 1);
    let key = done(system.lock_namespace(&team).await, "lock");
    refused(system.lock_namespace(&team).await, ErrorKind::Conflict, "already_locked");
    let locked =
        bao.request(crate::Method::Get, done("sys/mounts".parse(), "a path")).namespace(&team).done().await;
    refused(locked, ErrorKind::Unavailable, "namespace_locked");
    let wrong = system.unlock_namespace(&team, Some(&Secret::new("wrong"))).await;
    refused(wrong, ErrorKind::InvalidRequest, "wrong_unlock_key");
    done(system.unlock_namespace(&team, Some(&key)).await, "unlock");
    for namespace in [&dev, &team] {
        done(system.delete_namespace(namespace).await, "delete");
        until("the namespace is gone", || async {
            done(system.namespace(namespace).await, "read").is_none().then_some(())
        })
        .await;
    }
    assert_eq!(done(system.delete_namespace(&team).await, "delete again"), NamespaceDeletion::Gone);
}

/// Of one mount, and no other.
pub async fn a_rate_limit_refuses_what_is_too_much(bao: &OpenBao) {
    let (system, mount) = (bao.system(), fresh_name::<Mount>("limited"));
    mount_kv(bao, &mount).await;
    let name = fresh_name("limit");
    let limit = RateLimit::new(2.0).interval(Duration::from_secs(60)).path(format!("{mount}/"));
    done(system.write_rate_limit(&name, &limit).await, "limit");
    let Some(read) = done(system.rate_limit(&name).await, "read the limit") else {
        panic!("it is not there")
    };
    assert!(limit.is_met_by(&read), "{read:?}");
    assert!(done(system.rate_limits().await, "list").contains(&name.to_string()));
    let (kv, path) = (bao.kv(mount.clone()), done("probe".parse(), "a path"));
    let mut last = Ok(());
    for _ in 0..6 {
        last = kv.read(&path, None).await.map(drop);
        if last.is_err() {
            break;
        }
    }
    refused(last, ErrorKind::RateLimited, "rate_limited");
    done(system.delete_rate_limit(&name).await, "remove the limit");
    done(kv.read(&path, None).await, "read without a limit");
    assert!(done(system.rate_limit(&name).await, "read the limit").is_none());
    let none = system.write_rate_limit(&name, &RateLimit::new(0.0)).await;
    refused(none, ErrorKind::InvalidRequest, "invalid_request");
    done(system.disable(&mount).await, "unmount");
}

/// Of the length and the characters that the policy asks for.
pub async fn passwords_are_made_by_policies(bao: &OpenBao) {
    let (system, name) = (bao.system(), fresh_name("passwords"));
    let policy = done(PasswordPolicy::new(24), "a policy").charset("abcdef\"\\", 1);
    done(system.write_password_policy(&name, &policy).await, "write");
    let [one, other] = [system.generate_password(&name).await, system.generate_password(&name).await];
    let (one, other) = (done(one, "generate"), done(other, "generate"));
    assert!(one != other && one.expose().len() == 24);
    assert!(one.expose().chars().all(|c| "abcdef\"\\".contains(c)));
    done(system.delete_password_policy(&name).await, "delete");
    refused(system.generate_password(&name).await, ErrorKind::NotFound, "unknown_policy");
    let empty = done(PasswordPolicy::new(24), "a policy");
    let written = system.write_password_policy(&name, &empty).await;
    refused(written, ErrorKind::InvalidRequest, "invalid_policy");
}

/// What is part of the server, and that nothing can be added without a folder for it.
pub async fn plugins_are_told(bao: &OpenBao) {
    let (system, kv) = (bao.system(), done("kv".parse(), "a name"));
    let all = done(system.plugins().await, "list");
    assert!(all.iter().any(|one| one.name == "kv" && one.kind == Some(PluginKind::Secret) && one.builtin));
    assert!(done(system.plugin(PluginKind::Secret, &kv).await, "read").is_some());
    let missing = fresh_name("plugin");
    assert!(done(system.plugin(PluginKind::Secret, &missing).await, "read").is_none());
    let program = PluginProgram::new("program", "0".repeat(64));
    let added = system.register_plugin(PluginKind::Secret, &missing, &program).await;
    refused(added, ErrorKind::InvalidRequest, "no_plugin_directory");
    done(system.deregister_plugin(PluginKind::Secret, &missing).await, "deregister what is not there");
    refused(system.reload_mounts(&[fresh_name("nowhere")]).await, ErrorKind::NotFound, "unknown_mount");
}

/// The same for the same secret. Devices cannot be made by requests.
pub async fn the_audit_device_hashes_what_it_is_shown(bao: &OpenBao) {
    let system = bao.system();
    let devices = done(system.audit_devices().await, "list");
    let Some(device) = devices.first() else { panic!("there is no audit device") };
    let mut hashes = Vec::new();
    for secret in ["one", "one", "two"] {
        hashes.push(done(system.audit_hash(&device.path, &Secret::new(secret)).await, "hash"));
    }
    assert!(hashes[0] == hashes[1] && hashes[1] != hashes[2] && hashes[0].starts_with("hmac-sha256:"));
    let nowhere = system.audit_hash(&fresh_name("device"), &Secret::new("one")).await;
    refused(nowhere, ErrorKind::NotFound, "unknown_device");
    let body = serde_json::json!({ "type": "file", "options": { "file_path": "/dev/null" } });
    let path = done("sys/audit/another".parse(), "a path");
    let made = bao.request(crate::Method::Put, path).body(&body).done().await;
    refused(made, ErrorKind::InvalidRequest, "declared_only");
}

/// Its version, its numbers, its host, its work.
pub async fn the_server_tells_how_it_is_doing(bao: &OpenBao) {
    let system = bao.system();
    assert!(!done(system.version_history().await, "versions").is_empty());
    assert!(!done(system.metrics().await, "metrics").gauges.is_empty());
    assert!(done(system.host_info().await, "host").memory_total > 0);
    let busy = done(system.requests_in_flight().await, "requests in flight");
    assert!(busy.iter().any(|one| one.path.ends_with("sys/in-flight-req")), "{busy:?}");
    assert_eq!(done(bao.leases().count_irrevocable().await, "irrevocable leases"), 0);
    done(bao.leases().tidy().await, "tidy");
}
