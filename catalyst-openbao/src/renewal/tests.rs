//! The keeper on the model, in virtual time.

use std::time::Duration;

use catalyst_core::ErrorKind;
use tokio::time::{Instant, sleep};

use super::{KeptLease, LeaseKeeper};
use crate::mock::{Fault, FaultRule, MockOpenBao, MockRole, Operation};
use crate::{Credentials, DynamicCredentials, Lease, LeaseTerm, OpenBao, SessionKeeper, Standing};

const SECOND: Duration = Duration::from_secs(1);

struct Stage {
    mock: MockOpenBao,
    bao: OpenBao,
    keeper: LeaseKeeper,
}

impl Stage {
    fn new(ttl: Duration, max_ttl: Duration) -> Self {
        let mock = MockOpenBao::new();
        mock.model().set_role("database", "app", MockRole::new(ttl).max_ttl(max_ttl));
        let bao = mock.client().unwrap();
        let keeper = LeaseKeeper::new(bao.leases());
        drop(tokio::spawn(keeper.run()));
        Self { mock, bao, keeper }
    }

    async fn lease(&self) -> Lease<Credentials> {
        let database = self.bao.database("database".parse().unwrap());
        database.issue(&"app".parse().unwrap()).await.unwrap()
    }

    async fn kept(&self) -> KeptLease {
        self.keeper.keep(&self.lease().await).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_lease_lives_to_its_maximum_and_says_when_it_will_end() {
    let stage = Stage::new(60 * SECOND, 600 * SECOND);
    let began = Instant::now();
    let kept = stage.kept().await;
    sleep(500 * SECOND).await;
    assert_eq!((kept.state().standing, stage.mock.model().live_users().len()), (Standing::Lasting, 1));
    let ending = kept.ending().await;
    assert_eq!(ending.standing, Standing::Ending);
    let end = ending.expires_at.unwrap();
    // The server rounds what is left to whole seconds.
    assert!(end <= began + 601 * SECOND && end > Instant::now(), "there is time to ask for another");
    sleep(62 * SECOND).await;
    assert_eq!(kept.state().standing, Standing::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_let_go_runs_out_and_one_that_is_revoked_is_gone() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let (first, second) = (stage.kept().await, stage.kept().await);
    second.revoke().await.unwrap();
    assert_eq!(stage.mock.model().live_users().len(), 1);
    drop(first);
    sleep(61 * SECOND).await;
    assert!(stage.mock.model().live_users().is_empty());
    assert_eq!((stage.keeper.report().kept, stage.keeper.report().renewed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_outage_shorter_than_the_lease_costs_nothing() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let kept = stage.kept().await;
    let dropped = FaultRule::new(Fault::Drop).on(Operation::LeaseRenew).until_cleared();
    stage.mock.model().faults().inject(dropped);
    sleep(50 * SECOND).await;
    stage.mock.model().faults().clear();
    sleep(100 * SECOND).await;
    let report = stage.keeper.report();
    assert!(report.failed >= 2 && report.failed < 100, "it neither gives up nor spins: {report:?}");
    assert_eq!((kept.state().standing, stage.mock.model().live_users().len()), (Standing::Lasting, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_holds_no_lease_longer_than_a_quarter_of_what_is_left() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let kept = stage.kept().await;
    stage.mock.model().faults().inject(FaultRule::new(Fault::NoAnswer).on(Operation::LeaseRenew).times(2));
    sleep(120 * SECOND).await;
    assert_eq!((kept.state().standing, stage.keeper.report().failed > 0), (Standing::Lasting, true));
}

#[tokio::test(start_paused = true)]
async fn a_lease_revoked_behind_our_back_is_lost_at_its_next_renewal() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let kept = stage.kept().await;
    assert!(stage.mock.model().revoke_lease(kept.id().as_str()));
    assert_eq!(kept.ending().await.standing, Standing::Lost);
    assert_eq!(stage.keeper.report().over, 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_renewed_is_ending_from_the_start() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let mut lease = stage.lease().await;
    lease.term.renewable = false;
    let kept = stage.keeper.keep(&lease).unwrap();
    assert_eq!(kept.ending().await.standing, Standing::Ending);
}

#[tokio::test(start_paused = true)]
async fn no_more_are_kept_than_may_be() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let keeper = stage.keeper.clone().capacity(1);
    let kept = keeper.keep(&stage.lease().await).unwrap();
    let error = keeper.keep(&stage.lease().await).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::RateLimited, Some("too_many_leases")));
    drop(kept);
    assert!(keeper.keep(&stage.lease().await).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_and_started_again_forgets_nothing() {
    let stage = Stage::new(60 * SECOND, 6000 * SECOND);
    let keeper = LeaseKeeper::new(stage.bao.leases());
    let kept = keeper.keep(&stage.lease().await).unwrap();
    stage.mock.model().faults().inject(FaultRule::new(Fault::NoAnswer).on(Operation::LeaseRenew));
    // It dies in the middle of a renewal.
    assert!(tokio::time::timeout(41 * SECOND, keeper.run()).await.is_err());
    let running = tokio::spawn(keeper.run());
    sleep(300 * SECOND).await;
    assert_eq!(kept.state().standing, Standing::Lasting);
    running.abort();
}

/// The figure of ten thousand leases: 200 due a second, each renewal taking 20 ms, and none late by a second.
#[tokio::test(start_paused = true)]
async fn ten_thousand_leases_are_renewed_in_time() {
    let stage = Stage::new(75 * SECOND, 6000 * SECOND);
    let slow = FaultRule::new(Fault::Delay(Duration::from_millis(20))).on(Operation::LeaseRenew);
    let mut all = Vec::new();
    for count in 0..10_000 {
        all.push(stage.kept().await);
        if count % 200 == 199 {
            sleep(Duration::from_millis(250)).await;
        }
    }
    stage.mock.model().faults().inject(slow.until_cleared());
    sleep(120 * SECOND).await;
    let report = stage.keeper.report();
    assert!(all.iter().all(|kept| kept.state().standing == Standing::Lasting));
    assert!(report.renewed >= 20_000 && report.failed == 0, "{report:?}");
    assert!(report.latest < SECOND, "{report:?}");
}

#[tokio::test]
async fn ten_thousand_leases_take_less_than_a_kibibyte_each() {
    const LEASES: usize = 10_000;
    let bao = MockOpenBao::new().client().unwrap();
    let keeper = LeaseKeeper::new(bao.leases());
    let session = SessionKeeper::new(None, Standing::Lasting);
    let mut kept = Vec::new();
    let counted = allocation_counter::measure(|| {
        kept = (0..LEASES)
            .map(|number| {
                let id = format!("database/creds/orders-rw/{number:024}").parse().unwrap();
                let term = LeaseTerm::new(3600 * SECOND, true);
                keeper.keep(&Lease::new(id, term, Instant::now(), session.session(), ())).unwrap()
            })
            .collect();
    });
    let each = usize::try_from(counted.bytes_current).unwrap() / LEASES;
    assert_eq!((kept.len(), keeper.report().kept), (LEASES, LEASES));
    assert!(each < 1024, "{each} bytes each");
}
