//! Calls as the server wants them: one request, one answer, no retry and no idea of sessions.

use catalyst_core::http::{HttpClient, Method, Request, Response, path_segment};
use catalyst_core::{Error, Idempotency, Result, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use crate::RealmName;
use crate::form::Form;
use crate::operation::Operation;
use crate::refusal::{self, SERVICE};

/// What is to be asked; built once, sent as often as need be.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) idempotency: Idempotency,
    method: Method,
    url: Url,
    target: String,
    body: Option<(&'static str, Zeroizing<Vec<u8>>)>,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    /// A call that may be repeated. `target` is what errors name, such as a realm and a client.
    pub(crate) fn new(operation: Operation, method: Method, url: Url, target: impl Into<String>) -> Self {
        let idempotency = Idempotency::Repeatable;
        Self { operation, idempotency, method, url, target: target.into(), body: None, headers: Vec::new() }
    }

    /// Must not be repeated once its outcome is unknown.
    pub(crate) fn once(self) -> Self {
        Self { idempotency: Idempotency::Once, ..self }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(body).map_err(|error| {
            Error::new(catalyst_core::ErrorKind::InvalidRequest, self.operation.name())
                .with_help("the request cannot be written as JSON")
                .with_source(error)
        })?;
        self.body = Some(("application/json", Zeroizing::new(bytes)));
        Ok(self)
    }

    pub(crate) fn form(mut self, form: &Form) -> Self {
        self.body = Some(("application/x-www-form-urlencoded", form.bytes()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn request(&self, token: Option<&Secret>) -> Result<Request> {
        let mut request = Request::new(self.method, self.url.clone(), self.operation.name())
            .target(self.target.clone())
            .fixed_header("accept", "application/json");
        if let Some(token) = token {
            let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
            request = request.secret_header("authorization", &Secret::new(bearer.as_str()))?;
        }
        for (name, value) in &self.headers {
            request = request.header(name, value)?;
        }
        Ok(match &self.body {
            Some((content_type, bytes)) => request.bytes(content_type, bytes.clone()),
            None => request,
        })
    }
}

impl Call {
    /// What the answer to this call means.
    pub(crate) fn judge(&self, response: Response) -> Result<Answer> {
        if response.is_success() {
            return Ok(Answer { operation: self.operation, response });
        }
        Err(self.about(refusal::refusal(self.operation, &response)))
    }

    fn about(&self, error: Error) -> Error {
        error.with_service(SERVICE).with_target(self.target.clone())
    }
}

/// The path of an object of the Admin API: each part is one segment, whatever is in it.
#[derive(Clone)]
pub(crate) struct AdminPath(String);

impl AdminPath {
    pub(crate) fn realms() -> Self {
        Self("admin/realms".into())
    }

    pub(crate) fn realm(name: &RealmName) -> Self {
        Self::realms().then(name.as_str())
    }

    pub(crate) fn then(mut self, segment: &str) -> Self {
        self.0.push('/');
        self.0.push_str(&path_segment(segment));
        self
    }

    /// Below the address of a server.
    pub(crate) fn at(&self, server: &Url) -> Url {
        let mut url = server.clone();
        url.set_path(&format!("{}/{}", server.path().trim_end_matches('/'), self.0));
        url
    }
}

/// An answer with a successful status.
pub(crate) struct Answer {
    operation: Operation,
    response: Response,
}

impl Answer {
    /// The body as JSON; a fault names its place and not a byte of it.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.response.json().map_err(|error| {
            let help = error.help().unwrap_or("the answer is not JSON");
            refusal::unreadable(self.operation, self.response.status(), help)
        })
    }

    /// Whether there is no body, which some endpoints use for a plain yes.
    pub(crate) fn is_empty(&self) -> bool {
        self.response.body().is_empty()
    }

    /// The last segment of `Location`: an identifier, or a name, depending on the kind of object. Only a 201 has it.
    pub(crate) fn created(&self) -> Result<String> {
        let location = self.response.header("location").filter(|_| self.response.status() == 201);
        let last = location.and_then(|text| text.rsplit('/').next()).filter(|id| !id.is_empty());
        last.map(str::to_owned).ok_or_else(|| {
            let help = "the answer does not say what was created (no Location)";
            refusal::unreadable(self.operation, self.response.status(), help).with_outcome_unknown()
        })
    }

    #[allow(dead_code, reason = "for endpoints that tell things in headers")]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }
}

/// The connections to the servers of one client.
#[derive(Debug)]
pub(crate) struct Transport {
    http: HttpClient,
}

impl Transport {
    pub(crate) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// Sends `call`; a status that is no success is the error it means.
    pub(crate) async fn exchange(&self, call: &Call, token: Option<&Secret>) -> Result<Answer> {
        call.judge(self.response(call, token).await?)
    }

    /// Sends `call` and gives the answer, whatever its status.
    pub(crate) async fn response(&self, call: &Call, token: Option<&Secret>) -> Result<Response> {
        let request = call.request(token).map_err(|error| call.about(error))?;
        self.http.send(request).await.map_err(|error| call.about(error))
    }
}
