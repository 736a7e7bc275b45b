//! Errors with the SQLSTATE, severity and words of PostgreSQL 17.

use pgwire::error::{ErrorInfo, PgWireError};

/// A wrong password and an unknown user are told apart by nobody outside.
pub(super) fn password(user: &str) -> PgWireError {
    fatal("28P01", format!("password authentication failed for user \"{user}\""))
}

pub(super) fn no_user_name() -> PgWireError {
    fatal("28000", "no PostgreSQL user name specified in startup packet")
}

pub(super) fn too_many_clients() -> PgWireError {
    fatal("53300", "sorry, too many clients already")
}

pub(super) fn starting_up() -> PgWireError {
    fatal("57P03", "the database system is starting up")
}

pub(super) fn login_too_slow() -> PgWireError {
    fatal("57014", "canceling authentication due to timeout")
}

/// What `pg_terminate_backend` and a fast shutdown make a session say.
pub(super) fn terminated() -> PgWireError {
    fatal("57P01", "terminating connection due to administrator command")
}

/// A session of a dropped user reads a table.
pub(super) fn table_denied(table: &str) -> PgWireError {
    error("42501", format!("permission denied for table {table}"))
}

/// A session of a dropped user asks who it is.
pub(super) fn role_is_gone() -> PgWireError {
    error("42704", "invalid role OID: 16385")
}

pub(super) fn transaction_aborted() -> PgWireError {
    error("25P02", "current transaction is aborted, commands ignored until end of transaction block")
}

/// Not PostgreSQL's words: the fake knows few statements.
pub(super) fn unknown_statement(sql: &str) -> PgWireError {
    let shown: String = sql.chars().take(120).collect();
    error("0A000", format!("the fake PostgreSQL has no answer to: {shown}"))
}

pub(super) fn limit(what: &str) -> PgWireError {
    error("54000", format!("the fake PostgreSQL's limit is exceeded: {what}"))
}

pub(super) fn bad_parameter() -> PgWireError {
    error("22023", "pg_sleep needs a number of seconds")
}

fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    refusal("FATAL", code, message.into())
}

fn error(code: &str, message: impl Into<String>) -> PgWireError {
    refusal("ERROR", code, message.into())
}

fn refusal(severity: &str, code: &str, message: String) -> PgWireError {
    let mut info = ErrorInfo::new(severity.to_owned(), code.to_owned(), message);
    info.severity_nonlocalized = Some(severity.to_owned());
    PgWireError::UserError(Box::new(info))
}
