//! Tokens of Kubernetes' service accounts.

use std::time::Duration;

use catalyst_core::ErrorKind;

use super::{done, refused};
use crate::{
    AccountSource, KubernetesConnection, KubernetesRole, KubernetesSecrets, RoleKind, RoleName,
    ServiceAccountTokens, TokenRequest,
};

/// All checks, one after the other. The Kubernetes has an account `deployer` in the namespace `shop`.
pub async fn all(kubernetes: &KubernetesSecrets, connection: &KubernetesConnection) {
    done(kubernetes.configure(connection).await, "configure");
    a_role_comes_back_as_it_was_written(kubernetes).await;
    a_token_is_of_an_account_that_is_there(kubernetes).await;
    an_account_is_made_for_a_lease(kubernetes).await;
}

fn fresh() -> RoleName {
    done(format!("contract-{:016x}", fastrand::u64(..)).parse(), "a role for the contract")
}

fn deployer() -> KubernetesRole {
    let account = AccountSource::Account("deployer".to_owned());
    KubernetesRole::new(account, ["shop"]).ttl(Duration::from_secs(600), Duration::from_secs(3600))
}

/// Whose tokens it gives is said in exactly one way.
pub async fn a_role_comes_back_as_it_was_written(kubernetes: &KubernetesSecrets) {
    let name = fresh();
    refused(kubernetes.read_role(&name).await, ErrorKind::NotFound, "not_found");
    let role = deployer().audiences(["registry"]).label("a", "b").annotation("c", "d");
    done(kubernetes.write_role(&name, &role).await, "write");
    assert_eq!(done(kubernetes.read_role(&name).await, "read"), role);
    assert!(done(kubernetes.list_roles().await, "list").contains(&name.to_string()));
    let nobody = AccountSource::Account(String::new());
    let broken = AccountSource::GeneratedRole { rules: "{".to_owned(), kind: RoleKind::Role };
    for bad in [
        KubernetesRole::new(nobody, ["shop"]),
        KubernetesRole::new(broken, ["shop"]),
        KubernetesRole::new(AccountSource::Account("deployer".to_owned()), Vec::<String>::new()),
        deployer().ttl(Duration::from_secs(100), Duration::from_secs(10)),
    ] {
        refused(kubernetes.write_role(&fresh(), &bad).await, ErrorKind::InvalidRequest, "invalid_request");
    }
    for _ in 0..2 {
        done(kubernetes.delete_role(&name).await, "delete");
    }
    refused(kubernetes.read_role(&name).await, ErrorKind::NotFound, "not_found");
}

/// For the role's term, and only in its namespaces. The lease cannot be prolonged.
pub async fn a_token_is_of_an_account_that_is_there(kubernetes: &KubernetesSecrets) {
    let name = fresh();
    done(kubernetes.write_role(&name, &deployer()).await, "write a role");
    let lease = done(kubernetes.issue(&name, &TokenRequest::in_namespace("shop")).await, "issue");
    assert_eq!((lease.value.account.as_str(), lease.value.namespace.as_str()), ("deployer", "shop"));
    assert_eq!((lease.term.ttl, lease.term.renewable), (Duration::from_secs(600), false));
    assert_eq!(lease.value.token.expose().split('.').count(), 3);
    assert!(!format!("{lease:?}").contains(lease.value.token.expose()));
    for _ in 0..2 {
        done(kubernetes.revoke(&lease.id).await, "revoke");
    }
    let elsewhere = kubernetes.issue(&name, &TokenRequest::in_namespace("elsewhere")).await;
    refused(elsewhere, ErrorKind::PermissionDenied, "permission_denied");
    let unknown = kubernetes.issue(&fresh(), &TokenRequest::in_namespace("shop")).await;
    refused(unknown, ErrorKind::NotFound, "unknown_role");
    done(kubernetes.delete_role(&name).await, "delete");
}

/// Which ends with it.
pub async fn an_account_is_made_for_a_lease(kubernetes: &KubernetesSecrets) {
    let rules = r#"{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}]}"#.to_owned();
    for source in [
        AccountSource::ExistingRole { name: "view".to_owned(), kind: RoleKind::ClusterRole },
        AccountSource::GeneratedRole { rules, kind: RoleKind::Role },
    ] {
        let (name, term) = (fresh(), Duration::from_secs(600));
        let role = KubernetesRole::new(source, ["*"]).ttl(term, term);
        done(kubernetes.write_role(&name, &role).await, "write a role");
        let lease = done(kubernetes.issue(&name, &TokenRequest::in_namespace("shop")).await, "issue");
        assert_ne!(lease.value.account, "deployer");
        done(kubernetes.revoke(&lease.id).await, "revoke");
        done(kubernetes.delete_role(&name).await, "delete");
    }
}
