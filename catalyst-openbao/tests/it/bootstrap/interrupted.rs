//! Killed at each request, and at each point in between: the next run finishes.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
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

/// Polls `run` so often, and then drops it: true if it had not come to its end.
async fn dropped_after(polls: u32, run: impl Future) -> bool {
    let mut run = pin!(run);
    for _ in 0..polls {
        let ready = std::future::poll_fn(|context| Poll::Ready(run.as_mut().poll(context).is_ready())).await;
        if ready {
            return false;
        }
        // Whatever it waits for happens meanwhile.
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut context = Context::from_waker(Waker::noop());
    run.as_mut().poll(&mut context).is_pending()
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_at_any_point_is_finished_by_the_next() {
    for seal in [MockSeal::Shamir, MockSeal::Static] {
        let mut polls = 0;
        loop {
            let stage = Stage::new(seal);
            let interrupted = dropped_after(polls, stage.bootstrap().run()).await;
            let report = stage.bootstrap().run().await.unwrap();
            stage.check_end(&report, &format!("{seal:?}, dropped after {polls} polls")).await;
            polls += 1;
            assert!(polls < 2000, "a run has an end");
            if !interrupted {
                break;
            }
        }
        assert!(polls > 10, "it was dropped in between: {polls}");
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
