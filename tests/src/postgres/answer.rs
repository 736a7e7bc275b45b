//! Answers to statements, in the simple and in the extended query protocol.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{Sink, stream};
use pgwire::api::portal::Portal;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo, QueryResponse, Response, Tag};
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::TransactionStatus;

use super::refusal;
use super::session::Handlers;
use super::statement::{Parser, Sleep, Statement};

#[async_trait]
impl SimpleQueryHandler for Handlers {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let mut answers = Vec::new();
        for statement in Statement::parse_all(query)? {
            answers.push(self.execute(client.transaction_status(), &statement, None).await?);
        }
        Ok(answers)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Handlers {
    type Statement = Statement;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        Arc::new(Parser)
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Statement>,
        _max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.execute(client.transaction_status(), &portal.statement.statement, Some(portal)).await
    }
}

impl Handlers {
    /// Executes one statement, unless the session is told to end meanwhile.
    async fn execute(
        &self,
        transaction: TransactionStatus,
        statement: &Statement,
        portal: Option<&Portal<Statement>>,
    ) -> PgWireResult<Response> {
        let answer = tokio::select! {
            biased;
            _ = self.session.ended() => Err(refusal::terminated()),
            answer = self.answer(transaction, statement, portal) => answer,
        };
        self.server.counters.query(answer.is_ok());
        answer
    }

    async fn answer(
        &self,
        transaction: TransactionStatus,
        statement: &Statement,
        portal: Option<&Portal<Statement>>,
    ) -> PgWireResult<Response> {
        let aborted = transaction == TransactionStatus::Error;
        if aborted && !matches!(statement, Statement::Commit | Statement::Rollback) {
            return Err(refusal::transaction_aborted());
        }
        self.server.faults.hold_query().await;
        match statement {
            Statement::Nothing => Ok(Response::EmptyQuery),
            Statement::Begin => Ok(Response::TransactionStart(Tag::new("BEGIN"))),
            Statement::Commit if !aborted => {
                self.session.commit();
                Ok(Response::TransactionEnd(Tag::new("COMMIT")))
            }
            Statement::Commit | Statement::Rollback => {
                self.session.roll_back();
                Ok(Response::TransactionEnd(Tag::new("ROLLBACK")))
            }
            Statement::Accepted(tag) => Ok(Response::Execution(Tag::new(tag))),
            Statement::InsertOrder { .. } => {
                self.may_use_tables()?;
                self.session.insert(transaction == TransactionStatus::Transaction);
                Ok(Response::Execution(Tag::new("INSERT").with_oid(0).with_rows(1)))
            }
            rows => self.rows(rows, portal).await,
        }
    }

    async fn rows(
        &self,
        statement: &Statement,
        portal: Option<&Portal<Statement>>,
    ) -> PgWireResult<Response> {
        let format = portal.map_or(FieldFormat::Text, |portal| portal.result_column_format.format_for(0));
        let column = statement.column(format);
        let sleep = |sleep: Sleep| async move {
            tokio::time::sleep(sleep.duration(portal)?).await;
            PgWireResult::Ok(())
        };
        match statement {
            Statement::Integer(value) => one_row(column, |row| row.encode_field(value)),
            Statement::CurrentUser if self.user_exists() => {
                one_row(column, |row| row.encode_field(&self.session.user()))
            }
            Statement::CurrentUser => Err(refusal::role_is_gone()),
            Statement::CountOrders(pause) => {
                self.may_use_tables()?;
                if let Some(pause) = pause {
                    sleep(*pause).await?;
                }
                one_row(column, |row| row.encode_field(&self.session.orders()))
            }
            Statement::Sleep(duration) => {
                sleep(*duration).await?;
                one_row(column, |row| row.encode_field(&""))
            }
            Statement::Version => one_row(column, |row| row.encode_field(&"PostgreSQL 17.6 (fake)")),
            Statement::Show(name) => one_row(column, |row| row.encode_field(&setting(name))),
            _ => one_row(column, |row| row.encode_field(&"")),
        }
    }

    /// PostgreSQL checks the privilege when a statement starts, and never again while it runs.
    fn may_use_tables(&self) -> PgWireResult<()> {
        if self.user_exists() { Ok(()) } else { Err(refusal::table_denied("orders")) }
    }

    fn user_exists(&self) -> bool {
        self.server.users.password_of(self.session.user()).is_some()
    }
}

fn setting(name: &str) -> &'static str {
    match name {
        "transaction isolation level" | "transaction_isolation" => "read committed",
        "transaction_read_only" | "default_transaction_read_only" => "off",
        "server_version" => "17.6",
        "server_version_num" => "170006",
        "timezone" | "time zone" => "Etc/UTC",
        "standard_conforming_strings" => "on",
        _ => "",
    }
}

fn one_row(
    column: Option<FieldInfo>,
    encode: impl FnOnce(&mut DataRowEncoder) -> PgWireResult<()>,
) -> PgWireResult<Response> {
    let columns = Arc::new(Vec::from_iter(column));
    let mut row = DataRowEncoder::new(Arc::clone(&columns));
    encode(&mut row)?;
    let rows = stream::iter([Ok(row.take_row())]);
    Ok(Response::Query(QueryResponse::new(columns, rows)))
}
