//! Authorization requests that come before the browser (RFC 9126).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Refusal;
use super::client_auth::Form;
use super::state::State;
use super::visit::Fault;

/// A request that waits for its browser.
#[derive(Clone)]
pub(super) struct Pushed {
    pub(super) realm: String,
    pub(super) client_id: String,
    pub(super) fields: BTreeMap<String, String>,
    /// When it ends, in seconds since 1970.
    pub(super) until: i64,
}

const LIFE: i64 = 60;

impl State {
    /// `POST …/ext/par/request`.
    pub(crate) fn push(&mut self, realm: &str, form: &Form) -> Result<Value, Refusal> {
        let invalid = |text: &str| Refusal::oauth(400, "invalid_request", text);
        let client = self.authenticate(realm, form);
        let client =
            client.map_err(|_refused| Refusal::oauth(401, "invalid_request", "Authentication failed."))?;
        if form.get("request_uri").is_some() {
            return Err(invalid("It is not allowed to include request_uri to PAR."));
        }
        let client_id = self.public_realm(realm)?.client_by_id(&client)?.client_id().to_owned();
        let get = |name: &str| match name {
            "client_id" => Some(client_id.as_str()),
            name => form.get(name),
        };
        match self.check_visit(realm, &get) {
            Ok(_) => {}
            Err(Fault::Page(text)) => return Err(invalid(&text)),
            Err(Fault::Back(back)) => {
                let (word, text) = back.error();
                return Err(invalid(if text.is_empty() { word } else { text }));
            }
        }
        let reference = format!("urn:ietf:params:oauth:request_uri:{}", self.uuid());
        let now = self.now();
        self.logins.pushed.retain(|_, pushed| pushed.until > now);
        let pushed =
            Pushed { realm: realm.to_owned(), client_id, fields: form.fields.clone(), until: now + LIFE };
        self.logins.pushed.insert(reference.clone(), pushed);
        Ok(json!({ "request_uri": reference, "expires_in": LIFE }))
    }
}
