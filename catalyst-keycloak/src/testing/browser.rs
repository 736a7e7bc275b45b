//! A browser that is just enough to log in: cookies, redirects, one form.

use std::collections::BTreeMap;

use catalyst_core::http::{HttpClient, HttpConfig, Method, Request, Response};
use catalyst_core::{Error, ErrorKind, Result, Secret};
use url::Url;
use zeroize::Zeroizing;

use super::page::Page;
use crate::form::Form;

/// How often it follows a redirect before it gives up.
const MAX_REDIRECTS: usize = 10;

/// One user's browser, with the cookies of one realm's server. It takes `Secure` cookies over plain HTTP, as real ones
/// do for the loopback address.
#[derive(Debug)]
pub struct Browser {
    http: HttpClient,
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    origin: String,
    path: String,
    name: String,
    value: Secret,
}

/// Where an address led to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Visit {
    /// A page of the server.
    Page(Page),
    /// Away from the server, such as to the callback of an application. Nothing was sent there.
    Away(Url),
}

impl Browser {
    /// Without any cookie.
    ///
    /// # Errors
    /// As [`HttpClient::new`].
    pub fn new() -> Result<Self> {
        let http = HttpClient::new(HttpConfig::new("browser").max_body(2 << 20))?;
        Ok(Self { http, cookies: Vec::new() })
    }

    /// Opens `url`, fills the login form that is shown there, and gives the address that the server sends us back to.
    /// With a session from before there is no form, and the password is not sent.
    ///
    /// # Errors
    /// Code `browser_page` if the server shows another page, with its words: a wrong password, a bad redirect URI, a
    /// password that has to be changed.
    pub async fn log_in(&mut self, url: &Url, username: &str, password: &str) -> Result<Url> {
        let page = match self.open(url).await? {
            Visit::Away(callback) => return Ok(callback),
            Visit::Page(page) => page,
        };
        match self.submit(&page, &[("username", username), ("password", password)]).await? {
            Visit::Away(callback) => Ok(callback),
            Visit::Page(page) => Err(page.unexpected()),
        }
    }

    /// Opens `url`.
    ///
    /// # Errors
    /// As [`HttpClient::send`]; code `browser_redirects` after ten redirects.
    pub async fn open(&mut self, url: &Url) -> Result<Visit> {
        self.visit(Method::Get, url.clone(), None).await
    }

    /// Sends the form of `page`, with the hidden fields that are in it.
    ///
    /// # Errors
    /// As [`Browser::open`]; code `browser_page` if there is no form.
    pub async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Result<Visit> {
        let Some(action) = page.form_action() else { return Err(page.unexpected()) };
        let hidden: BTreeMap<String, String> = page.hidden_fields();
        let given = fields.iter().map(|(name, value)| (*name, *value));
        let kept = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| !fields.iter().any(|(given, _)| given == name));
        let form = given.chain(kept).fold(Form::new(), |form, (name, value)| form.field(name, value));
        self.visit(Method::Post, action, Some(form.bytes())).await
    }

    /// Forgets every cookie.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    async fn visit(&mut self, method: Method, url: Url, body: Option<Zeroizing<Vec<u8>>>) -> Result<Visit> {
        let home = url.origin();
        let (mut method, mut url, mut body) = (method, url, body);
        for _ in 0..MAX_REDIRECTS {
            let answer = self.send(method, &url, body.take()).await?;
            self.keep_cookies(&url, &answer);
            let location = answer.header("location").filter(|_| (300..400).contains(&answer.status()));
            let Some(location) = location else {
                return Ok(Visit::Page(Page::new(url, answer.status(), answer.body())));
            };
            let next = url
                .join(location)
                .map_err(|error| fault("browser_redirects", "not an address").with_source(error))?;
            if next.origin() != home {
                return Ok(Visit::Away(next));
            }
            (method, url) = (Method::Get, next);
        }
        Err(fault("browser_redirects", "the server sends us round in circles"))
    }

    async fn send(&self, method: Method, url: &Url, body: Option<Zeroizing<Vec<u8>>>) -> Result<Response> {
        let mut request = Request::new(method, url.clone(), "browse").fixed_header("accept", "text/html");
        let origin = url.origin().ascii_serialization();
        let sent: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.origin == origin && url.path().starts_with(&cookie.path))
            .map(|cookie| format!("{}={}", cookie.name, cookie.value.expose()))
            .collect();
        if !sent.is_empty() {
            request = request.secret_header("cookie", &Secret::from(sent.join("; ")))?;
        }
        if let Some(body) = body {
            request = request.bytes("application/x-www-form-urlencoded", body);
        }
        self.http.send(request).await
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Response) {
        let origin = url.origin().ascii_serialization();
        for text in answer.headers("set-cookie") {
            let mut parts = text.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let attribute = |wanted: &str| {
                let mut pairs = text.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
                pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
            };
            let path = attribute("path").unwrap_or("/").to_owned();
            self.cookies.retain(|cookie| {
                (&cookie.origin, &cookie.path, cookie.name.as_str()) != (&origin, &path, name)
            });
            if attribute("max-age") != Some("0") {
                let (name, value) = (name.to_owned(), Secret::new(value));
                self.cookies.push(Cookie { origin: origin.clone(), path, name, value });
            }
        }
    }
}

pub(super) fn fault(code: &'static str, help: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, "browse").with_code(code).with_help(help)
}
