//! Requests to whatever this crate has no function for.

use std::fmt;
use std::time::Duration;

use catalyst_core::http::{Method, Request};
use catalyst_core::{Idempotency, Result, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::operation::{Operation, Subject};
use crate::transport::{Answer, Call};
use crate::wire::Ignored;
use crate::{ApiPath, Namespace, OpenBao, WrappedSecret};

const REQUEST: &str = "request";

/// A request that is not made yet; made by [`OpenBao::request`]. It has the client's session, limits, retries and
/// errors. What it reads or writes is only as well wiped as the types that it is given.
///
/// ```
/// use catalyst_openbao::{Method, OpenBao};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize)]
/// struct Level {
///     level: &'static str,
/// }
///
/// #[derive(Deserialize)]
/// struct KeyStatus {
///     term: u64,
/// }
///
/// # async fn example(bao: &OpenBao) -> catalyst_openbao::Result<()> {
/// let level = Level { level: "debug" };
/// bao.request(Method::Post, "sys/loggers/core".parse()?).body(&level).repeatable().done().await?;
/// let status: KeyStatus = bao.request(Method::Get, "sys/key-status".parse()?).data().await?;
/// println!("the keys are of term {}", status.term);
/// # Ok(())
/// # }
/// ```
#[must_use = "a request that is not made does nothing"]
pub struct ApiRequest<'a> {
    bao: &'a OpenBao,
    method: Method,
    path: ApiPath,
    query: String,
    body: Option<Box<dyn Fn(Request) -> Result<Request> + Send + Sync + 'a>>,
    idempotency: Idempotency,
    namespace: Option<&'a Namespace>,
    timeout: Option<Duration>,
}

impl OpenBao {
    /// A request to `path` below `/v1/`. What only reads, replaces or deletes is repeated after passing faults; POST
    /// and PATCH are not repeated once their outcome is unknown, unless they are
    /// [`repeatable`](ApiRequest::repeatable).
    pub fn request(&self, method: Method, path: ApiPath) -> ApiRequest<'_> {
        let idempotency = match method {
            Method::Get | Method::Head | Method::List | Method::Put | Method::Delete => {
                Idempotency::Repeatable
            }
            _ => Idempotency::Once,
        };
        ApiRequest {
            bao: self,
            method,
            path,
            query: String::new(),
            body: None,
            idempotency,
            namespace: None,
            timeout: None,
        }
    }
}

impl<'a> ApiRequest<'a> {
    /// A JSON body. With PATCH it is a merge patch (RFC 7396).
    pub fn body(mut self, body: &'a (impl Serialize + Sync)) -> Self {
        let merges = self.method == Method::Patch;
        self.body = Some(Box::new(move |request: Request| {
            let request = request.json(body)?;
            if merges { request.header("content-type", "application/merge-patch+json") } else { Ok(request) }
        }));
        self
    }

    /// A parameter of the query, escaped.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let separator = if self.query.is_empty() { '?' } else { '&' };
        self.query.push(separator);
        let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        self.query.push_str(&pair);
        self
    }

    /// Twice is the same as once: it is repeated after passing faults.
    pub fn repeatable(mut self) -> Self {
        self.idempotency = Idempotency::Repeatable;
        self
    }

    /// It creates something: not repeated once its outcome is unknown.
    pub fn once(mut self) -> Self {
        self.idempotency = Idempotency::Once;
        self
    }

    /// In this namespace, in place of the client's.
    pub fn namespace(mut self, namespace: &'a Namespace) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Ends each try sooner than the client's limit.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Makes the request, and reads nothing of the answer but its warnings.
    ///
    /// # Errors
    /// The codes of the crate.
    ///
    /// # Cancel safety
    /// It may or may not have been carried out, as for all functions here.
    pub async fn done(self) -> Result<()> {
        let read = |answer: &Answer<'_>| answer.read::<Ignored>(&self.bao.api.transport).map(drop);
        self.make(None, read).await
    }

    /// Makes the request; the member `data` of the answer.
    ///
    /// # Errors
    /// The codes of the crate; `unreadable_answer` if there is no such member, or it is not what `T` wants.
    ///
    /// # Cancel safety
    /// As [`ApiRequest::done`].
    pub async fn data<T: DeserializeOwned>(self) -> Result<T> {
        self.make(None, |answer| answer.data(&self.bao.api.transport)).await
    }

    /// Makes the request; the whole answer, for those that have no member `data`, such as those with `auth`.
    ///
    /// # Errors
    /// The codes of the crate; `unreadable_answer` if it is not what `T` wants.
    ///
    /// # Cancel safety
    /// As [`ApiRequest::done`].
    pub async fn whole<T: DeserializeOwned>(self) -> Result<T> {
        self.make(None, |answer| answer.bare(&self.bao.api.transport)).await
    }

    /// Makes the request; the answer as a text that is no JSON. It is wiped on drop.
    ///
    /// # Errors
    /// The codes of the crate; `unreadable_answer` if it is not UTF-8.
    ///
    /// # Cancel safety
    /// As [`ApiRequest::done`].
    pub async fn text(self) -> Result<Secret> {
        self.make(None, |answer| Ok(Secret::new(answer.text()?))).await
    }

    /// Makes the request; the answer is kept by the server for the one who unwraps it within `ttl` (whole seconds, at
    /// least one).
    ///
    /// # Errors
    /// The codes of the crate.
    ///
    /// # Cancel safety
    /// As [`ApiRequest::done`].
    pub async fn wrapped(self, ttl: Duration) -> Result<WrappedSecret> {
        self.make(Some(ttl), |answer| WrappedSecret::read(answer, &self.bao.api.transport)).await
    }

    /// Makes a request that a control group holds back: the wrapping token that can be opened with
    /// [`OpenBao::unwrap`] once others have [approved](crate::System::approve) it.
    ///
    /// # Errors
    /// The codes of the crate; `unreadable_answer` if nothing held it back.
    ///
    /// # Cancel safety
    /// As [`ApiRequest::done`].
    pub async fn held_back(self) -> Result<WrappedSecret> {
        // Asking for a wrapped answer would have the approved answer wrapped once more.
        self.make(None, |answer| WrappedSecret::read(answer, &self.bao.api.transport)).await
    }

    async fn make<T>(
        &self,
        wrap: Option<Duration>,
        read: impl FnOnce(&Answer<'_>) -> Result<T>,
    ) -> Result<T> {
        let path = [self.path.escaped(), &self.query];
        // What a refusal means differs by what is asked for.
        let subject = match self.path.as_str().split_once('/') {
            Some(("sys", _)) => Subject::System,
            Some(("auth", _)) => Subject::AuthMethod,
            _ => Subject::Any,
        };
        let mut call = Call::new(Operation::Of(subject, REQUEST), self.method, &path);
        call.idempotency = self.idempotency;
        if let Some(body) = &self.body {
            call = call.body(body.as_ref());
        }
        if let Some(namespace) = self.namespace {
            call = call.in_namespace(namespace);
        }
        if let Some(ttl) = wrap {
            call = call.wrapped(ttl);
        }
        if let Some(limit) = self.timeout {
            call = call.timeout(limit);
        }
        read(&self.bao.api.send(&call).await?)
    }
}

impl fmt::Debug for ApiRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("idempotency", &self.idempotency)
            .finish_non_exhaustive()
    }
}
