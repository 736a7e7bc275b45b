//! SCRAM-SHA-256 against the directory, as PostgreSQL does it: the client never learns whether the user or the
//! password was wrong, and the answer takes the same messages.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use catalyst_core::Secret;
use futures_util::Sink;
use pgwire::api::auth::mechanism::AuthMechanismFactory;
use pgwire::api::auth::sasl::scram::{SCRAM_ITERATIONS, ScramAuth, gen_salted_password, random_nonce};
use pgwire::api::auth::{
    AuthDriver, AuthOutcome, AuthSource, DefaultServerParameterProvider, LoginInfo, Password, StartupHandler,
    protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, ConnectionManager, METADATA_USER};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::faults::LoginFault;
use super::refusal;
use super::session::Handlers;
use super::users::UserDirectory;

/// What is derived from passwords is kept for this many users, then forgotten.
const MAX_DERIVED: usize = 1024;

/// The server's half of a login, shared by all connections.
pub(super) struct Logins {
    driver: AuthDriver<DefaultServerParameterProvider>,
    scram: ScramAuth,
}

impl Logins {
    pub(super) fn new(users: Arc<dyn UserDirectory>, connections: Arc<ConnectionManager>) -> Self {
        let mut parameters = DefaultServerParameterProvider::default();
        "17.6".clone_into(&mut parameters.server_version);
        "ISO, MDY".clone_into(&mut parameters.date_style);
        "\"$user\", public".clone_into(&mut parameters.search_path);
        parameters.is_superuser = false;
        Self {
            driver: AuthDriver::new(parameters).with_connection_manager(connections),
            scram: ScramAuth::new(Arc::new(Verifiers {
                users,
                salt: random_nonce().into_bytes(),
                derived: Mutex::default(),
            })),
        }
    }
}

impl Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logins")
    }
}

#[async_trait]
impl StartupHandler for Handlers {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let logins = &self.server.logins;
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                save_startup_parameters_to_metadata(client, &startup);
                let user = client.metadata().get(METADATA_USER).ok_or_else(refusal::no_user_name)?;
                self.session.name(user);
                self.before_login().await?;
                logins.driver.begin_authentication(client, logins.scram.create()).await?;
            }
            PgWireFrontendMessage::PasswordMessageFamily(answer) => {
                let outcome = logins.driver.advance_authentication(client, answer).await;
                match outcome.map_err(|error| self.as_postgres(error))? {
                    AuthOutcome::InProgress => {}
                    AuthOutcome::Authenticated { final_message, .. } => {
                        self.session.opened();
                        logins.driver.complete_authentication(client, final_message).await?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Handlers {
    async fn before_login(&self) -> PgWireResult<()> {
        let faults = &self.server.faults;
        faults.hold_login().await;
        match faults.take_login_fault(|fault| fault != LoginFault::Reset) {
            Some(LoginFault::StartingUp) => Err(refusal::starting_up()),
            Some(LoginFault::UnknownUser) => Err(refusal::password(self.session.user())),
            None if self.server.within_limit() => Ok(()),
            _ => Err(refusal::too_many_clients()),
        }
    }

    /// pgwire takes the name from the SCRAM message, where drivers leave it empty.
    fn as_postgres(&self, error: PgWireError) -> PgWireError {
        match error {
            PgWireError::InvalidPassword(_) => refusal::password(self.session.user()),
            other => other,
        }
    }
}

/// Salted passwords, derived once per password and not once per login, as a server that stores verifiers.
struct Verifiers {
    users: Arc<dyn UserDirectory>,
    salt: Vec<u8>,
    derived: Mutex<HashMap<String, (Secret, Vec<u8>)>>,
}

impl Verifiers {
    fn salted(&self, user: &str) -> Vec<u8> {
        let Some(password) = self.users.password_of(user) else {
            // PostgreSQL goes on with a password that nobody knows.
            return random_nonce().into_bytes();
        };
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, salted)) = derived.get(user).filter(|(known, _)| *known == password) {
            return salted.clone();
        }
        if derived.len() >= MAX_DERIVED {
            derived.clear();
        }
        let salted = gen_salted_password(password.expose(), &self.salt, SCRAM_ITERATIONS);
        derived.insert(user.to_owned(), (password, salted.clone()));
        salted
    }
}

#[async_trait]
impl AuthSource for Verifiers {
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Password> {
        let user = login.user().ok_or_else(refusal::no_user_name)?;
        Ok(Password::new(Some(self.salt.clone()), self.salted(user)))
    }
}

impl Debug for Verifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifiers")
    }
}
