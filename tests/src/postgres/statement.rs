//! The SQL that the fake knows.

use std::time::Duration;

use async_trait::async_trait;
use pgwire::api::portal::{Format, Portal};
use pgwire::api::results::{FieldFormat, FieldInfo};
use pgwire::api::stmt::QueryParser;
use pgwire::api::{ClientInfo, Type};
use pgwire::error::PgWireResult;

use super::refusal;

/// Longer texts are refused.
const MAX_SQL: usize = 16 * 1024;
/// `pg_sleep` beyond this is cut to it.
const MAX_SLEEP: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    /// A comment, or nothing: answered like an empty query.
    Nothing,
    Integer(i32),
    CurrentUser,
    CountOrders(Option<Sleep>),
    InsertOrder {
        parameters: usize,
    },
    Sleep(Sleep),
    /// A function of type `void` that has nothing to do here.
    Void,
    Version,
    Show(String),
    Begin,
    Commit,
    Rollback,
    /// Accepted without effect, answered with this tag.
    Accepted(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sleep {
    Literal(Duration),
    Parameter,
}

impl Statement {
    /// Parses one statement; case, comments and white space do not matter.
    pub(super) fn parse(sql: &str) -> PgWireResult<Self> {
        if sql.len() > MAX_SQL {
            return Err(refusal::limit("16 KiB of SQL in one message"));
        }
        let text = normal(sql);
        Self::select(&text).or_else(|| Self::other(&text)).ok_or_else(|| refusal::unknown_statement(sql))
    }

    /// The statements of a simple query.
    pub(super) fn parse_all(sql: &str) -> PgWireResult<Vec<Self>> {
        let statements = sql.split(';').map(Self::parse).collect::<PgWireResult<Vec<_>>>()?;
        if statements.len() > 100 {
            return Err(refusal::limit("100 statements in one query"));
        }
        let some: Vec<_> = statements.into_iter().filter(|statement| *statement != Self::Nothing).collect();
        Ok(if some.is_empty() { vec![Self::Nothing] } else { some })
    }

    fn select(text: &str) -> Option<Self> {
        let what = text.strip_prefix("select ")?;
        if let Some(rest) = what.strip_prefix("count(*) ") {
            let from = rest.strip_prefix("as n ").unwrap_or(rest).strip_prefix("from orders")?;
            return match from.strip_prefix(", ") {
                Some(sleep) => Some(Self::CountOrders(Some(Sleep::parse(sleep)?))),
                None => from.is_empty().then_some(Self::CountOrders(None)),
            };
        }
        match what {
            "current_user" | "current_user::text" | "session_user" => Some(Self::CurrentUser),
            "version()" => Some(Self::Version),
            "pg_advisory_unlock_all()" => Some(Self::Void),
            _ => Sleep::parse(what).map(Self::Sleep).or_else(|| what.parse().ok().map(Self::Integer)),
        }
    }

    fn other(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        Some(match first {
            "" => Self::Nothing,
            "begin" => Self::Begin,
            "start" if rest.starts_with("transaction") => Self::Begin,
            "commit" | "end" => Self::Commit,
            "rollback" if rest.starts_with("to ") => Self::Accepted("ROLLBACK"),
            "rollback" | "abort" => Self::Rollback,
            "savepoint" => Self::Accepted("SAVEPOINT"),
            "release" => Self::Accepted("RELEASE"),
            "set" => Self::Accepted("SET"),
            "reset" => Self::Accepted("RESET"),
            "discard" => Self::Accepted("DISCARD"),
            "close" => Self::Accepted("CLOSE CURSOR ALL"),
            "deallocate" => Self::Accepted("DEALLOCATE"),
            "listen" => Self::Accepted("LISTEN"),
            "unlisten" => Self::Accepted("UNLISTEN"),
            "show" if !rest.is_empty() => Self::Show(rest.to_owned()),
            "insert" if rest.starts_with("into orders") => {
                Self::InsertOrder { parameters: rest.matches('$').count().min(64) }
            }
            _ => return None,
        })
    }

    /// The types of `$1`, `$2`, …
    pub(super) fn parameters(&self) -> Vec<Type> {
        match self {
            Self::Sleep(Sleep::Parameter) | Self::CountOrders(Some(Sleep::Parameter)) => vec![Type::FLOAT8],
            Self::InsertOrder { parameters } => vec![Type::TEXT; *parameters],
            _ => Vec::new(),
        }
    }

    /// The one column of the answer, if there are rows.
    pub(super) fn column(&self, format: FieldFormat) -> Option<FieldInfo> {
        let (name, kind) = match self {
            Self::Integer(_) => ("?column?", Type::INT4),
            Self::CurrentUser => ("current_user", Type::NAME),
            Self::CountOrders(_) => ("count", Type::INT8),
            Self::Sleep(_) => ("pg_sleep", Type::VOID),
            Self::Void => ("pg_advisory_unlock_all", Type::VOID),
            Self::Version => ("version", Type::TEXT),
            Self::Show(name) => (name.as_str(), Type::TEXT),
            _ => return None,
        };
        Some(FieldInfo::new(name.to_owned(), None, None, kind, format))
    }
}

impl Sleep {
    fn parse(text: &str) -> Option<Self> {
        let argument = text.strip_prefix("pg_sleep(")?.strip_suffix(')')?.trim();
        if matches!(argument, "$1" | "$1::float8" | "$1::double precision") {
            return Some(Self::Parameter);
        }
        seconds(argument.parse().ok()?).map(Self::Literal)
    }

    /// How long, once the parameter is known.
    pub(super) fn duration(self, portal: Option<&Portal<Statement>>) -> PgWireResult<Duration> {
        match (self, portal) {
            (Self::Literal(duration), _) => Ok(duration),
            (Self::Parameter, Some(portal)) => {
                let given = portal.parameter::<f64>(0, &Type::FLOAT8)?;
                given.and_then(seconds).ok_or_else(refusal::bad_parameter)
            }
            (Self::Parameter, None) => Err(refusal::bad_parameter()),
        }
    }
}

/// Negative sleeps are none, as in PostgreSQL; what is not a number is refused.
fn seconds(given: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(given.clamp(0.0, MAX_SLEEP.as_secs_f64())).ok()
}

/// Lower case, one blank between words, no comments.
fn normal(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    loop {
        let (Some(start), block) = (match (rest.find("/*"), rest.find("--")) {
            (Some(block), Some(line)) if line < block => (Some(line), false),
            (Some(block), _) => (Some(block), true),
            (None, line) => (line, false),
        }) else {
            text.push_str(rest);
            break;
        };
        text.push_str(&rest[..start]);
        text.push(' ');
        let end = if block { "*/" } else { "\n" };
        rest = rest[start + 2..].find(end).map_or("", |at| &rest[start + 2 + at + end.len()..]);
    }
    let text = text.to_lowercase();
    text.trim().trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ")
}

/// pgwire's door to [`Statement::parse`].
#[derive(Debug)]
pub(super) struct Parser;

#[async_trait]
impl QueryParser for Parser {
    type Statement = Statement;

    async fn parse_sql<C>(
        &self,
        _client: &C,
        sql: &str,
        _types: &[Option<Type>],
    ) -> PgWireResult<Option<Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        Ok(Some(Statement::parse(sql)?).filter(|statement| *statement != Statement::Nothing))
    }

    fn get_parameter_types(&self, statement: &Statement) -> PgWireResult<Vec<Type>> {
        Ok(statement.parameters())
    }

    fn get_result_schema(
        &self,
        statement: &Statement,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = format.map_or(FieldFormat::Text, |format| format.format_for(0));
        Ok(statement.column(format).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_comments_and_blanks_do_not_matter() {
        let count = Statement::CountOrders(None);
        assert_eq!(Statement::parse("select count(*) from orders").unwrap(), count);
        assert_eq!(Statement::parse(" SELECT\n\tcount(*) /* all */ FROM orders -- now\n;").unwrap(), count);
        assert_eq!(Statement::parse("/* ping */").unwrap(), Statement::Nothing);
        assert_eq!(Statement::parse("select 1 /* never closed").unwrap(), Statement::Integer(1));
    }

    #[test]
    fn sleeps_take_a_number_or_a_parameter_and_are_bounded() {
        let sleep = |sql| Statement::parse(sql).ok();
        let literal = |seconds| Some(Statement::Sleep(Sleep::Literal(Duration::from_secs_f64(seconds))));
        assert_eq!(sleep("select pg_sleep(0.8)"), literal(0.8));
        assert_eq!(sleep("select pg_sleep(-3)"), literal(0.0));
        assert_eq!(sleep("select pg_sleep(1e30)"), literal(60.0));
        assert_eq!(sleep("select pg_sleep($1)"), Some(Statement::Sleep(Sleep::Parameter)));
        assert_eq!(sleep("select pg_sleep(nan)"), None);
        assert_eq!(sleep("select pg_sleep('x')"), None);
        assert_eq!(
            sleep("select count(*) from orders, pg_sleep($1)"),
            Some(Statement::CountOrders(Some(Sleep::Parameter)))
        );
    }

    #[test]
    fn a_simple_query_may_hold_several_statements() {
        let clean = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
                     SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES;";
        assert_eq!(Statement::parse_all(clean).unwrap().len(), 7);
        assert_eq!(Statement::parse_all(" ; ;").unwrap(), [Statement::Nothing]);
    }

    #[test]
    fn what_it_does_not_know_is_refused_with_a_bounded_message() {
        let refused = Statement::parse(&format!("select {}", "x".repeat(9_000))).unwrap_err();
        assert_eq!(refused.code(), "0A000");
        assert!(refused.to_string().len() < 300, "{refused}");
        assert_eq!(Statement::parse(&" ".repeat(20_000)).unwrap_err().code(), "54000");
    }
}
