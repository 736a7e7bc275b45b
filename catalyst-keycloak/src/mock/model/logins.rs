//! Browsers on their way through a login: the form, the session, the way back with a code.

use std::collections::{HashMap, HashSet};

use url::form_urlencoded;

use super::client_auth::Form;
use super::codes::Code;
use super::pushed::Pushed;
use super::state::State;
use super::visit::{Fault, Request};
use super::{Refusal, random};

/// What a browser is shown.
pub(crate) enum Shown {
    /// The login form. `complaint` is what stands above it.
    Form { action: String, cookies: Vec<String>, complaint: Option<&'static str> },
    /// A page on which nothing can be done.
    Page { status: u16, title: &'static str, text: String },
    /// Another address.
    Away { location: String, cookies: Vec<String> },
}

/// All that is kept of logins.
#[derive(Default)]
pub(super) struct Logins {
    /// Logins that wait for a password, by the cookie of their browser.
    visits: HashMap<String, Visit>,
    /// Sessions, by the cookie of the browser that is logged in.
    pub(super) browsers: HashMap<String, String>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) pushed: HashMap<String, Pushed>,
    /// Clients that were cut off from a session: something of theirs was used twice.
    pub(super) detached: HashSet<(String, String)>,
    /// Refresh tokens that were used, where the realm counts.
    pub(super) spent: HashSet<String>,
}

struct Visit {
    realm: String,
    request: Request,
    /// Changes with each form that is shown.
    session_code: String,
}

/// How many logins wait at most; a test that starts more has forgotten some.
const MANY: usize = 4096;

const RESTART: &str = "Restart login cookie not found. It may have expired; it may have been deleted or cookies are \
                       disabled in your browser. If cookies are disabled then enable them. Click Back to Application \
                       to login again.";

impl Shown {
    pub(super) fn sorry(text: impl Into<String>) -> Self {
        Self::Page { status: 400, title: "We are sorry...", text: text.into() }
    }
}

impl State {
    /// `GET …/auth`.
    pub(crate) fn authorize(&mut self, realm: &str, query: &[(String, String)], cookies: &str) -> Shown {
        if self.public_realm(realm).is_err() {
            return Shown::sorry("Realm does not exist");
        }
        let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let request = match self.read_visit(realm, &get) {
            Ok(request) => request,
            Err(Fault::Page(text)) => return Shown::sorry(text),
            Err(Fault::Back(back)) => {
                return Shown::Away { location: back.address(&self.issuer(realm)), cookies: Vec::new() };
            }
        };
        let session = self.session_of(realm, cookies);
        match session {
            Some(session) if request.prompt != "login" => self.arrive(realm, &request, &session, Vec::new()),
            None if request.prompt == "none" => {
                let location = request.refused("login_required").address(&self.issuer(realm));
                Shown::Away { location, cookies: Vec::new() }
            }
            known => self.receive(realm, request, known.is_some()),
        }
    }

    /// A form for a browser that comes for the first time. A pushed request goes there by a detour.
    fn receive(&mut self, realm: &str, request: Request, again: bool) -> Shown {
        if self.logins.visits.len() >= MANY {
            self.logins.visits.clear();
        }
        let id = random::text(&mut self.random, 32);
        let pushed = request.pushed.is_some();
        let visit = Visit { realm: realm.to_owned(), request, session_code: String::new() };
        self.logins.visits.insert(id.clone(), visit);
        let cookies = vec![cookie(realm, "AUTH_SESSION_ID", &id)];
        if pushed {
            let tab = random::text(&mut self.random, 11);
            let location = self.action(realm, &[("tab_id", &tab)]);
            return Shown::Away { location, cookies };
        }
        self.show_form(&id, cookies, again.then_some("Please re-authenticate to continue"))
    }

    /// `GET` and `POST …/login-actions/authenticate`.
    pub(crate) fn act(
        &mut self,
        realm: &str,
        session_code: Option<&str>,
        form: Option<&Form>,
        cookies: &str,
    ) -> Shown {
        let id = cookie_named(cookies, "AUTH_SESSION_ID").unwrap_or_default().to_owned();
        let Some(visit) = self.logins.visits.get(&id).filter(|visit| visit.realm == realm) else {
            return Shown::sorry(RESTART);
        };
        let Some(form) = form else { return self.show_form(&id, Vec::new(), None) };
        if session_code != Some(visit.session_code.as_str()) {
            let location = self.action(realm, &[]);
            return Shown::Away { location, cookies: Vec::new() };
        }
        let Ok(home) = self.public_realm(realm) else { return Shown::sorry("Realm does not exist") };
        let shown = form.get("password");
        let user = home.user_named(form.get("username").unwrap_or_default());
        let user = user.filter(|user| user.password.is_some() && user.password.as_deref() == shown);
        let Some(user) = user else {
            return self.show_form(&id, Vec::new(), Some("Invalid username or password."));
        };
        if !user.enabled() {
            return self.show_form(&id, Vec::new(), Some("Account is disabled, contact your administrator."));
        }
        if !user.is_set_up() {
            let text = "You need to change your password to activate your account.".to_owned();
            return Shown::Page { status: 200, title: "Update password", text };
        }
        let user = user.id.clone();
        let Some(visit) = self.logins.visits.remove(&id) else { return Shown::sorry(RESTART) };
        let session = self.begin_session(realm, &user);
        let browser = random::text(&mut self.random, 64);
        self.logins.browsers.insert(browser.clone(), session.clone());
        let cookies = vec![cookie(realm, "KEYCLOAK_IDENTITY", &browser)];
        self.arrive(realm, &visit.request, &session, cookies)
    }

    fn show_form(&mut self, id: &str, cookies: Vec<String>, complaint: Option<&'static str>) -> Shown {
        let session_code = random::text(&mut self.random, 43);
        let Some(visit) = self.logins.visits.get_mut(id) else { return Shown::sorry(RESTART) };
        visit.session_code.clone_from(&session_code);
        let realm = visit.realm.clone();
        let action = self.action(&realm, &[("session_code", &session_code)]);
        Shown::Form { action, cookies, complaint }
    }

    fn action(&self, realm: &str, query: &[(&str, &str)]) -> String {
        let path = format!("{}/login-actions/authenticate", self.issuer(realm));
        let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// Back to the application, with a code. A pushed request is used up by it.
    fn arrive(&mut self, realm: &str, request: &Request, session: &str, cookies: Vec<String>) -> Shown {
        if let Some(pushed) = &request.pushed
            && self.logins.pushed.remove(pushed).is_none()
        {
            return Shown::sorry("Invalid Request");
        }
        let code = format!("{}.{session}.{}", self.uuid(), request.client);
        self.logins.detached.remove(&(session.to_owned(), request.client.clone()));
        let until = self.now() + 60;
        let kept = Code {
            realm: realm.to_owned(),
            request: request.clone(),
            session: session.to_owned(),
            until,
            used: false,
        };
        self.logins.codes.insert(code.clone(), kept);
        let back = request.back(vec![("session_state", session.to_owned())], vec![("code", code)]);
        Shown::Away { location: back.address(&self.issuer(realm)), cookies }
    }

    /// The session of a browser that is logged in, if it lives.
    pub(super) fn session_of(&self, realm: &str, cookies: &str) -> Option<String> {
        let session = self.logins.browsers.get(cookie_named(cookies, "KEYCLOAK_IDENTITY")?)?;
        let alive = self.sessions.get(session).filter(|known| known.realm == realm)?;
        let user = self.public_realm(realm).ok()?.user(&alive.user).ok()?;
        user.enabled().then(|| session.clone())
    }

    /// The user of a session, and when they logged in.
    pub(super) fn logged_in(&self, session: &str) -> Result<(String, i64), Refusal> {
        let alive = self.sessions.get(session);
        let alive = alive.ok_or_else(|| Refusal::oauth(400, "invalid_grant", "Session not active"))?;
        Ok((alive.user.clone(), alive.began))
    }
}

pub(super) fn cookie(realm: &str, name: &str, value: &str) -> String {
    format!("{name}={value};Version=1;Path=/realms/{realm}/;Secure;HttpOnly;SameSite=None")
}

pub(super) fn no_cookie(realm: &str, name: &str) -> String {
    format!("{name}=;Version=1;Path=/realms/{realm}/;Max-Age=0")
}

fn cookie_named<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}
