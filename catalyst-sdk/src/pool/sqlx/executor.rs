//! sqlx's traits: what makes the pool fit where a `&PgPool` fits.
//!
//! Each statement races the end of its generation. The race is decided by the statement whenever it is ready, so
//! that an end never takes a result that had already come.

use std::ops::DerefMut;
use std::pin::pin;

use async_stream::try_stream;
use catalyst_core::Error;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::{Acquire, Database, Either, Execute, Executor, Pool, SqlStr, Transaction};

use super::{ConnectionGuard, Sqlx, SqlxDatabase};
use crate::pool::RotatingPool;
use crate::rotation::InUse;

type Step<DB> = Either<<DB as Database>::QueryResult, <DB as Database>::Row>;

/// sqlx's form of our error: ours is its source.
pub(super) fn ended(why: Error) -> sqlx::Error {
    sqlx::Error::AnyDriverError(Box::new(why))
}

/// `work`, unless the generation ends first.
async fn until_end<DB: Database, T>(
    in_use: &InUse<Pool<DB>>,
    work: impl Future<Output = sqlx::Result<T>> + Send,
) -> sqlx::Result<T> {
    if let Some(why) = in_use.end() {
        return Err(ended(why));
    }
    tokio::select! {
        biased;
        result = work => result,
        why = in_use.ended() => Err(ended(why)),
    }
}

impl<'p, DB: SqlxDatabase> Executor<'p> for &RotatingPool<Sqlx<DB>>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step<DB>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let pool = self.clone();
        Box::pin(try_stream! {
            let (mut connection, in_use) = pool.checkout().await?;
            let mut steps = connection.fetch_many(query);
            loop {
                match until_end(&in_use, steps.try_next()).await {
                    Ok(Some(step)) => yield step,
                    Ok(None) => break,
                    Err(error) => {
                        pool.note(&error, in_use.generation());
                        Err(error)?;
                    }
                }
            }
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<DB::Row>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let pool = self.clone();
        Box::pin(async move {
            let (mut connection, in_use) = pool.checkout().await?;
            let result = until_end(&in_use, connection.fetch_optional(query)).await;
            result.inspect_err(|error| pool.note(error, in_use.generation()))
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<DB::Statement>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(async move {
            let (mut connection, in_use) = pool.checkout().await?;
            until_end(&in_use, connection.prepare_with(sql, parameters)).await
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<DB>>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(async move {
            let (mut connection, in_use) = pool.checkout().await?;
            until_end(&in_use, connection.describe(sql)).await
        })
    }
}

/// For code that is generic over `Acquire`. The pool waits for what it gives out here too; only the error at the
/// end of the credential is the server's own. `begin` and `acquire` of the pool itself give ours.
impl<'p, DB: SqlxDatabase> Acquire<'p> for &RotatingPool<Sqlx<DB>> {
    type Database = DB;
    type Connection = PoolConnection<DB>;

    fn acquire(self) -> BoxFuture<'p, sqlx::Result<Self::Connection>> {
        let pool = self.clone();
        Box::pin(async move { pool.checkout().await.map(|(connection, _pool_waits_for_it)| connection) })
    }

    fn begin(self) -> BoxFuture<'p, sqlx::Result<Transaction<'p, DB>>> {
        let pool = self.clone();
        Box::pin(async move {
            let (connection, _pool_waits_for_it) = pool.checkout().await?;
            Transaction::begin(connection, None).await
        })
    }
}

impl<'c, DB: SqlxDatabase, C> Executor<'c> for &'c mut ConnectionGuard<DB, C>
where
    C: DerefMut<Target = DB::Connection> + Send,
    for<'a> &'a mut DB::Connection: Executor<'a, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Step<DB>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let ConnectionGuard { connection, in_use } = self;
        Box::pin(try_stream! {
            let mut steps = pin!(connection.fetch_many(query));
            while let Some(step) = until_end(in_use, steps.try_next()).await? {
                yield step;
            }
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<DB::Row>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let ConnectionGuard { connection, in_use } = self;
        Box::pin(async move { until_end(in_use, connection.fetch_optional(query)).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<DB::Statement>>
    where
        'c: 'e,
    {
        let ConnectionGuard { connection, in_use } = self;
        Box::pin(async move { until_end(in_use, connection.prepare_with(sql, parameters)).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<sqlx::Describe<DB>>>
    where
        'c: 'e,
    {
        let ConnectionGuard { connection, in_use } = self;
        Box::pin(async move { until_end(in_use, connection.describe(sql)).await })
    }
}

/// Compiles only while the pool fits where the driver's own does.
#[cfg(feature = "sqlx")]
const _: fn(&super::RotatingPgPool) = |pool| {
    fn executor<'a>(_: impl Executor<'a, Database = sqlx::Postgres>) {}
    fn acquire<'a>(_: impl Acquire<'a, Database = sqlx::Postgres>) {}
    executor(pool);
    acquire(pool);
    let _: &sqlx::PgPool = &pool.rotating().current();
};

/// The same of the other.
#[cfg(feature = "mysql")]
const _: fn(&super::RotatingMySqlPool) = |pool| {
    fn executor<'a>(_: impl Executor<'a, Database = sqlx::MySql>) {}
    fn acquire<'a>(_: impl Acquire<'a, Database = sqlx::MySql>) {}
    executor(pool);
    acquire(pool);
    let _: &sqlx::MySqlPool = &pool.rotating().current();
};
