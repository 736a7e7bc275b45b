//! Authorization requests, checked in the order in which the server checks them.

use std::collections::BTreeSet;

use url::form_urlencoded;

use super::client::Client;
use super::state::State;

/// A good request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The identifier of the client.
    pub(super) client: String,
    pub(super) redirect: String,
    state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) scopes: BTreeSet<String>,
    /// SHA-256 of the verifier that is to come.
    pub(super) challenge: Option<String>,
    pub(super) prompt: String,
    /// The reference that it came by, if it was pushed.
    pub(super) pushed: Option<String>,
}

/// The way back to an application.
#[derive(Clone, Debug)]
pub(super) struct Back {
    redirect: String,
    first: Vec<(&'static str, String)>,
    last: Vec<(&'static str, String)>,
}

/// Why a request is refused: on a page, or at the application.
pub(super) enum Fault {
    Page(String),
    Back(Back),
}

/// Reads a parameter.
pub(super) type Parameters<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

impl Back {
    pub(super) fn address(&self, issuer: &str) -> String {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.first)
            .append_pair("iss", issuer)
            .extend_pairs(&self.last)
            .finish();
        let link = if self.redirect.contains('?') { '&' } else { '?' };
        format!("{}{link}{query}", self.redirect)
    }

    /// The word and the description of an error.
    pub(super) fn error(&self) -> (&str, &str) {
        let get = |name: &str| self.first.iter().find(|(known, _)| *known == name);
        let text = |name| get(name).map_or("", |(_, value)| value.as_str());
        (text("error"), text("error_description"))
    }
}

impl Request {
    pub(super) fn back(&self, first: Vec<(&'static str, String)>, last: Vec<(&'static str, String)>) -> Back {
        let state = self.state.clone().map(|state| ("state", state));
        Back { redirect: self.redirect.clone(), first: state.into_iter().chain(first).collect(), last }
    }

    pub(super) fn refused(&self, error: &'static str) -> Back {
        refuse(&self.redirect, self.state.as_deref(), error, "")
    }
}

impl State {
    /// What stands in the address of the authorization endpoint, or behind the reference there.
    pub(super) fn read_visit(&self, realm: &str, get: &Parameters<'_>) -> Result<Request, Fault> {
        let reference = get("request_uri");
        let Some(reference) = reference else {
            let (client, request) = self.check_visit(realm, get)?;
            if client.attribute("require.pushed.authorization.requests") == Some("true") {
                let text = "Pushed Authorization Request is only allowed.";
                let state = request.state.as_deref();
                return Err(Fault::Back(refuse(&request.redirect, state, "invalid_request", text)));
            }
            return Ok(request);
        };
        let invalid = || Fault::Page("Invalid Request".to_owned());
        let pushed = self.logins.pushed.get(reference).ok_or_else(invalid)?;
        let client = get("client_id").unwrap_or_default();
        if pushed.realm != realm || pushed.client_id != client || pushed.until <= self.now() {
            return Err(invalid());
        }
        let fields = &pushed.fields;
        let get = |name: &str| match name {
            "client_id" => Some(pushed.client_id.as_str()),
            name => fields.get(name).map(String::as_str),
        };
        let (_, request) = self.check_visit(realm, &get)?;
        Ok(Request { pushed: Some(reference.to_owned()), ..request })
    }

    pub(super) fn check_visit<'s>(
        &'s self,
        realm: &str,
        get: &Parameters<'_>,
    ) -> Result<(&'s Client, Request), Fault> {
        let page = |text: &str| Fault::Page(text.to_owned());
        let home = self.realms.get(realm).ok_or_else(|| page("Realm does not exist"))?;
        let client = home.client(get("client_id").unwrap_or_default());
        let client =
            client.filter(|client| client.flag("enabled")).ok_or_else(|| page("Client not found."))?;
        let redirect = get("redirect_uri").filter(|redirect| may_return_to(client, redirect));
        let redirect = redirect.ok_or_else(|| page("Invalid parameter: redirect_uri"))?;
        let state = get("state");
        let back = |error, text: &str| Fault::Back(refuse(redirect, state, error, text));
        match get("response_type") {
            Some("code") => {}
            None => return Err(back("invalid_request", "Missing parameter: response_type")),
            Some(_) => return Err(back("unsupported_response_type", "")),
        }
        if !client.flag("standardFlowEnabled") {
            let text = "Client is not allowed to initiate browser login with given response_type. Standard flow is \
                        disabled for the client.";
            return Err(back("unauthorized_client", text));
        }
        let scopes = scopes(client, get("scope")).map_err(|text| back("invalid_scope", &text))?;
        let challenge = challenge(client, get).map_err(|text| back("invalid_request", text))?;
        let request = Request {
            client: client.id.clone(),
            redirect: redirect.to_owned(),
            state: state.map(str::to_owned),
            nonce: get("nonce").map(str::to_owned),
            scopes,
            challenge,
            prompt: get("prompt").unwrap_or_default().to_owned(),
            pushed: None,
        };
        Ok((client, request))
    }
}

fn scopes(client: &Client, asked: Option<&str>) -> Result<BTreeSet<String>, String> {
    let granted = client.granted_scopes(asked);
    granted.map_err(|refusal| refusal.body()["error_description"].as_str().unwrap_or_default().to_owned())
}

/// RFC 7636, as the client is told to use it.
fn challenge(client: &Client, get: &Parameters<'_>) -> Result<Option<String>, &'static str> {
    let required = client.attribute("pkce.code.challenge.method").filter(|method| !method.is_empty());
    let (method, challenge) = (get("code_challenge_method"), get("code_challenge"));
    match (required, method, challenge) {
        (None, None, None) => Ok(None),
        (Some(_), None, _) => Err("Missing parameter: code_challenge_method"),
        (Some(required), Some(method), _) if required != method => {
            Err("Invalid parameter: code challenge method is not matching the configured one")
        }
        (_, _, None) => Err("Missing parameter: code_challenge"),
        (None, method, Some(_)) if method != Some("S256") => Err("Invalid parameter: code_challenge_method"),
        (_, _, Some(challenge)) if !(43..=128).contains(&challenge.len()) => {
            Err("Invalid parameter: code_challenge")
        }
        (_, _, Some(challenge)) => Ok(Some(challenge.to_owned())),
    }
}

fn refuse(redirect: &str, state: Option<&str>, error: &'static str, text: &str) -> Back {
    let mut first = vec![("error", error.to_owned())];
    if !text.is_empty() {
        first.push(("error_description", text.to_owned()));
    }
    first.extend(state.map(|state| ("state", state.to_owned())));
    Back { redirect: redirect.to_owned(), first, last: Vec::new() }
}

/// Whether a redirect URI is registered: exactly, or as the beginning before a `*`.
fn may_return_to(client: &Client, redirect: &str) -> bool {
    !redirect.contains('#') && client.list("redirectUris").into_iter().any(|known| matches(known, redirect))
}

pub(super) fn matches(known: &str, address: &str) -> bool {
    match known.strip_suffix('*') {
        Some(beginning) => address.starts_with(beginning) || address == beginning.trim_end_matches('/'),
        None => known == address,
    }
}
