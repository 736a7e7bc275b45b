//! The contract of the database engine's settings on the model, in memory and over HTTP; what the model promises.

use std::time::Duration;

use catalyst_openbao::database_admin::{
    ConnectionName, DatabaseConnection, DatabaseRole, PostgresRole, PostgresTarget,
};
use catalyst_openbao::mock::MockOpenBao;
use catalyst_openbao::testing::{FakeOpenBao, contract};
use catalyst_openbao::{DynamicCredentials, ErrorKind, Mount, OpenBao, RoleName, Secret};

fn target() -> PostgresTarget {
    PostgresTarget::new("postgresql://db:5432/app", "bao_manager", Secret::new("first")).unwrap()
}

async fn keeps_the_contract(bao: &OpenBao) {
    let mount: Mount = "database".parse().unwrap();
    let setting = contract::database_admin::AdminSetting {
        mount: &mount,
        target: target().into(),
        group: "app_rw",
        static_user: "fixed",
    };
    contract::database_admin::all(bao, &setting).await;
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract_in_memory() {
    keeps_the_contract(&MockOpenBao::new().client().unwrap()).await;
}

#[tokio::test]
async fn keeps_the_contract_over_http() {
    let fake = FakeOpenBao::start().await;
    keeps_the_contract(&fake.client().unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn users_of_a_written_role_end_with_their_lease_and_a_database_that_is_away_is_told() {
    let bao = MockOpenBao::new();
    let client = bao.client().unwrap();
    let (admin, database) =
        (client.database_admin("database".parse().unwrap()), client.database("database".parse().unwrap()));
    let (connection, name): (ConnectionName, RoleName) = ("pg".parse().unwrap(), "app".parse().unwrap());
    admin.configure(&connection, &DatabaseConnection::new(target()).allow_all_roles()).await.unwrap();
    let role: DatabaseRole =
        PostgresRole::member_of("app_rw").unwrap().role(&connection).default_ttl(Duration::from_secs(60));
    admin.write_role(&name, &role).await.unwrap();
    let lease = database.issue(&name).await.unwrap();
    assert!(bao.model().password_of(&lease.value.username).is_some());
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(bao.model().live_users().is_empty());

    bao.model().set_database_down("database", true);
    let error = admin.rotate_root(&connection).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("backend_down")));
    let error = admin.configure(&connection, &DatabaseConnection::new(target())).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, Some("backend_down")));
    admin.configure(&connection, &DatabaseConnection::new(target()).unverified()).await.unwrap();
}
