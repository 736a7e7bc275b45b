//! Single sign-on of the SDK.

use super::stage::Stage;
use crate::scenario::sso::rotate_under_load;

#[tokio::test]
#[ignore = "needs real servers: cargo xtask live"]
async fn sixty_four_clients_get_tokens_through_a_rotation_and_none_is_refused() {
    let stage = Stage::rotating().await;
    rotate_under_load(&stage.keycloak(), stage.realm.clone(), 64).await;
}
