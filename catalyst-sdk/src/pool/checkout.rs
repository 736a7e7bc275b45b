//! Taking a connection while the pool may be swapped: the one loop for all drivers, and what it gives out.

use std::fmt;
use std::ops::{Deref, DerefMut};

use catalyst_core::Error;
use tokio::time::{Instant, timeout_at};

use super::Refusal;
use super::driver::{Driver, DriverError};
use crate::rotation::{Generation, InUse, Rotating};

/// Takes a connection of the newest generation, with the right to keep it. A caller that waits moves over when the
/// pool is swapped. A refused login asks for an early rotation and waits for it, as long as for a connection, so that
/// the caller does not see the refusal if the next user comes in time.
///
/// None if the rotation was shut down.
///
/// # Cancel safety
/// As safe as [`Driver::take`].
pub(super) async fn newest<D: Driver>(
    driver: &D,
    rotating: &Rotating<D::Pool>,
) -> Option<Result<(D::Connection, InUse<D::Pool>), D::Error>> {
    let mut deadline = None;
    loop {
        let in_use = rotating.checkout();
        if in_use.is_closed() {
            return None;
        }
        let result = tokio::select! {
            biased;
            result = driver.take(&in_use) => result,
            // Swapped while we waited: the new pool has room.
            () = in_use.superseded() => continue,
        };
        let error = match result {
            Ok(taken) => return Some(Ok((taken, in_use))),
            Err(error) => error,
        };
        if error.is_closed() {
            if rotating.generation() > in_use.generation() {
                continue;
            }
            return Some(Err(error));
        }
        if error.refusal() != Refusal::Login {
            return Some(Err(error));
        }
        rotating.report_refused(in_use.generation());
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + driver.wait());
        if timeout_at(deadline, in_use.superseded()).await.is_err() {
            return Some(Err(error));
        }
    }
}

/// A connection that was taken out, with the driver's methods. Its generation is kept as long as it lives.
pub struct Checkout<D: Driver> {
    // First, so that it is home before its generation is let go.
    connection: D::Connection,
    in_use: InUse<D::Pool>,
}

impl<D: Driver> Checkout<D> {
    pub(super) fn new(connection: D::Connection, in_use: InUse<D::Pool>) -> Self {
        Self { connection, in_use }
    }

    /// Which generation it belongs to.
    pub fn generation(&self) -> Generation {
        self.in_use.generation()
    }

    /// Waits until a newer generation is in use: the time to finish and take a new connection.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn superseded(&self) {
        self.in_use.superseded().await;
    }

    /// Waits until the credential of this connection has come to its end, and says why. Race it with a transaction
    /// that may outlive the overlap; the lease is extended for it as far as it goes.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn ended(&self) -> Error {
        self.in_use.ended().await
    }

    /// Turns the driver's error into one that says why, where that is known: the end of the credential comes
    /// before whatever the server made of it.
    pub fn explain(&self, error: D::StatementError) -> Error {
        self.in_use.end().unwrap_or_else(|| error.explain("use database connection"))
    }
}

impl<D: Driver> Deref for Checkout<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        &self.connection
    }
}

impl<D: Driver> DerefMut for Checkout<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        &mut self.connection
    }
}

impl<D: Driver> fmt::Debug for Checkout<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkout(generation {})", self.generation())
    }
}
