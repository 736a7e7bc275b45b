//! The server as real drivers see it.

use std::sync::Arc;
use std::time::Duration;

use catalyst_core::Secret;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;
use tokio_postgres::NoTls;

use super::*;

const PASSWORD: &str = "a pass\u{f6}word, with blanks";

async fn server(build: impl FnOnce(FakePostgresBuilder) -> FakePostgresBuilder) -> (FakePostgres, Users) {
    let users = Users::default();
    users.create("app", Secret::new(PASSWORD));
    let builder = FakePostgres::builder(Arc::new(users.clone()));
    (build(builder).start().await.unwrap(), users)
}

fn options(server: &FakePostgres, password: &str) -> PgConnectOptions {
    let address = server.address();
    PgConnectOptions::new_without_pgpass()
        .host(&address.ip().to_string())
        .port(address.port())
        .username("app")
        .password(password)
        .database("orders")
        .ssl_mode(PgSslMode::Prefer)
}

async fn pool(server: &FakePostgres) -> PgPool {
    PgPoolOptions::new().max_connections(4).connect_with(options(server, PASSWORD)).await.unwrap()
}

async fn tokio_postgres(
    server: &FakePostgres,
    password: &str,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host(server.address().ip().to_string()).port(server.address().port());
    config.user("app").password(password).dbname("orders");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn code(error: &sqlx::Error) -> String {
    let database = error.as_database_error().unwrap_or_else(|| panic!("not from the server: {error:?}"));
    database.code().unwrap().into_owned()
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(5), "still waiting: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn sqlx_gets_answers_in_both_protocols() {
    let (server, _) = server(|builder| builder.orders(7)).await;
    let pool = pool(&server).await;
    let one: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&pool).await.unwrap();
    let user: String = sqlx::query_scalar("select current_user").fetch_one(&pool).await.unwrap();
    let orders: i64 = sqlx::query_scalar("select count(*) from orders").fetch_one(&pool).await.unwrap();
    assert_eq!((one, user.as_str(), orders), (1, "app", 7));

    let start = Instant::now();
    sqlx::query("select pg_sleep($1)").bind(0.05).execute(&pool).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(50));
    let simple = sqlx::raw_sql("select 1; select count(*) from orders").fetch_all(&pool).await.unwrap();
    assert_eq!(simple.len(), 2);
}

#[tokio::test]
async fn sqlx_transactions_commit_roll_back_and_abort() {
    let (server, _) = server(|builder| builder.orders(0)).await;
    let pool = pool(&server).await;
    let count = || async {
        sqlx::query_scalar::<_, i64>("select count(*) from orders").fetch_one(&pool).await.unwrap()
    };
    let insert = "insert into orders (note) values ($1)";

    let mut transaction = pool.begin().await.unwrap();
    sqlx::query(insert).bind("a").execute(&mut *transaction).await.unwrap();
    assert_eq!(count().await, 0, "nobody else sees it yet");
    transaction.commit().await.unwrap();
    assert_eq!(count().await, 1);

    let mut transaction = pool.begin().await.unwrap();
    sqlx::query(insert).bind("b").execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(count().await, 1);

    let mut transaction = pool.begin().await.unwrap();
    assert_eq!(code(&sqlx::query("select nonsense").execute(&mut *transaction).await.unwrap_err()), "0A000");
    assert_eq!(code(&sqlx::query("select 1").execute(&mut *transaction).await.unwrap_err()), "25P02");
    transaction.rollback().await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn tokio_postgres_gets_answers_in_both_protocols() {
    let (server, _) = server(|builder| builder).await;
    let mut client = tokio_postgres(&server, PASSWORD).await.unwrap();
    assert_eq!(client.query_one("select 1", &[]).await.unwrap().get::<_, i32>(0), 1);
    assert_eq!(client.query_one("select current_user", &[]).await.unwrap().get::<_, String>(0), "app");
    let statement = client.prepare("select count(*) from orders, pg_sleep($1)").await.unwrap();
    assert_eq!(client.query_one(&statement, &[&0.01]).await.unwrap().get::<_, i64>(0), FakePostgres::ORDERS);
    client.batch_execute("SET statement_timeout = 0; SHOW timezone; /* nothing */").await.unwrap();
    client.simple_query("").await.unwrap();

    let transaction = client.transaction().await.unwrap();
    assert_eq!(transaction.execute("insert into orders (note) values ($1)", &[&"x"]).await.unwrap(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(client.query_one("select count(*) from orders", &[]).await.unwrap().get::<_, i64>(0), 1_001);
}

#[tokio::test]
async fn deadpool_recycles_connections_thoroughly() {
    use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
    let (server, _) = server(|builder| builder).await;
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.address().port()).user("app").password(PASSWORD);
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
    let pool = Pool::builder(Manager::from_config(config, NoTls, recycling)).max_size(1).build().unwrap();
    for _ in 0..3 {
        let client = pool.get().await.unwrap();
        assert_eq!(client.query_one("select 1", &[]).await.unwrap().get::<_, i32>(0), 1);
    }
    assert_eq!(server.statistics().logins_of("app"), 1);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    let (server, users) = server(|builder| builder).await;
    let wrong = PgConnection::connect_with(&options(&server, "wrong")).await.unwrap_err();
    users.drop_user("app");
    let unknown = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap_err();
    for error in [wrong, unknown] {
        assert_eq!(code(&error), "28P01");
        let message = error.as_database_error().unwrap().message().to_owned();
        assert_eq!(message, "password authentication failed for user \"app\"");
    }
    let refused = tokio_postgres(&server, PASSWORD).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "28P01");
    assert_eq!(refused.as_db_error().unwrap().severity(), "FATAL");
    let counted = server.statistics();
    assert_eq!((counted.refusals(), counted.logins_of("app")), (3, 0));
    assert_eq!(counted.refused_logins["app"], 3);
}

#[tokio::test]
async fn a_changed_password_counts_from_the_next_login() {
    let (server, users) = server(|builder| builder).await;
    let mut before = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    users.create("app", Secret::new("new"));
    assert_eq!(code(&PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap_err()), "28P01");
    PgConnection::connect_with(&options(&server, "new")).await.unwrap();
    before.ping().await.unwrap();
}

#[tokio::test]
async fn a_dropped_users_session_lives_on_without_its_tables() {
    let (server, users) = server(|builder| builder).await;
    let mut session = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    users.drop_user("app");
    server.user_dropped("app");
    let denied = sqlx::query("select count(*) from orders").execute(&mut session).await.unwrap_err();
    assert_eq!(code(&denied), "42501");
    assert_eq!(denied.as_database_error().unwrap().message(), "permission denied for table orders");
    assert_eq!(code(&sqlx::query("select current_user").execute(&mut session).await.unwrap_err()), "42704");
    let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut session).await.unwrap();
    assert_eq!(one, 1);
}

#[tokio::test]
async fn sessions_end_with_their_user_if_revocation_says_so() {
    let (server, users) = server(|builder| builder.on_drop(OnDrop::SessionsEnd)).await;
    let busy = tokio_postgres(&server, PASSWORD).await.unwrap();
    let mut idle = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    let sleeping = tokio::spawn(async move { busy.query("select pg_sleep(30)", &[]).await.map(drop) });
    until("two sessions", || server.statistics().sessions_of("app") == 2).await;
    tokio::time::sleep(Duration::from_millis(20)).await;

    users.drop_user("app");
    server.user_dropped("app");
    let ended = sleeping.await.unwrap().unwrap_err();
    assert_eq!(ended.code().unwrap().code(), "57P01");
    assert_eq!(code(&sqlx::query("select 1").execute(&mut idle).await.unwrap_err()), "57P01");
    until("no session left", || server.statistics().open_sessions.is_empty()).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_are_refused() {
    let (server, _) = server(|builder| builder.max_connections(2)).await;
    let first = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    let _second = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    assert_eq!(code(&PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap_err()), "53300");
    first.close().await.unwrap();
    until("one session left", || server.statistics().sessions_of("app") == 1).await;
    PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    assert_eq!(server.statistics().peak_sessions, 2);
}

#[tokio::test]
async fn a_restart_ends_sessions_and_serves_again_at_the_same_address() {
    let (server, _) = server(|builder| builder).await;
    let mut told = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    server.restart(Shutdown::Fast).await.unwrap();
    assert_eq!(code(&sqlx::query("select 1").execute(&mut told).await.unwrap_err()), "57P01");

    let mut cut = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    server.stop(Shutdown::Crash).await;
    let broken = sqlx::query("select 1").execute(&mut cut).await.unwrap_err();
    assert!(matches!(broken, sqlx::Error::Io(_)), "{broken:?}");
    let down = PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap_err();
    assert!(matches!(&down, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused));
    server.stop(Shutdown::Crash).await;
    server.restart(Shutdown::Crash).await.unwrap();
    PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    assert_eq!(server.statistics().logins_of("app"), 3, "a restart keeps the counters");
}

#[tokio::test]
async fn login_faults_come_as_often_as_they_were_ordered() {
    let (server, _) = server(|builder| builder).await;
    let connect = || async { PgConnection::connect_with(&options(&server, PASSWORD)).await };
    for (fault, expected) in [
        (LoginFault::StartingUp, "57P03"),
        (LoginFault::TooManyClients, "53300"),
        (LoginFault::UnknownUser, "28P01"),
    ] {
        server.faults().fail_logins(fault, 2);
        assert_eq!(code(&connect().await.unwrap_err()), expected);
        assert_eq!(code(&connect().await.unwrap_err()), expected);
        connect().await.unwrap();
    }
    server.faults().fail_logins(LoginFault::Reset, u32::MAX);
    assert!(matches!(connect().await.unwrap_err(), sqlx::Error::Io(_)));
    server.faults().clear();

    server.faults().delay_logins(Duration::from_millis(60));
    let start = Instant::now();
    connect().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_running_statement_can_be_cancelled() {
    let (server, _) = server(|builder| builder).await;
    let client = tokio_postgres(&server, PASSWORD).await.unwrap();
    let cancel = client.cancel_token();
    let asleep = tokio::spawn(async move { client.query("select pg_sleep(30)", &[]).await.map(drop) });
    let start = Instant::now();
    while !asleep.is_finished() {
        assert!(start.elapsed() < Duration::from_secs(5), "it sleeps on");
        cancel.cancel_query(NoTls).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(asleep.await.unwrap().unwrap_err().code().unwrap().code(), "57014");
}

#[tokio::test]
async fn garbage_on_the_wire_ends_that_connection_only() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (server, _) = server(|builder| builder).await;
    for garbage in
        [&b"\0\0\0\x08\xff\xff\xff\xff"[..], b"GET / HTTP/1.1\r\n\r\n", &[0u8; 64], b"\x16\x03\x01"]
    {
        let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the server hangs on {garbage:?}");
    }
    PgConnection::connect_with(&options(&server, PASSWORD)).await.unwrap();
    assert_eq!(server.statistics().logins_of("app"), 1);
}
