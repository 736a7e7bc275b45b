//! The client and its limits.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::{Action, Attempt};
use tokio::io::AsyncRead;
use tokio::time::Instant;
use tokio_util::io::ReaderStream;
use tracing::Instrument;
use url::Url;

use super::body::WipedBuffer;
use super::stream::Download;
use super::{Request, Response, fault};
use crate::tls::TlsConfig;
use crate::{Error, ErrorKind, Result};

/// How long a connection waits for its next request. OpenBao ends one that has not carried any after 10 s (its
/// `http_read_header_timeout`), and a request that meets such an end has an unknown outcome.
const IDLE: Duration = Duration::from_secs(9);

/// How long a body that is not held may take.
const LONG: Duration = Duration::from_secs(3600);

/// The limits of an [`HttpClient`]; every one has a default.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    service: &'static str,
    connect_timeout: Duration,
    timeout: Duration,
    max_body: usize,
    keep_alive: bool,
    tls: TlsConfig,
}

impl HttpConfig {
    /// For calls to `service`, which is how spans and errors name it.
    ///
    /// Connecting may take 5 s, a call 30 s, a body 8 MiB; connections are kept for 30 s.
    pub fn new(service: &'static str) -> Self {
        Self {
            service,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            max_body: 8 << 20,
            keep_alive: true,
            tls: TlsConfig::default(),
        }
    }

    /// How long making a connection may take, with the TLS handshake.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a whole call may take, the body included.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The largest body that is accepted, in bytes.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Opens a connection for every call, so that each one presents the TLS identity of its moment.
    #[must_use]
    pub fn fresh_connections(mut self) -> Self {
        self.keep_alive = false;
        self
    }

    /// The TLS settings.
    #[must_use]
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }
}

/// Makes calls; cheap to clone, and clones share their connections.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    config: Arc<HttpConfig>,
}

impl HttpClient {
    /// A client with these limits. No I/O happens.
    ///
    /// # Errors
    /// [`ErrorKind::Tls`] or [`ErrorKind::Config`] if the settings cannot work.
    pub fn new(config: HttpConfig) -> Result<Self> {
        let tls = config.tls.to_rustls()?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .redirect(reqwest::redirect::Policy::custom(follow_once_within_the_origin))
            .referer(false)
            .no_proxy()
            .connect_timeout(config.connect_timeout)
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(if config.keep_alive { 16 } else { 0 })
            .user_agent(concat!("catalyst-sdk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Config, "build HTTP client").with_source(error.without_url())
            })?;
        Ok(Self { client, config: Arc::new(config) })
    }

    /// Sends `request` once and reads the answer, whatever its status. A 307 or 308 to the same origin is followed
    /// once; any other redirect is returned as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] and [`ErrorKind::Tls`] if the request never left; [`ErrorKind::Timeout`],
    /// [`ErrorKind::Unavailable`] and [`ErrorKind::Decode`] (body too large) afterwards, with
    /// [`Error::outcome_unknown`].
    ///
    /// # Cancel safety
    /// A request whose future is dropped may or may not reach the server.
    pub fn send(&self, mut request: Request) -> impl Future<Output = Result<Response>> + Send + use<'_> {
        let (operation, target) = (request.operation, request.target.take());
        let span = tracing::debug_span!(
            "http",
            service = self.config.service,
            operation,
            target = target.as_deref().unwrap_or(""),
            method = request.method.as_str(),
        );
        let call = call(request, self.config.timeout);
        // Nothing leaves before the first poll; but what is large is on the heap from here on, and the future small.
        let sent = self.client.execute(call);
        async move {
            let start = Instant::now();
            let answer = self.answer(sent, operation);
            let result =
                if span.is_disabled() { answer.await } else { answer.instrument(span.clone()).await };
            let _entered = span.enter();
            match &result {
                Ok(response) => {
                    tracing::debug!(
                        status = response.status,
                        elapsed_us = start.elapsed().as_micros(),
                        "answered"
                    );
                }
                Err(error) => tracing::debug!(%error, elapsed_us = start.elapsed().as_micros(), "failed"),
            }
            result.map_err(|error| {
                let error = error.with_service(self.config.service).with_attempts(1, start.elapsed());
                match target {
                    Some(target) => error.with_target(target),
                    None => error,
                }
            })
        }
    }

    /// Sends `request` once, and gives its answer as it comes; one that is no success is read to its end. Its limit is
    /// the request's own, or an hour.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    ///
    /// # Cancel safety
    /// As [`HttpClient::send`].
    pub async fn download(&self, request: Request) -> Result<Result<Download, Box<Response>>> {
        let (operation, call) = (request.operation, call(request, LONG));
        let answer = self.client.execute(call).await.map_err(|error| fault::read(error, operation))?;
        if answer.status().is_success() {
            return Ok(Ok(Download { answer, operation }));
        }
        self.answer(ready(Ok(answer)), operation).await.map(|refused| Err(Box::new(refused)))
    }

    /// Sends `request` once with what `body` gives, 64 KiB at a time. Its limit is as that of
    /// [`HttpClient::download`]. A redirect is returned as it is, for the body cannot be sent again.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    ///
    /// # Cancel safety
    /// As [`HttpClient::send`].
    pub async fn upload(&self, request: Request, body: impl AsyncRead + Send + 'static) -> Result<Response> {
        let (operation, mut call) = (request.operation, call(request, LONG));
        *call.body_mut() = Some(reqwest::Body::wrap_stream(ReaderStream::with_capacity(body, 64 << 10)));
        self.answer(self.client.execute(call), operation).await
    }

    async fn answer(
        &self,
        sent: impl Future<Output = reqwest::Result<reqwest::Response>>,
        operation: &'static str,
    ) -> Result<Response> {
        let fail = |error| fault::read(error, operation);
        let mut answer = sent.await.map_err(fail)?;
        let status = answer.status().as_u16();
        let limit = self.config.max_body;
        let too_large = || {
            Error::new(ErrorKind::Decode, operation)
                .with_status(status)
                .with_help(format!("the body is larger than the limit of {limit} bytes"))
                .with_outcome_unknown()
        };
        let announced = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if announced > limit {
            return Err(too_large());
        }
        let mut body = WipedBuffer::with_capacity(announced);
        while let Some(chunk) = answer.chunk().await.map_err(fail)? {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend(&chunk);
        }
        let headers = std::mem::take(answer.headers_mut());
        Ok(Response { operation, status, headers, body: body.into_inner() })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpClient").field(&self.config).finish()
    }
}

/// Only with the same method, once, and never to somebody else, for the token goes along.
fn follow_once_within_the_origin(redirect: Attempt<'_>) -> Action {
    let repeats = matches!(redirect.status().as_u16(), 307 | 308);
    match redirect.previous() {
        [from] if repeats && from.origin() == redirect.url().origin() => redirect.follow(),
        _ => redirect.stop(),
    }
}

fn call(request: Request, limit: Duration) -> reqwest::Request {
    // Every word is a valid token, so that GET is never fallen back to.
    let method =
        reqwest::Method::from_bytes(request.method.as_str().as_bytes()).unwrap_or(reqwest::Method::GET);
    let mut call = reqwest::Request::new(method, request.url);
    *call.timeout_mut() = Some(request.timeout.map_or(limit, |own| own.min(limit)));
    *call.body_mut() = request.body.map(Into::into);
    *call.headers_mut() = request.headers;
    call
}

/// Reads an address of a service: absolute, `http` or `https`, with a host, without user, query or fragment.
///
/// # Errors
/// [`ErrorKind::Config`], saying what is wrong with it; the text itself is not repeated, for it may hold a password.
pub fn parse_address(text: &str) -> Result<Url> {
    let bad = |help: &str| {
        Error::new(ErrorKind::Config, "read address")
            .with_help(format!("{help}; expected like https://host:8200"))
    };
    let url = Url::parse(text.trim()).map_err(|error| bad("not a URL").with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("the scheme is neither http nor https"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("there is no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("user and password do not belong in an address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("an address has no query and no fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::http::Method;
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    fn client(config: HttpConfig) -> HttpClient {
        HttpClient::new(config).unwrap()
    }

    fn get(server: &str, path: &str) -> Request {
        Request::new(Method::Get, Url::parse(server).unwrap().join(path).unwrap(), "read")
    }

    #[tokio::test]
    async fn any_status_is_an_answer() {
        let server = MockServer::start().await;
        let teapot = ResponseTemplate::new(418).set_body_string("{\"errors\":[]}");
        Mock::given(method("LIST")).and(path("/v1/x")).respond_with(teapot).mount(&server).await;
        let url = Url::parse(&server.uri()).unwrap().join("/v1/x").unwrap();
        let answer =
            client(HttpConfig::new("test")).send(Request::new(Method::List, url, "list")).await.unwrap();
        assert_eq!((answer.status(), answer.body()), (418, b"{\"errors\":[]}".as_slice()));
    }

    #[tokio::test]
    async fn a_redirect_is_followed_once_and_only_to_the_same_origin() {
        let (here, there) = (MockServer::start().await, MockServer::start().await);
        let to = |location: String| ResponseTemplate::new(307).insert_header("location", location);
        let mount = |at: &'static str, answer| Mock::given(path(at)).respond_with(answer).mount(&here);
        mount("/same", to("/target".into())).await;
        mount("/away", to(format!("{}/target", there.uri()))).await;
        mount("/loop", to("/loop".into())).await;
        mount("/target", ResponseTemplate::new(204)).await;
        let client = client(HttpConfig::new("test"));
        let token = Secret::new("canary-token");
        for (from, status) in [("/same", 204), ("/away", 307), ("/loop", 307)] {
            let request = get(&here.uri(), from).secret_header("x-vault-token", &token).unwrap();
            assert_eq!(client.send(request).await.unwrap().status(), status, "{from}");
        }
        assert!(there.received_requests().await.unwrap().is_empty());
        assert_eq!(here.received_requests().await.unwrap().len(), 5);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_with_and_without_its_length_announced() {
        let server = MockServer::start().await;
        let large = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 2000]);
        Mock::given(path("/")).respond_with(large).mount(&server).await;
        let client = client(HttpConfig::new("test").max_body(1000));
        let error = client.send(get(&server.uri(), "/")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Decode, true));

        let chunked = raw_server(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n",
            Some(vec![b'x'; 2000]),
        )
        .await;
        let error = client.send(get(&chunked, "/")).await.unwrap_err();
        assert!(error.help().unwrap().contains("larger than the limit of 1000 bytes"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_hangs_is_a_timeout_with_unknown_outcome() {
        let silent = raw_server(b"", None).await;
        let client = client(HttpConfig::new("test").timeout(Duration::from_millis(50)));
        let error = client.send(get(&silent, "/")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Timeout, true));
    }

    #[tokio::test]
    async fn a_closed_port_is_a_connect_error_and_certainly_without_effect() {
        let closed = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        let error = client(HttpConfig::new("test")).send(get(&closed, "/?token=canary")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Connect, false));
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[tokio::test]
    async fn speaking_tls_to_a_plain_server_is_a_tls_error() {
        let plain = raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", Some(Vec::new())).await;
        let error = client(HttpConfig::new("test"))
            .send(get(&plain.replace("http://", "https://"), "/"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    }

    #[tokio::test]
    async fn a_long_body_goes_up_and_comes_down_piece_by_piece() {
        let server = MockServer::start().await;
        let large: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let same = wiremock::matchers::body_bytes(large.clone());
        Mock::given(method("POST")).and(same).respond_with(ResponseTemplate::new(204)).mount(&server).await;
        let answer = ResponseTemplate::new(200).set_body_bytes(large.clone());
        Mock::given(path("/down")).respond_with(answer).mount(&server).await;
        // Longer than what is accepted as an answer to be held.
        let client = client(HttpConfig::new("test").max_body(1000));
        let url = Url::parse(&server.uri()).unwrap();
        let up = Request::new(Method::Post, url, "restore");
        let answer = client.upload(up, std::io::Cursor::new(large.clone())).await.unwrap();
        assert_eq!(answer.status(), 204);
        let mut download = client.download(get(&server.uri(), "/down")).await.unwrap().unwrap();
        let mut got = Vec::new();
        while let Some(chunk) = download.chunk().await.unwrap() {
            got.extend_from_slice(chunk.as_ref());
        }
        assert!(got == large);
        let missing = client.download(get(&server.uri(), "/nothing")).await.unwrap().unwrap_err();
        assert_eq!(missing.status(), 404);
    }

    #[tokio::test]
    async fn a_download_that_is_cut_short_is_an_error_and_no_end() {
        let cut = raw_server(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n",
            Some(b"abcd\r\n".to_vec()),
        )
        .await;
        let mut download = client(HttpConfig::new("test")).download(get(&cut, "/")).await.unwrap().unwrap();
        assert_eq!(download.chunk().await.unwrap().unwrap().as_ref(), b"abcd");
        assert_eq!(download.chunk().await.err().unwrap().kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn addresses_are_checked_when_they_are_read() {
        assert!(parse_address("https://bao.test:8200").is_ok());
        for bad in
            ["", "bao.test", "ftp://bao.test", "https://u:pw@bao.test", "https://bao.test?x=1", "unix:/x"]
        {
            let error = parse_address(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
            assert!(!error.to_string().contains("pw"));
        }
    }

    /// Answers every connection with `head` and `tail`; with no tail it stays silent and keeps the connection open.
    async fn raw_server(head: &'static [u8], tail: Option<Vec<u8>>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let kept = Mutex::new(Vec::new());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = [0; 2048];
                let _read = socket.read(&mut request).await;
                match &tail {
                    Some(tail) => {
                        let _sent = socket.write_all(&[head, tail].concat()).await;
                        let _closed = socket.shutdown().await;
                    }
                    None => kept.lock().unwrap().push(socket),
                }
            }
        });
        address
    }
}
