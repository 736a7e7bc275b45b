//! Trouble on demand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What happens to a login instead of being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFault {
    /// The connection is closed before a byte is read, as by a proxy without a server behind it.
    Reset,
    /// FATAL 57P03, as a server answers while it recovers.
    StartingUp,
    /// FATAL 53300, as a full server answers.
    TooManyClients,
    /// FATAL 28P01 for users who exist: a standby that has not replayed `CREATE ROLE` yet.
    UnknownUser,
}

/// The faults in force, changeable while the server runs.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    login: Option<(LoginFault, u32)>,
    login_delay: Duration,
    query_delay: Duration,
}

impl Faults {
    /// The longest delay that is served; longer ones are cut to it.
    pub const MAX_DELAY: Duration = Duration::from_secs(30);

    /// The next `times` logins meet `fault` (`u32::MAX`: until [`Faults::clear`]).
    pub fn fail_logins(&self, fault: LoginFault, times: u32) {
        self.with(|script| script.login = (times > 0).then_some((fault, times)));
    }

    /// Each login waits for `delay` before the server asks for the password.
    pub fn delay_logins(&self, delay: Duration) {
        self.with(|script| script.login_delay = delay.min(Self::MAX_DELAY));
    }

    /// Each statement waits for `delay` before it is answered.
    pub fn delay_queries(&self, delay: Duration) {
        self.with(|script| script.query_delay = delay.min(Self::MAX_DELAY));
    }

    /// All is well again.
    pub fn clear(&self) {
        self.with(|script| *script = Script::default());
    }

    pub(super) async fn hold_login(&self) {
        pause(self.with(|script| script.login_delay)).await;
    }

    pub(super) async fn hold_query(&self) {
        pause(self.with(|script| script.query_delay)).await;
    }

    /// The fault of this login, if it is one of those that `wanted` names; counts it.
    pub(super) fn take_login_fault(&self, wanted: impl Fn(LoginFault) -> bool) -> Option<LoginFault> {
        self.with(|script| {
            let (fault, left) = script.login.filter(|(fault, _)| wanted(*fault))?;
            script.login = match left {
                u32::MAX => Some((fault, left)),
                1 => None,
                left => Some((fault, left - 1)),
            };
            Some(fault)
        })
    }

    fn with<R>(&self, change: impl FnOnce(&mut Script) -> R) -> R {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Even an empty sleep would last to the timer's next tick, a millisecond away.
async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
