//! What an uninterrupted run does.

use std::sync::Arc;

use catalyst_openbao::bootstrap::{Declared, DeclaredEngine, Outcome, Preview, StepKind};
use catalyst_openbao::mock::{MockOpenBao, MockSeal};
use catalyst_openbao::{HealthStatus, InitRequest, KeySplit};

use super::stage::{Stage, declared};

#[tokio::test(start_paused = true)]
async fn a_server_is_brought_up_from_nothing_and_a_second_run_changes_nothing() {
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        let stage = Stage::new(seal);
        let bootstrap = stage.strict();
        assert!(matches!(bootstrap.preview().await.unwrap(), Preview::BringUp(_)));
        let report = bootstrap.run().await.unwrap();
        assert_eq!(report.outcome, Outcome::BroughtUp);
        assert_eq!(report.applied.steps().len(), 8, "{}", report.applied);
        assert_eq!(stage.bao().health().await.unwrap().status, HealthStatus::Active);
        stage.check_end(&report, "first run").await;
        let again = stage.strict().run().await.unwrap();
        assert!(again.outcome == Outcome::AlreadyUp && again.applied.is_empty());
        assert!(matches!(bootstrap.preview().await.unwrap(), Preview::AlreadyUp));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_needs_no_root_generation_unless_it_was_interrupted() {
    let stage = Stage::new(MockSeal::Static);
    stage.model.allow_root_generation(false);
    stage.strict().run().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn recovery_shares_may_be_kept_by_nobody_and_unseal_shares_may_not() {
    let stage = Stage::new(MockSeal::Static);
    let bootstrap = |init| {
        let seed = Arc::new(stage.seed());
        catalyst_openbao::bootstrap::Bootstrap::new(stage.bao(), seed, init, Declared::new())
    };
    let error = bootstrap(InitRequest::shamir(KeySplit::WHOLE)).run().await.unwrap_err();
    assert!(error.help().unwrap().contains("custody"));
    bootstrap(InitRequest::auto_unseal(KeySplit::WHOLE)).run().await.unwrap();
    assert_eq!(stage.model.live_root_tokens(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_planned_by_its_fields_and_foreign_things_are_left_alone() {
    let mock = MockOpenBao::new();
    let bao = mock.client().unwrap();
    let declared = declared();
    let first = declared.plan(&bao).await.unwrap();
    assert!(first.steps().iter().all(|step| step.kind() == &StepKind::Create));
    assert!(
        first.steps().iter().all(|step| !step.name().starts_with("engine secret")),
        "it is mounted already"
    );
    first.apply(&bao).await.unwrap();
    let foreign = Declared::new().policy("somebody-elses", "path \"a\" {}");
    foreign.plan(&bao).await.unwrap().apply(&bao).await.unwrap();
    assert!(declared.plan(&bao).await.unwrap().is_empty());
    let changed = declared.clone().policy("external-secrets-read", "path \"secret/data/b\" {}");
    let plan = changed.plan(&bao).await.unwrap();
    assert_eq!(plan.to_string(), "~ policy external-secrets-read: policy");
    plan.apply(&bao).await.unwrap();
    assert!(changed.plan(&bao).await.unwrap().is_empty() && foreign.plan(&bao).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_engine_in_the_place_of_a_declared_one_is_a_conflict() {
    let bao = MockOpenBao::new().client().unwrap();
    let declared = Declared::new().engine("database", DeclaredEngine::Kv);
    assert_eq!(declared.plan(&bao).await.unwrap_err().code(), Some("mount_conflict"));
}
