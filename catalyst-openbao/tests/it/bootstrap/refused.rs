//! What stops a run, and says so.

use std::os::unix::fs::PermissionsExt;

use catalyst_openbao::InitRequest;
use catalyst_openbao::KeySplit;
use catalyst_openbao::bootstrap::{Declared, DeclaredAudit, SeedStore};
use catalyst_openbao::mock::{Fault, FaultRule, MockSeal};

use super::stage::{Stage, declared};

#[tokio::test(start_paused = true)]
async fn a_seed_that_is_missing_too_open_or_wiped_stops_it_before_the_server_is_touched() {
    for (code, spoil) in [
        ("seed_missing", (|path| std::fs::remove_file(path).unwrap()) as fn(&std::path::Path)),
        ("seed_too_open", |path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o644)).unwrap()),
        ("seed_malformed", |path| std::fs::write(path, [0; 32]).unwrap()),
    ] {
        let stage = Stage::new(MockSeal::Shamir);
        spoil(&stage.folder.path().join("seed"));
        assert_eq!(stage.strict().run().await.unwrap_err().code(), Some(code));
        assert!(!stage.bao().operator().is_initialized().await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_somebody_else_initialised_is_left_alone() {
    let stage = Stage::new(MockSeal::Static);
    stage.bao().operator().initialize(&InitRequest::auto_unseal(KeySplit::WHOLE)).await.unwrap();
    let error = stage.bootstrap().run().await.unwrap_err();
    assert_eq!(error.code(), Some("initialized_by_others"));
    assert!(stage.folder.path().join("seed").exists() && stage.model.live_root_tokens() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_init_is_told_from_everything_else_and_the_server_is_not_emptied_unasked() {
    let stage = Stage::new(MockSeal::Shamir);
    stage.model.faults().inject(FaultRule::new(Fault::DropAnswer).path("sys/init"));
    for _ in 0..2 {
        let error = stage.strict().run().await.unwrap_err();
        assert_eq!(error.code(), Some("init_answer_lost"));
    }
    let report = stage.bootstrap().run().await.unwrap();
    stage.check_end(&report, "after its storage was emptied").await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_audit_device_is_an_error_and_the_root_token_is_revoked_all_the_same() {
    let stage = Stage::new(MockSeal::Shamir);
    let other = declared().audit("to-socket", DeclaredAudit::present());
    let error = stage.of(other).run().await.unwrap_err();
    assert_eq!(error.code(), Some("audit_device_missing"));
    assert_eq!(stage.model.live_root_tokens(), 0);
    let report = stage.strict().run().await.unwrap();
    stage.check_end(&report, "with the declaration put right").await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_interrupted_says_when_root_generation_is_off() {
    let stage = Stage::new(MockSeal::Shamir);
    stage.model.allow_root_generation(false);
    stage
        .model
        .faults()
        .inject(FaultRule::new(Fault::Refuse(forbidden())).path("sys/policies").until_cleared());
    assert!(stage.strict().run().await.is_err());
    stage.model.faults().clear();
    assert_eq!(stage.strict().run().await.unwrap_err().code(), Some("generate_root_disabled"));
    stage.model.allow_root_generation(true);
    let report = stage.strict().run().await.unwrap();
    stage.check_end(&report, "once it is on").await;
}

#[tokio::test(start_paused = true)]
async fn a_journal_of_another_seed_or_of_an_emptied_server_is_refused() {
    let stage = Stage::new(MockSeal::Shamir);
    stage
        .model
        .faults()
        .inject(FaultRule::new(Fault::Refuse(forbidden())).path("sys/policies").until_cleared());
    assert!(stage.strict().run().await.is_err());
    stage.model.faults().clear();
    let seed = stage.folder.path().join("seed");
    std::fs::write(&seed, [8; 32]).unwrap();
    assert_eq!(stage.strict().run().await.unwrap_err().code(), Some("seed_mismatch"));
    std::fs::write(&seed, [7; 32]).unwrap();
    stage.model.wipe();
    assert_eq!(stage.bootstrap().run().await.unwrap_err().code(), Some("storage_gone"));
    std::fs::remove_file(&seed).unwrap();
    assert_eq!(stage.bootstrap().run().await.unwrap_err().code(), Some("seed_missing"));
}

#[tokio::test(start_paused = true)]
async fn a_declaration_that_contradicts_itself_stops_it_before_anything_else() {
    let stage = Stage::new(MockSeal::Shamir);
    let error = stage.of(Declared::new().policy("root", "x")).run().await.unwrap_err();
    assert_eq!(error.code(), Some("contradiction"));
    assert!(stage.seed().load().await.unwrap().journal.is_none());
}

fn forbidden() -> catalyst_openbao::mock::Refusal {
    catalyst_openbao::mock::Refusal::new(400, &["not now"])
}
