//! The mock keeps the contract.

use catalyst_keycloak::mock::{Fault, FaultRule, MockKeycloak, Model, Route};
use catalyst_keycloak::testing::contract::{self, ModelOperator};
use catalyst_keycloak::{ClientRegistrar as _, ClientSpec, ErrorKind, Outcome};

fn realm(policy: bool) -> (MockKeycloak, ModelOperator) {
    let model = Model::new();
    model.set_realm("acme");
    model.set_rotation_policy("acme", policy);
    let name = "acme".parse::<catalyst_keycloak::RealmName>().unwrap();
    (MockKeycloak::new(model.clone(), name.clone()), ModelOperator::new(model, name))
}

#[tokio::test(start_paused = true)]
async fn it_registers_as_the_contract_says() {
    let (mock, operator) = realm(false);
    contract::registrar::all(&mock, &operator).await;
}

#[tokio::test(start_paused = true)]
async fn its_secrets_rotate_as_the_contract_says() {
    let (mock, operator) = realm(false);
    contract::secrets::without_policy(&mock, &mock, &operator).await;
    let (mock, operator) = realm(true);
    contract::secrets::with_policy(&mock, &mock, &operator).await;
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_is_lost_is_found_again() {
    let (mock, _) = realm(false);
    let spec = ClientSpec::new("app".parse().unwrap(), "acme/prod/app".parse().unwrap())
        .redirect_uri("https://app.test/cb".parse().unwrap());
    mock.model().faults().inject(FaultRule::new(Fault::DropAnswer).on(Route::Clients).writes());
    assert_eq!(mock.ensure(&spec).await.unwrap().outcome, Outcome::Created);
    mock.model().faults().down();
    let down = mock.ensure(&spec).await.unwrap_err();
    assert_eq!((down.kind(), down.outcome_unknown()), (ErrorKind::Unavailable, false));
    mock.model().faults().clear();
    mock.model().faults().inject(FaultRule::status(403).on(Route::Clients));
    let forbidden = mock.ensure(&spec).await.unwrap_err();
    assert_eq!(forbidden.kind(), ErrorKind::PermissionDenied);
    assert!(forbidden.help().unwrap().contains("realm-management"), "{forbidden}");
}
