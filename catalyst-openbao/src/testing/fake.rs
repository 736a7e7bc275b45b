//! The server on the socket.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalyst_core::{Result, Secret};
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

use super::FixedAssertion;
use crate::mock::wire::{Incoming, Reply, Server};
use crate::mock::{Faults, LoginRule, Model, TokenGrant};
use crate::{Login, OpenBao, OpenBaoBuilder};
use catalyst_core::testing::StubServer;

/// An OpenBao on a free port of the loopback interface, over HTTP without TLS; the official `bao` command line tool
/// works with it, too. It stops when it is dropped.
///
/// Behind it is a [`Model`], to be set up and observed. Faults are real on the wire: a dropped connection is closed
/// without an answer, a delay is one. Three things to know:
///
/// * Time is real. The server's thread does not follow tokio's paused clock; to end something without waiting for
///   it, move the server ahead with [`Model::advance`]. For virtual time there is
///   [`MockOpenBao`](crate::mock::MockOpenBao).
/// * A closed connection is one that was accepted and read from; a refused one is what dropping the fake gives.
/// * wiremock keeps a copy of each request until the server is dropped: about a kilobyte each.
///
/// ```
/// use std::time::Duration;
/// use catalyst_openbao::mock::MockRole;
/// use catalyst_openbao::testing::FakeOpenBao;
/// use catalyst_openbao::DynamicCredentials;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> catalyst_openbao::Result<()> {
/// let fake = FakeOpenBao::start().await;
/// fake.model().set_role("database", "orders-rw", MockRole::new(Duration::from_secs(60)));
/// let bao = fake.client()?;
///
/// let lease = bao.database("database".parse()?).issue(&"orders-rw".parse()?).await?;
/// assert_eq!(fake.model().live_users(), [lease.value.username]);
/// # Ok(())
/// # }
/// ```
pub struct FakeOpenBao {
    model: Model,
    server: StubServer,
}

impl FakeOpenBao {
    /// The role that [`FakeOpenBao::client`] logs in as.
    pub const ROLE: &'static str = "app";

    /// Starts one with a model of its own.
    pub async fn start() -> Self {
        Self::serve(Model::new()).await
    }

    /// Starts one that shows `model` to the world.
    pub async fn serve(model: Model) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        let wire = OneAtATime { server: Server::new(model.clone()), waiting: Arc::default() };
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

    /// The token that may do everything and never ends.
    pub fn root_token(&self) -> Secret {
        self.model.root_token()
    }

    /// A client that logs in by JWT for tokens of an hour, renewable up to a day, which may do everything.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn client(&self) -> Result<OpenBao> {
        self.client_with(TokenGrant::new(Duration::from_secs(3600)).max_ttl(Duration::from_secs(86_400)))?
            .build()
    }

    /// Sets up a client that logs in by JWT for tokens of `grant`; it replaces those of clients set up before.
    ///
    /// # Errors
    /// If the client cannot be set up.
    pub fn client_with(&self, grant: TokenGrant) -> Result<OpenBaoBuilder> {
        self.model.allow_login("jwt", Self::ROLE, LoginRule::jwt("openbao"), grant);
        let source = FixedAssertion::new("spiffe://example.test/ns/shop/sa/orders");
        let login = Login::jwt(Self::ROLE.parse()?, "openbao", Arc::new(source));
        Ok(OpenBao::builder(&self.address())?.login(login))
    }
}

impl fmt::Debug for FakeOpenBao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeOpenBao")
            .field("address", &self.address())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// The model, and its answer to the request that it was asked last.
#[derive(Clone)]
struct OneAtATime {
    server: Server,
    waiting: Arc<Mutex<Option<Reply>>>,
}

/// Matches the requests whose connection is to be closed without an answer.
struct Severed(OneAtATime);

impl Match for Severed {
    fn matches(&self, request: &Request) -> bool {
        let header = |name: &str| request.headers.get(name)?.to_str().ok().map(str::to_owned);
        let incoming = Incoming {
            method: request.method.as_str(),
            url: &request.url,
            header: &header,
            body: &request.body,
        };
        let reply = self.0.server.carry_out(&incoming);
        let severed = reply.is_none();
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) = reply;
        severed
    }
}

/// The error is what makes the server close the connection; nobody reads it.
fn sever(_request: &Request) -> std::io::Error {
    std::io::Error::from(std::io::ErrorKind::ConnectionAborted)
}

struct Answered(OneAtATime);

impl Respond for Answered {
    fn respond(&self, _request: &Request) -> ResponseTemplate {
        let reply = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Reply { status, headers, body, content_type, delay }) = reply else {
            // None was asked for.
            return ResponseTemplate::new(500);
        };
        let mut template = ResponseTemplate::new(status).insert_header("cache-control", "no-store");
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
