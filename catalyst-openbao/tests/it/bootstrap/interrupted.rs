//! Killed at each request, and at each point in between: the next run finishes.

use std::time::Duration;

use catalyst_openbao::mock::{Fault, FaultRule, MockSeal};

use super::stage::Stage;

/// More requests than a run makes.
const REQUESTS: u32 = 200;

/// Runs to the first error, with the fault at the request `number`; false if the run ended before.
async fn struck(stage: &Stage, fault: &Fault, number: u32) -> bool {
    let rule = FaultRule::new(fault.clone()).after(number).until_cleared();
    stage.model.faults().inject(rule);
    let run = tokio::time::timeout(Duration::from_secs(120), stage.bootstrap().run()).await;
    stage.model.faults().clear();
    !matches!(run, Ok(Ok(_)))
}

#[tokio::test(start_paused = true)]
async fn a_run_that_loses_the_server_at_any_request_is_finished_by_the_next() {
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        for fault in [Fault::Drop, Fault::DropAnswer] {
            let mut number = 0;
            loop {
                let stage = Stage::new(seal);
                let interrupted = struck(&stage, &fault, number).await;
                let what = format!("{seal:?}, {fault:?} from request {number} on");
                let report =
                    stage.bootstrap().run().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
                stage.check_end(&report, &what).await;
                number += 1;
                assert!(number < REQUESTS, "a run has an end");
                if !interrupted {
                    break;
                }
            }
            assert!(number > 20, "the faults struck: {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_fault_at_any_request_leaves_nothing_behind() {
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        for number in 0..50 {
            let stage = Stage::new(seal);
            stage.model.faults().inject(FaultRule::new(Fault::DropAnswer).after(number));
            let first = stage.bootstrap().run().await;
            stage.model.faults().clear();
            let what = format!("{seal:?}, the answer to request {number} lost: {first:?}");
            let report = stage.bootstrap().run().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            stage.check_end(&report, &what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_while_it_waits_for_any_answer_is_finished_by_the_next() {
    const ANSWER: Duration = Duration::from_millis(10);
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        let mut waits = 0;
        loop {
            let stage = Stage::new(seal);
            // Each request is carried out at once, and its answer takes a while; nothing else takes virtual time.
            stage.model.faults().inject(FaultRule::new(Fault::Delay(ANSWER)).until_cleared());
            let moment = ANSWER * waits + ANSWER / 2;
            let interrupted = tokio::time::timeout(moment, stage.bootstrap().run()).await.is_err();
            stage.model.faults().clear();
            let report = stage.bootstrap().run().await.unwrap();
            stage.check_end(&report, &format!("{seal:?}, dropped after {moment:?}")).await;
            waits += 1;
            assert!(waits < REQUESTS, "a run has an end");
            if !interrupted {
                break;
            }
        }
        assert!(waits > 20, "it was dropped in between: {waits}");
    }
}

#[tokio::test(start_paused = true)]
async fn interrupted_again_and_again_it_still_comes_to_the_same_end() {
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        let stage = Stage::new(seal);
        for number in 0..60 {
            struck(&stage, &Fault::DropAnswer, number % 17).await;
            struck(&stage, &Fault::Drop, number % 23).await;
        }
        let report = stage.bootstrap().run().await.unwrap();
        stage.check_end(&report, "after 120 interruptions").await;
    }
}
