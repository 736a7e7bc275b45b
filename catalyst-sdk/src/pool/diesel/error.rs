//! What diesel's errors say. Diesel keeps the words of a refused statement and not its SQLSTATE, so that missing
//! rights go unnoticed here; a refused login does not.

use catalyst_core::{Error, ErrorKind, RetryAdvice};
use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error as StatementError};
use diesel_async::pooled_connection::PoolError as Cause;
use diesel_async::pooled_connection::deadpool::PoolError;

use crate::pool::{DriverError, Refusal};

impl DriverError for StatementError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::QueryBuilderError(cause) => {
                cause.downcast_ref::<tokio_postgres::Error>().map_or(Refusal::None, DriverError::refusal)
            }
            _ => Refusal::None,
        }
    }

    fn explain(self, operation: &'static str) -> Error {
        let kind = match self {
            Self::QueryBuilderError(cause) => match cause.downcast::<tokio_postgres::Error>() {
                Ok(driver) => return driver.explain(operation),
                Err(other) => {
                    return Error::new(ErrorKind::InvalidRequest, operation)
                        .with_source(Self::QueryBuilderError(other));
                }
            },
            Self::DatabaseError(
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection,
                _,
            ) => ErrorKind::Connect,
            Self::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::InvalidRequest,
        };
        let advice = if kind == ErrorKind::Connect { RetryAdvice::Backoff } else { RetryAdvice::Never };
        Error::new(kind, operation).with_retry(advice).with_source(self)
    }
}

impl DriverError for PoolError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Backend(Cause::ConnectionError(ConnectionError::CouldntSetupConfiguration(error))) => {
                error.refusal()
            }
            _ => Refusal::None,
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    fn explain(self, operation: &'static str) -> Error {
        match self {
            Self::Backend(
                Cause::ConnectionError(ConnectionError::CouldntSetupConfiguration(error))
                | Cause::QueryError(error),
            ) => error.explain(operation),
            Self::Backend(_) => Error::new(ErrorKind::Connect, operation)
                .with_help("no connection to the database")
                .with_retry(RetryAdvice::Backoff)
                .with_source(self),
            Self::Timeout(_) => Error::new(ErrorKind::Timeout, operation)
                .with_help("no connection in time; is the pool too small?")
                .with_source(self),
            Self::Closed => Error::new(ErrorKind::Closed, operation),
            other => Error::new(ErrorKind::Config, operation).with_source(other),
        }
    }
}
