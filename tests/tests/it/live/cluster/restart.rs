//! All nodes restarted, one after the other, under load.

use catalyst_tests::servers::ClusterSeal;

use super::load::Load;
use super::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs real servers: cargo xtask live"]
async fn a_rolling_restart_is_not_noticed() {
    let mut stage = Stage::start(ClusterSeal::Static).await;
    let load = Load::start(&stage);
    load.goes_on(200).await;
    stage.cluster.rolling_restart().await.unwrap();
    load.goes_on(200).await;
    println!("{}", load.assert_sound(&stage).await);
}
