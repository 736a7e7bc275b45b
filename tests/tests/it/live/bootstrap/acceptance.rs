//! The platform's acceptance criteria, for both kinds of seal.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::http::Method;
use catalyst_openbao::bootstrap::{Declared, DeclaredAudit, Outcome, Preview};
use catalyst_openbao::{HealthStatus, Login, SecretStore, WriteMode};
use catalyst_sdk::kubernetes::KubernetesSeed;
use catalyst_tests::servers::OpenBaoServer;

use super::stage::{Seal, Stage, WORKLOAD, builder, with_token};

const NAMESPACE: &str = "openbao";
const SEED: &str = "openbao-recovery-seed";

/// Criteria 1 to 6, with the seed in a Secret of a cluster.
async fn brought_up_as_the_platform_wants_it(seal: Seal) {
    let stage = Stage::start(seal).await;
    let mut server = OpenBaoServer::start_uninitialized(&stage.fresh().root_generation()).await.unwrap();
    stage.kube.put_secret(NAMESPACE, SEED, "recovery-seed", &[9; 32], "openbao.openova.io/single-use");
    let kubeconfig = stage.kube.kubeconfig().unwrap();
    let seed = Arc::new(KubernetesSeed::from_kubeconfig(&kubeconfig, NAMESPACE).await.unwrap());

    // 1 and 2: nobody does anything in between.
    let bootstrap = stage.bootstrap(&server, seed);
    assert!(matches!(bootstrap.preview().await.unwrap(), Preview::BringUp(_)));
    let start = tokio::time::Instant::now();
    let report = bootstrap.run().await.unwrap();
    assert_eq!(report.outcome, Outcome::BroughtUp);

    // 3: within five minutes.
    assert!(start.elapsed() < Duration::from_secs(300));
    let bao = builder(&server).build().unwrap();
    assert_eq!(bao.health().await.unwrap().status, HealthStatus::Active);
    let status = bao.operator().seal_status().await.unwrap();
    assert!(status.initialized && !status.sealed);

    // 5 and 6: no seed, no root token in a Secret, and none that is still good.
    assert!(stage.kube.secrets().is_empty(), "{:?}", stage.kube.secrets());
    let root = bao.operator().generate_root(&stage.shares()).await.unwrap();
    let api = server.api_with(&root).unwrap();
    assert_eq!(api.list("auth/token/accessors").await.unwrap().len(), 1, "only the one just made");
    assert!(stage.declared(&server).plan(&with_token(&server, &root)).await.unwrap().is_empty());

    // 4: the operator of external secrets logs in and reads, and no more.
    let kv = with_token(&server, &root).kv("secret".parse().unwrap());
    kv.write(&"orders/db".parse().unwrap(), &[("password", "canary")].into(), WriteMode::Overwrite)
        .await
        .unwrap();
    let token = stage.kube.add_account("external-secrets-system", "external-secrets");
    reads_as(&stage, &server, &token, true).await;
    let stranger = stage.kube.add_account("default", "external-secrets");
    reads_as(&stage, &server, &stranger, false).await;
    assert!(stage.kube.reviews() >= 2, "the server asked the cluster");
    workload_reads(&stage, &server).await;
    api.send(Method::Post, "auth/token/revoke-self", None).await.unwrap();

    // After a restart the shares, or the seal itself, open it again.
    server.kill9().await.unwrap();
    server.start_sealed().await.unwrap();
    if seal == Seal::Shamir {
        bao.operator().unseal_with(&stage.shares()).await.unwrap();
    }
    server.wait_active().await.unwrap();
    let again = bootstrap.run().await.unwrap();
    assert!(again.outcome == Outcome::AlreadyUp && again.applied.is_empty());
    let log = server.audit_log().unwrap();
    for secret in [root.expose(), "canary"] {
        assert!(!log.contains(secret));
    }
}

/// Logs in as a service account, by its token in a file as in a pod.
async fn reads_as(stage: &Stage, server: &OpenBaoServer, token: &str, admitted: bool) {
    let file = stage.path("service-account-token");
    std::fs::write(&file, token).unwrap();
    let login = Login::kubernetes("external-secrets".parse().unwrap(), &file);
    let kv = builder(server).login(login).build().unwrap().kv("secret".parse().unwrap());
    let read = kv.read(&"orders/db".parse().unwrap(), None).await;
    if admitted {
        assert_eq!(read.unwrap().data.get("password").map(catalyst_core::Secret::expose), Some("canary"));
        let written =
            kv.write(&"orders/db".parse().unwrap(), &[("password", "x")].into(), WriteMode::Overwrite).await;
        assert_eq!(written.unwrap_err().code(), Some("permission_denied"));
    } else {
        assert_eq!(read.unwrap_err().code(), Some("bad_credentials"));
    }
}

/// Logs in by JWT-SVID.
async fn workload_reads(stage: &Stage, server: &OpenBaoServer) {
    let source = Arc::new(stage.issuer.svids(WORKLOAD));
    let login = Login::jwt("orders".parse().unwrap(), "openbao", source);
    let kv = builder(server).login(login).build().unwrap().kv("secret".parse().unwrap());
    assert!(kv.read(&"orders/db".parse().unwrap(), None).await.is_ok());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_acceptance_criteria_hold_with_a_shamir_seal() {
    brought_up_as_the_platform_wants_it(Seal::Shamir).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_acceptance_criteria_hold_with_a_seal_that_opens_itself() {
    brought_up_as_the_platform_wants_it(Seal::Static).await;
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_server_without_the_declared_audit_device_is_not_finished_and_keeps_no_root_token() {
    let stage = Stage::start(Seal::Static).await;
    let fresh = stage.fresh().root_generation().no_audit();
    let server = OpenBaoServer::start_uninitialized(&fresh).await.unwrap();
    let declared = Declared::new().audit("to-file", DeclaredAudit::present());
    let error = stage.declaring(&server, stage.file_seed(), declared).run().await.unwrap_err();
    assert_eq!(error.code(), Some("audit_device_missing"));
    let bao = builder(&server).build().unwrap();
    let root = bao.operator().generate_root(&stage.shares()).await.unwrap();
    let api = server.api_with(&root).unwrap();
    assert_eq!(api.list("auth/token/accessors").await.unwrap().len(), 1);
    let report = stage.declaring(&server, stage.file_seed(), Declared::new()).run().await.unwrap();
    assert_eq!((report.outcome, report.revoked_root_tokens), (Outcome::Resumed, 1));
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_log_that_is_not_the_devices_is_found_out() {
    let stage = Stage::start(Seal::Static).await;
    let server = OpenBaoServer::start_uninitialized(&stage.fresh()).await.unwrap();
    let other = stage.path("other.log");
    std::fs::write(&other, "").unwrap();
    let declared = Declared::new().audit("to-file", DeclaredAudit::writes_to(other));
    let error = stage.declaring(&server, stage.file_seed(), declared).run().await.unwrap_err();
    assert_eq!(error.code(), Some("audit_not_written"));
    // Its root token is revoked, and the listener makes no other: the error says what to do.
    let again = stage.bootstrap(&server, stage.file_seed()).run().await.unwrap_err();
    assert_eq!(again.code(), Some("generate_root_disabled"));
}
