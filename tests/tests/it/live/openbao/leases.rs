//! Many leases of one server, kept by one future.

use std::time::Duration;

use catalyst_openbao::{
    Credentials, Database, DynamicCredentials, Lease, LeaseKeeper, Login, RoleName, Standing,
};
use catalyst_tests::servers::{OpenBaoServer, ValkeyServer};
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::live::workload::{builder, mount, role};

const LEASES: usize = 2000;
/// Made, and later due, in a tenth of a second.
const EACH: usize = 20;
/// Two thirds of it are the ten seconds in which all are due once.
const TTL: Duration = Duration::from_secs(15);

/// A user; another one where a connection breaks under the request, which is not repeated by itself.
async fn mint(database: &Database, role: &RoleName) -> Lease<Credentials> {
    loop {
        match database.issue(role).await {
            Ok(lease) => return lease,
            Err(error) => assert!(error.outcome_unknown(), "{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn two_thousand_leases_of_which_two_hundred_are_due_a_second_all_live_on() {
    let (server, valkey) = tokio::try_join!(OpenBaoServer::start(), ValkeyServer::start()).unwrap();
    let api = server.api().unwrap();
    valkey.connect_openbao(&api).await.unwrap();
    ValkeyServer::role(&api, "carts", TTL, 40 * TTL).await.unwrap();
    let bao = builder(&server).login(Login::token(server.root_token().clone())).build().unwrap();
    let keeper = LeaseKeeper::new(bao.leases());
    let running = tokio::spawn(keeper.run());

    let (database, carts) = (bao.database(mount("database")), role("carts"));
    let mut tick = interval(Duration::from_millis(100));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut kept = Vec::new();
    while kept.len() < LEASES {
        tick.tick().await;
        let made = join_all((0..EACH).map(|_| mint(&database, &carts))).await;
        kept.extend(made.iter().map(|lease| keeper.keep(lease).unwrap()));
    }
    // Beyond the end that any of them had at first, and every one is renewed once at least.
    sleep(TTL).await;
    let report = keeper.report();
    println!("{report:?}");
    assert!(kept.iter().all(|kept| kept.state().standing == Standing::Lasting), "{report:?}");
    assert!(report.renewed >= 2000 && report.over == 0, "{report:?}");
    assert!(valkey.made_users().await.unwrap().len() >= LEASES, "{report:?}");
    running.abort();
}
