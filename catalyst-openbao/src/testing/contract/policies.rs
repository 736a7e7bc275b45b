//! Policies: written, read, and what they allow.

use catalyst_core::{ErrorKind, Secret};

use super::system::mount_kv;
use super::{done, fresh_name, refused};
use crate::auth_method::TokenRequest;
use crate::system::{Capability, PolicyDocument, PolicyName, PolicyRule};
use crate::{Login, Mount, OpenBao, SecretData, SecretStore, WriteMode};

/// Makes a client of the same server that logs in like this.
pub type Connect<'a> = &'a (dyn Fn(Login) -> OpenBao + Send + Sync);

/// All checks of this module, one after the other.
pub async fn all(bao: &OpenBao, connect: Connect<'_>) {
    a_policy_comes_back_with_its_meaning(bao).await;
    what_is_no_policy_is_refused_with_its_place(bao).await;
    a_write_against_an_old_version_is_refused(bao).await;
    a_policy_binds_the_tokens_that_have_it_at_once(bao, connect).await;
    the_most_specific_path_decides(bao, connect).await;
}

/// Whatever was in its rules.
pub async fn a_policy_comes_back_with_its_meaning(bao: &OpenBao) {
    let (system, name) = (bao.system(), fresh_name::<PolicyName>("policy"));
    let rule = PolicyRule::new("secret/data/${\"}\\+/x*", [Capability::Read, Capability::Sudo])
        .required_parameter("a")
        .allowed_parameter("a", ["1", "2"])
        .denied_parameter("b", Vec::<String>::new())
        .min_wrapping_ttl(std::time::Duration::from_secs(5))
        .max_wrapping_ttl(std::time::Duration::from_secs(50));
    let policy = PolicyDocument::new().rule(rule).rule(PolicyRule::new("a/+/b", [Capability::Scan]));
    done(system.write_policy(&name, &policy).await, "write");
    let Some(kept) = done(system.policy(&name).await, "read") else { panic!("it is not there") };
    assert!(policy.means_the_same(&kept.document), "{}", kept.document);
    assert_eq!((kept.version, kept.cas_required), (1, false));
    let listed = done(system.policies().await, "list");
    for present in [name.as_str(), "default", "root"] {
        assert!(listed.iter().any(|one| one == present), "{present}");
    }
    for _ in 0..2 {
        done(system.delete_policy(&name).await, "delete");
    }
    assert!(done(system.policy(&name).await, "read").is_none());
}

/// Nor can the policies be deleted that every server has.
pub async fn what_is_no_policy_is_refused_with_its_place(bao: &OpenBao) {
    let (system, name) = (bao.system(), fresh_name::<PolicyName>("bad"));
    for (text, place) in [
        ("path {{{", "At 1:7"),
        ("path \"a\" { capabilities = [\"raed\"] }", "invalid capability \"raed\""),
        ("path \"a\" { nope = [] }", "invalid key \"nope\""),
    ] {
        let policy: PolicyDocument = done(text.parse(), "a text");
        let error =
            refused(system.write_policy(&name, &policy).await, ErrorKind::InvalidRequest, "invalid_policy");
        assert!(error.server_message().is_some_and(|said| said.contains(place)), "{error:?}");
    }
    for kept in ["default", "root"] {
        let name = done(kept.parse(), "a name");
        refused(system.delete_policy(&name).await, ErrorKind::InvalidRequest, "invalid_request");
    }
}

/// Zero stands for one that is not there.
pub async fn a_write_against_an_old_version_is_refused(bao: &OpenBao) {
    let (system, name) = (bao.system(), fresh_name::<PolicyName>("cas"));
    let policy = PolicyDocument::new().rule(PolicyRule::new("a", [Capability::Read]));
    refused(system.replace_policy(&name, &policy, 1).await, ErrorKind::Conflict, "cas_mismatch");
    done(system.replace_policy(&name, &policy, 0).await, "write what is not there");
    refused(system.replace_policy(&name, &policy, 0).await, ErrorKind::Conflict, "cas_mismatch");
    done(system.replace_policy(&name, &policy, 1).await, "write over the first");
    done(system.delete_policy(&name).await, "delete");
}

/// Written, written again, deleted.
pub async fn a_policy_binds_the_tokens_that_have_it_at_once(bao: &OpenBao, connect: Connect<'_>) {
    let (system, name, mount) =
        (bao.system(), fresh_name::<PolicyName>("bound"), fresh_name::<Mount>("bound"));
    mount_kv(bao, &mount).await;
    let path = done("probe".parse(), "a path");
    let rule = |capabilities: &[Capability]| {
        let rule = PolicyRule::new(format!("{mount}/data/*"), capabilities.iter().copied());
        PolicyDocument::new().rule(rule)
    };
    done(system.write_policy(&name, &rule(&[Capability::Read])).await, "write");
    let made =
        done(bao.tokens().create(&TokenRequest::new().policies([name.as_str()])).await, "make a token");
    let bound = connect(Login::token(made.token.clone()));
    let kv = bound.kv(mount.clone());
    done(kv.read(&path, None).await, "read what is allowed");
    let data = SecretData::from([("a", "c")]);
    let write = || kv.write(&path, &data, WriteMode::Overwrite);
    refused(write().await, ErrorKind::PermissionDenied, "permission_denied");
    let both = [Capability::Read, Capability::Update, Capability::Create];
    done(system.write_policy(&name, &rule(&both)).await, "write more");
    done(write().await, "write what is allowed now");
    let paths = [
        done(format!("{mount}/data/probe").parse(), "a path"),
        done(format!("{mount}/metadata/probe").parse(), "a path"),
    ];
    let mut of = Vec::new();
    for found in [
        bound.system().capabilities(&paths).await,
        system.capabilities_of(&made.token, &paths).await,
        system.capabilities_of_accessor(&made.accessor, &paths).await,
    ] {
        let mut found = done(found, "capabilities");
        for capabilities in &mut found {
            capabilities.sort_unstable();
        }
        of.push(found);
    }
    let expected = [vec![Capability::Create, Capability::Read, Capability::Update], vec![Capability::Deny]];
    for found in of {
        assert_eq!(found, expected);
    }
    let root = done(system.capabilities(&paths[..1]).await, "capabilities");
    assert_eq!(root, [[Capability::Root]], "who may do everything");
    done(system.delete_policy(&name).await, "delete");
    refused(kv.read(&path, None).await, ErrorKind::PermissionDenied, "permission_denied");
    let unknown = system.capabilities_of_accessor("no-such-accessor", &paths).await;
    refused(unknown, ErrorKind::NotFound, "token_not_found");
    done(bao.tokens().revoke(&made.token).await, "revoke");
    done(system.disable(&mount).await, "unmount");
}

/// An exact path before one with a wildcard, a longer one before a shorter one, and `deny` before everything.
pub async fn the_most_specific_path_decides(bao: &OpenBao, connect: Connect<'_>) {
    let (system, name) = (bao.system(), fresh_name::<PolicyName>("specific"));
    let rules = [
        ("top/*", Capability::Read),
        ("top/in/*", Capability::Update),
        ("top/in/exact", Capability::Delete),
        ("top/+/one", Capability::List),
        ("top/no/*", Capability::Deny),
    ];
    let policy = rules.iter().fold(PolicyDocument::new(), |policy, (path, capability)| {
        policy.rule(PolicyRule::new(*path, [*capability]))
    });
    done(system.write_policy(&name, &policy).await, "write");
    let made =
        done(bao.tokens().create(&TokenRequest::new().policies([name.as_str()])).await, "make a token");
    let cases = [
        ("top/x", Capability::Read),
        ("top/in/x", Capability::Update),
        ("top/in/exact", Capability::Delete),
        ("top/z/one", Capability::List),
        ("top/no/x", Capability::Deny),
        ("elsewhere", Capability::Deny),
    ];
    let paths: Vec<_> = cases.iter().map(|(path, _)| done(path.parse(), "a path")).collect();
    let client = connect(Login::token(Secret::clone(&made.token)));
    let found = done(client.system().capabilities(&paths).await, "capabilities");
    for ((path, expected), found) in cases.iter().zip(found) {
        assert_eq!(found, [*expected], "{path}");
    }
    done(bao.tokens().revoke(&made.token).await, "revoke");
    done(system.delete_policy(&name).await, "delete");
}
