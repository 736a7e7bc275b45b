//! A seed in a Secret, against an API server in process.

use std::sync::Arc;

use catalyst_core::ErrorKind;
use catalyst_openbao::bootstrap::SeedStore;
use catalyst_sdk::kubernetes::KubernetesSeed;
use catalyst_tests::servers::KubeApi;

const ANNOTATION: &str = "openbao.openova.io/single-use";

async fn cluster() -> (KubeApi, KubernetesSeed) {
    let kube = KubeApi::start().await.unwrap();
    let file = kube.kubeconfig().unwrap();
    let seed = KubernetesSeed::from_kubeconfig(&file, "openbao").await.unwrap();
    (kube, seed)
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn the_journal_lies_beside_the_seed_and_both_go_at_once() {
    let (kube, seed) = cluster().await;
    assert!(seed.load().await.unwrap().seed.is_none());
    kube.put_secret("openbao", "openbao-recovery-seed", "recovery-seed", &[9; 32], ANNOTATION);
    assert!(seed.load().await.unwrap().seed.is_some());
    for journal in [b"first", b"other"] {
        seed.save(journal).await.unwrap();
        assert_eq!(seed.load().await.unwrap().journal.unwrap(), journal);
    }
    seed.erase().await.unwrap();
    assert!(kube.secrets().is_empty());
    seed.erase().await.unwrap();
    assert!(seed.load().await.unwrap().journal.is_none());
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_second_bring_up_at_the_same_time_is_a_conflict() {
    let (kube, seed) = cluster().await;
    kube.put_secret("openbao", "openbao-recovery-seed", "recovery-seed", &[9; 32], ANNOTATION);
    seed.load().await.unwrap();
    kube.touch_secret("openbao", "openbao-recovery-seed");
    for refused in [seed.save(b"mine").await, seed.erase().await] {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("seed_changed")));
    }
    kube.put_secret("openbao", "openbao-recovery-seed", "recovery-seed", &[8; 32], ANNOTATION);
    assert_eq!(seed.erase().await.unwrap_err().code(), Some("seed_changed"), "it is another Secret");
}

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_secret_that_is_not_marked_for_single_use_is_no_seed() {
    let (kube, seed) = cluster().await;
    kube.put_secret("openbao", "openbao-recovery-seed", "recovery-seed", &[9; 32], "other");
    let store: Arc<dyn SeedStore> = Arc::new(seed);
    assert_eq!(store.load().await.unwrap_err().code(), Some("seed_malformed"));
}
