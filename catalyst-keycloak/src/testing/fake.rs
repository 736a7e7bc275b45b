//! The server on the socket.

use std::fmt;

use catalyst_core::testing::StubServer;
use catalyst_core::{Result, Secret};
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

use super::wire::{Outcome, Reply, Server};
use crate::mock::{Faults, Model};
use crate::{AdminLogin, Keycloak, KeycloakBuilder, Realm};

/// A Keycloak on a free port of the loopback interface, over HTTP without TLS. It stops when it is dropped.
///
/// Behind it is a [`Model`], to be set up and observed. Tokens are signed with real keys, which are made when they are
/// first needed. Faults are real on the wire: a dropped connection is closed without an answer, a delay is one. Time
/// is the model's: [`Model::advance`] moves it.
///
/// ```
/// use catalyst_keycloak::testing::FakeKeycloak;
/// use catalyst_keycloak::{ClientRegistrar, ClientSpec, Outcome};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_keycloak::Result<()> {
/// let fake = FakeKeycloak::start().await;
/// fake.model().set_realm("acme");
///
/// let registrar = fake.keycloak()?.registrar("acme".parse()?);
/// let spec = ClientSpec::new("wordpress".parse()?, "acme/prod/wordpress".parse()?)
///     .redirect_uri("https://blog.acme.test/oauth/callback".parse()?);
/// assert_eq!(registrar.ensure(&spec).await?.outcome, Outcome::Created);
/// assert_eq!(registrar.ensure(&spec).await?.outcome, Outcome::Unchanged);
/// # Ok(())
/// # }
/// ```
pub struct FakeKeycloak {
    model: Model,
    server: StubServer,
}

impl FakeKeycloak {
    /// Starts one with a model of its own.
    pub async fn start() -> Self {
        Self::serve(Model::new()).await
    }

    /// Starts one that shows `model` to the world; its issuers begin with the address of the fake.
    pub async fn serve(model: Model) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        model.set_address(&server.uri());
        let wire = Server::new(model.clone());
        // The first mock decides what becomes of a request, and takes those whose connection is to be closed; the
        // second one gives the answers to the others. wiremock handles one request at a time.
        Mock::given(Severed(wire.clone())).respond_with_err(sever).with_priority(1).mount(&server).await;
        Mock::given(any()).respond_with(Answered(wire)).with_priority(2).mount(&server).await;
        Self { model, server: StubServer::new(server) }
    }

    /// Where it listens: `http://127.0.0.1:…`.
    pub fn address(&self) -> String {
        self.server.uri()
    }

    /// The state machine behind.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The script of faults.
    pub fn faults(&self) -> &Faults {
        self.model.faults()
    }

    /// Its administration, as the administrator who may do everything.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn keycloak(&self) -> Result<Keycloak> {
        self.builder()?.build()
    }

    /// The same, to be set up further.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn builder(&self) -> Result<KeycloakBuilder> {
        let login = AdminLogin::bootstrap("admin", Secret::new("admin"));
        Ok(Keycloak::builder(&self.address())?.admin(login))
    }

    /// A realm of it, which need not be there: the issuer is the model's, the address that of the fake.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if it is no name of a realm.
    pub fn realm(&self, name: &str) -> Result<Realm> {
        Realm::new(name.parse()?, &self.model.address())?.back_channel(&self.address())
    }
}

impl fmt::Debug for FakeKeycloak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeKeycloak")
            .field("address", &self.address())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// Matches the requests whose connection is to be closed without an answer.
struct Severed(Server);

impl Match for Severed {
    fn matches(&self, request: &Request) -> bool {
        matches!(self.0.take_in(request), Outcome::Sever)
    }
}

/// The error is what makes the server close the connection; nobody reads it.
fn sever(_request: &Request) -> std::io::Error {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
}

struct Answered(Server);

impl Respond for Answered {
    fn respond(&self, _request: &Request) -> ResponseTemplate {
        let Reply { status, headers, body, content_type, delay } = self.0.give_out();
        let mut template = ResponseTemplate::new(status);
        for (name, value) in headers {
            template = template.append_header(name, value);
        }
        if !body.is_empty() {
            template = template.set_body_raw(body, content_type);
        }
        match delay {
            Some(delay) => template.set_delay(delay),
            None => template,
        }
    }
}
